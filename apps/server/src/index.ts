export { type RunningServer, type ServerOptions, startServer } from './server.ts'
export { type ConfigSource, type ConfigTrouble, configSource } from './state/config-source.ts'
export type { ReloadOutcome, ReloadTrigger } from './state/reload.ts'
export { type Log, type LogLevel, type LogSettings, type OpenLog, openLog } from './telemetry/log.ts'
