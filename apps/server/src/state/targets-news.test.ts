import { expect, test } from 'vitest'
import { testConfig } from '../testing/world.ts'
import { type CompiledConfig, compileConfig } from './compiled-config.ts'
import { noFeatures } from './features.ts'
import type { Wanted } from './planner.ts'
import { Targets } from './targets.ts'

/** Targets by a clock of their own, and somebody who asks them. */
interface Asker {
  readonly targets: Targets
  readonly compiled: CompiledConfig
  nowMs: number
  /** A request whose first attempt, on the first candidate, ends like this. */
  ask(outcome: 'succeeded' | 'refused', stream: boolean): void
}

const wanted = (request: string): Wanted => ({
  request,
  model: 'm',
  features: noFeatures,
  forcedProvider: null,
  session: () => 's',
  tokens: 1,
})
const unwell = { kind: 'credential-rejected', message: 'HTTP 401' } as const
const limited = { kind: 'rate-limited', message: 'HTTP 429' } as const
const refused = { kind: 'request-conflict', message: 'HTTP 409' } as const

async function startAsker(): Promise<Asker> {
  const config = testConfig([{ url: 'http://127.0.0.1:1' }], {})
  const { compiled } = await compileConfig(config)
  const clock = { nowMs: () => asker.nowMs, epochMs: () => 0 }
  const targets = new Targets({ clock, roll: () => 0.5, onFact() {}, current: () => compiled, priceOf: () => null })
  let asked = 0
  const asker: Asker = {
    targets,
    compiled,
    nowMs: 1_000_000,
    ask(outcome, stream) {
      asked += 1
      const request = `r${asked}`
      const [candidate] = targets.plan(compiled, wanted(request)).candidates
      if (candidate === undefined) throw new Error('there is one')
      const attempt = { request, attempt: `${request}#1`, session: null }
      targets.budgets.begun()
      targets.started(compiled, candidate, { ...attempt, tokens: 1, isFirst: true })
      const report = { ...attempt, startedMs: asker.nowMs, stream }
      if (outcome === 'refused')
        return targets.reported(compiled, candidate, { ...report, outcome: { kind: 'failed', failure: refused } })
      if (stream) targets.reported(compiled, candidate, { ...report, outcome: { kind: 'alive', ttftMs: 5 } })
      targets.reported(compiled, candidate, { ...report, outcome: { kind: 'succeeded' } })
    },
  }
  return asker
}

test.each([true, false])(
  'answers keep the local throttle open, streamed ones and whole ones (stream: %s)',
  async (stream) => {
    const asker = await startAsker()
    for (let request = 0; request < 200; request += 1) asker.ask('succeeded', stream)
    expect(asker.targets.budgets.begun()).toBe(0)
    for (let request = 0; request < 400; request += 1) asker.ask('refused', stream)
    expect(asker.targets.budgets.begun()).toBeGreaterThan(0)
  },
)

test.each([true, false])('an answer refills the budget of retries, once (stream: %s)', async (stream) => {
  const { targets, ask } = await startAsker()
  for (let retry = 0; retry < 20; retry += 1) targets.budgets.retryStarted()
  expect(targets.budgets.retryTokens()).toBe(0)
  for (let request = 0; request < 12; request += 1) ask('refused', stream)
  // A fifth for each request, ...
  expect(targets.budgets.retryTokens()).toBe(2)
  for (let request = 0; request < 10; request += 1) ask('succeeded', stream)
  // ... and three tenths more for each that is answered.
  expect(targets.budgets.retryTokens()).toBe(7)
})

test('how long a provider usually takes for whole answers is known where it is long', async () => {
  const { targets, compiled } = await startAsker()
  const answer = (tookMs: number, stream: boolean): number | null | undefined => {
    const [candidate] = targets.plan(compiled, wanted('r')).candidates
    if (candidate === undefined) throw new Error('there is one')
    const outcome = { kind: 'succeeded' } as const
    const startedMs = 1_000_000 - tookMs
    targets.reported(compiled, candidate, { request: 'r', attempt: 'r#1', session: null, startedMs, outcome, stream })
    return targets.plan(compiled, wanted('r')).candidates[0]?.wholeMs
  }
  expect(answer(90_000, true)).toBeUndefined()
  expect(answer(20_000, false)).toBeUndefined()
  expect(answer(90_000, false)).toBe(90_000)
})

test('who waits for a place is called when health has heard why it is free', async () => {
  const { targets, compiled } = await startAsker()
  const [candidate] = targets.plan(compiled, wanted('first')).candidates
  if (candidate === undefined) throw new Error('there is one')
  const attemptOf = (request: string) => ({ request, attempt: `${request}#1`, session: null })
  const end = (request: string, failure: typeof unwell | typeof limited): void => {
    const outcome = { kind: 'failed', failure } as const
    targets.reported(compiled, candidate, { ...attemptOf(request), startedMs: 1_000_000, outcome, stream: true })
  }
  for (const request of ['first', 'second', 'third'])
    targets.started(compiled, candidate, { ...attemptOf(request), tokens: 1, isFirst: true })
  // The third was one too many: two places are left, and both are taken.
  end('third', limited)
  const seen: string[] = []
  targets.waiting([candidate], 'fourth', 'queue', () => {
    const [now] = targets.look(compiled, [candidate], { request: 'fourth', tokens: 1 })
    seen.push(now?.availability.kind === 'barred' ? now.availability.reason : (now?.availability.kind ?? 'nothing'))
  })
  expect(seen).toEqual([])
  end('second', unwell)
  expect(seen.at(-1)).toBe('down')
})
