/**
 * What the books cost a request on the thread that serves: all that usage and the lessons for counting are told about one, in
 * nanoseconds of processor time. The threads are left out; what is copied to them is in.
 *
 *   pnpm --filter @lb/bench usage
 */
import { EventEmitter } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { newLoop, streamPolicy } from '@lb/router'
import type { Attempt } from '../../apps/server/src/attempt/attempt.ts'
import { createLessons } from '../../apps/server/src/counting/lessons.ts'
import type { ClientRequest } from '../../apps/server/src/ingress/client-request.ts'
import type { CompiledConfig } from '../../apps/server/src/state/compiled-config.ts'
import type { DoneRequest } from '../../apps/server/src/telemetry/observer.ts'
import type { Thread, ThreadListener } from '../../apps/server/src/threads/start-thread.ts'
import { createUsage } from '../../apps/server/src/usage/usage.ts'

const rates = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 }
const compiled = {
  config: {
    settings: { usage: { enabled: true, path: 'usage.db', retentionDays: 90, prices: [['*', rates]] } },
    modelRoutes: [],
  },
  providers: new Map(),
} as unknown as CompiledConfig
const request = {
  id: 'req_000000000000000000000001',
  tenant: 'anna',
  endpoint: 'messages',
  model: 'claude-x',
  stream: true,
  body: Buffer.alloc(30_000, 'x'),
  headers: { 'x-claude-code-session-id': '0b7c1f6e-7b1e-4a53-9d6e-0c8f5f4b9a11' },
} as unknown as ClientRequest
const usage = {
  input_tokens: 10,
  cache_read_input_tokens: 200,
  cache_creation_input_tokens: 70,
  cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 20 },
  output_tokens: 5,
}
const candidate = { id: 'a/k/m', provider: 'a', model: 'claude-x' }
const attempts = new Map([[1, { usage: () => usage } as unknown as Attempt]])
const done = (): DoneRequest =>
  ({
    request,
    state: {
      ...newLoop,
      phase: { kind: 'over', end: 'completed' },
      attempts: [{ attempt: 1, candidate: 'a/k/m', outcome: 'succeeded', paid: true }],
    },
    candidates: [candidate],
    attempts,
    shown: { status: 200, firstByteAtMs: 20 },
    nowMs: 500,
    features: null,
    policy: streamPolicy,
    log: null,
  }) as unknown as DoneRequest

/** A thread that answers at once; the copy is made as for a real one. */
function echo({ told }: ThreadListener): Thread {
  const { port1 } = new MessageChannel()
  return {
    ask(message) {
      port1.postMessage(message)
      const { id, kind } = message as { id: number; kind: string }
      setImmediate(told, { id, answer: kind === 'spent' ? [] : null })
    },
    end: () => Promise.resolve(port1.close()),
  }
}

const quiet = new EventEmitter() as never
const books = createUsage({
  clock: { nowMs: () => performance.now(), epochMs: () => 1_700_000_000_000 },
  log: quiet,
  newId: () => 'lb_1',
  current: () => compiled,
  folder: '.',
  estimateInput: () => 0,
  startThread: echo,
})
const book = { calibration: () => ({ samples: {} }), learned: () => 8, learn() {}, close: () => Promise.resolve() }
// Lessons cost what they cost, one in 30 s for each target; what is measured is finding out that none is due.
const lessons = createLessons({ book, estimator: {} as never, nowMs: () => -1 })
const started = { request, attempt: 1, candidate } as never

function oneRequest(over: DoneRequest): void {
  books.observer.attemptStarted?.(started)
  // Limits and metrics ask for the cost before.
  books.costOf(over)
  books.costOf(over)
  lessons.requestDone?.(over)
  books.observer.requestDone?.(over)
}

const COUNT = 200_000
const ROUNDS = 5
const BURST = 64
async function round(): Promise<number> {
  const before = process.cpuUsage()
  for (let burst = 0; burst < COUNT / BURST; burst += 1) {
    for (let index = 0; index < BURST; index += 1) oneRequest(done())
    await new Promise(setImmediate)
    await new Promise(setImmediate)
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / COUNT
}

await round()
const rounds: number[] = []
for (let index = 0; index < ROUNDS; index += 1) rounds.push(await round())
rounds.sort((a, b) => a - b)
console.log(
  `usage of one request: ${rounds[ROUNDS >> 1]?.toFixed(0)} ns (${rounds[0]?.toFixed(0)}–${rounds.at(-1)?.toFixed(0)}), Node ${process.version}`,
)
process.exit()
