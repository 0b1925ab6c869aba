export type { Endpoint, MockRequest } from './answer/request.ts'
export { type CommandSurroundings, runMockCommand } from './command.ts'
export type { ConnectionPreset, FaultPreset } from './fault/preset.ts'
export {
  type ConnectionFault,
  connectionFaultNames,
  connectionFaults,
  type FaultName,
  faultNames,
  faults,
} from './fault/presets.ts'
export { type Blackhole, startBlackhole } from './proxy/blackhole.ts'
export { type FaultProxy, type FaultProxyOptions, type ProxyFaults, startFaultProxy } from './proxy/fault-proxy.ts'
export type { LinkCut, LinkFaults } from './proxy/link.ts'
export type { Answer, ErrorReply, Reply, ToolCall, UsageNumbers } from './script/answer.ts'
export type {
  Afterwards,
  ChatForm,
  Edit,
  Ending,
  Place,
  PlaceName,
  ScriptEvent,
  Split,
  SseForm,
} from './script/course.ts'
export { type DemoOptions, demoScript } from './script/demo-script.ts'
export { formatProblem, parseScript, type ScriptProblem } from './script/parse-script.ts'
export type { AcceptRule, Dialect, MockScript, Rule, Turn, When } from './script/script.ts'
export { type MockClock, realClock } from './server/clock.ts'
export type { Certificate } from './server/doors.ts'
export { type MockProvider, type MockProviderOptions, startMockProvider } from './server/mock-provider.ts'
export type { RecordedRequest } from './server/recorder.ts'
