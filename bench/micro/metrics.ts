/**
 * What the figures cost a request: all that the metrics observer is told about one, counted, in nanoseconds of processor time.
 *
 *   pnpm --filter @lb/bench metrics
 */
import { newLoop, streamPolicy } from '@lb/router'
import type { Attempt } from '../../apps/server/src/attempt/attempt.ts'
import type { ClientRequest } from '../../apps/server/src/ingress/client-request.ts'
import { createMetricSet } from '../../apps/server/src/telemetry/metrics/metric-set.ts'
import { metricsObserver } from '../../apps/server/src/telemetry/metrics/metrics-observer.ts'

const request = { endpoint: 'messages', stream: true, receivedAtMs: 1, readAtMs: 2 } as ClientRequest
const candidate = { id: 'a/k/m', provider: 'a', model: 'claude-x' } as never
const usage = {
  input_tokens: 10,
  cache_read_input_tokens: 200,
  cache_creation_input_tokens: 70,
  cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 20 },
  output_tokens: 5,
}
const timing = { sentAtMs: 2.1, arrivedAtMs: 20, shownAtMs: 20.1 }
const attempt = { usage: () => usage, timing: () => timing } as unknown as Attempt
const state = {
  ...newLoop,
  phase: { kind: 'over', end: 'completed' } as const,
  attempts: [{ attempt: 1, candidate: 'a/k/m' } as never],
}
const done = {
  request,
  state,
  candidates: [candidate],
  attempts: new Map([[1, attempt]]),
  shown: { status: 200, firstByteAtMs: 20 },
  nowMs: 500,
  features: null,
  policy: streamPolicy,
  log: null,
}
const report = { request, attempt: 1, candidate, startedMs: 2, nowMs: 500 }
const started = { request, attempt: 1, candidate }
const alive = { ...report, outcome: { kind: 'alive', ttftMs: 18 } as const }
const succeeded = { ...report, outcome: { kind: 'succeeded' } as const }
const observer = metricsObserver(createMetricSet(), { knownModels: [], costOf: () => 0.01 })

function oneRequest(): void {
  observer.requestStarted?.(request)
  observer.attemptStarted?.(started)
  observer.attemptReported?.(alive)
  observer.attemptReported?.(succeeded)
  observer.requestDone?.(done)
}

const COUNT = 1_000_000
const ROUNDS = 5
for (let index = 0; index < COUNT; index += 1) oneRequest()
const rounds = Array.from({ length: ROUNDS }, () => {
  // Processor time, not time: the machine may have other things to do.
  const before = process.cpuUsage()
  for (let index = 0; index < COUNT; index += 1) oneRequest()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / COUNT
}).sort((a, b) => a - b)
console.log(
  `metrics of one request: ${rounds[ROUNDS >> 1]?.toFixed(0)} ns (${rounds[0]?.toFixed(0)}–${rounds.at(-1)?.toFixed(0)}), Node ${process.version}`,
)
