import { type Failure, type FailureKind, failureKinds, failureTable } from '@lb/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Availability, Candidate } from './candidate.ts'
import { stepLoop } from './loop.ts'
import { nextLoopDeadlineMs } from './loop-clock.ts'
import { type LoopPolicy, messagePolicy, streamPolicy } from './loop-policy.ts'
import { type LoopEffect, type LoopEvent, type LoopState, newLoop } from './loop-state.ts'
import { type LoggedEvent, replayLoop } from './record.ts'

const moment = fc.integer({ min: 0, max: 40_000 })
const availability: fc.Arbitrary<Availability> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Availability>({ kind: 'available', share: 1 }) },
  fc.constant<Availability>({ kind: 'probe' }),
  fc.record({ kind: fc.constant('full' as const), queue: fc.boolean() }),
  fc.record({
    kind: fc.constant('full' as const),
    queue: fc.boolean(),
    firm: fc.record({ opensAtMs: fc.option(fc.nat(100_000)) }),
  }),
  fc.record({
    kind: fc.constant('barred' as const),
    reason: fc.constantFrom('ejected', 'paused', 'down'),
    hard: fc.boolean(),
    untilMs: fc.option(moment),
    notBeforeMs: fc.option(moment),
    lastResortAtMs: fc.option(moment),
  }),
)
const candidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    provider: fc.constantFrom('p', 'q', 'r'),
    credential: fc.constantFrom('1', '2'),
    model: fc.constantFrom('m', 'n'),
    passThrough: fc.boolean(),
    availability,
  }),
  { selector: ({ id }) => id, maxLength: 8 },
)
const news = fc.constantFrom(
  'response-started',
  'opened',
  'content',
  'block-completed',
  'progress',
  'completed' as const,
)
/** What the world does next; `late`: of an attempt that may be over already. */
type Turn =
  | { readonly what: 'news'; readonly news: 'content'; readonly late: number }
  | { readonly what: 'failed'; readonly kind: FailureKind; readonly late: number }
  | { readonly what: 'tick' | 'client-gone' | 'early-tick' }
  | { readonly what: 'refreshed'; readonly isFine: boolean }
  | { readonly what: 'look' }
const turn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('news' as const),
      news: news as fc.Arbitrary<'content'>,
      late: fc.nat(1),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('failed' as const),
      kind: fc.constantFrom<FailureKind>(...failureKinds),
      late: fc.nat(1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('tick' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('client-gone' as const, 'early-tick' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('refreshed' as const), isFine: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('look' as const) }) },
)
const policy: fc.Arbitrary<LoopPolicy> = fc
  .record({
    base: fc.constantFrom(streamPolicy, messagePolicy),
    failover: fc.constantFrom('seamless' as const, 'threshold' as const),
    background: fc.boolean(),
    holdAfterFailureMs: fc.constantFrom(0, 60_000),
    holdMaxMs: fc.constantFrom(0, 30_000),
  })
  .map(({ base, ...rest }) => ({ ...base, ...rest }))
const story = fc.record({
  policy,
  views: fc.array(candidates, { minLength: 1, maxLength: 8 }),
  turns: fc.array(fc.tuple(turn, fc.integer({ min: 0, max: 5_000 })), { maxLength: 60 }),
  tokens: fc.integer({ min: 0, max: 5 }),
  timeoutMs: fc.integer({ min: 1, max: 600_000 }),
  client: fc.constantFrom('needs-error' as const, 'retries-drops' as const),
  roll: fc.double({ min: 0, max: 0.999, noNaN: true }),
})
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never

interface Seen {
  readonly effect: LoopEffect
  readonly nowMs: number
  readonly before: LoopState
}

/** What is told, and what a step once returned, is never written to again: a step that does so throws. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/** Plays a story to its end, and then on, deadline by deadline, until the request is over. */
function play({ policy: use, views, turns, tokens, timeoutMs, client, roll }: Story) {
  let state = newLoop
  let nowMs = 0
  let looks = 0
  const seen: Seen[] = []
  const log: LoggedEvent[] = []
  const view = (): readonly Candidate[] => views[looks++ % views.length] ?? []
  const tell = (event: LoopEvent): void => {
    const at = { nowMs, roll }
    const before = frozen(state)
    const step = stepLoop(state, frozen(event), at, use)
    log.push({ event, at })
    state = step.state
    for (const effect of step.effects) seen.push({ effect, nowMs, before })
    if (step.effects.at(-1)?.type === 'look')
      tell({ type: 'candidates-changed', candidates: view(), retryTokens: tokens })
  }
  tell({ type: 'begin', candidates: view(), retryTokens: tokens, timeoutMs, client, refuseChance: 0 })
  for (const [next, laterMs] of turns) {
    const dueMs = nextLoopDeadlineMs(state, use)
    nowMs = next.what === 'tick' && dueMs !== undefined ? Math.max(nowMs, dueMs) : nowMs + laterMs
    const event = eventOf(next, state, view, tokens)
    if (event !== undefined) tell(event)
  }
  for (let i = 0; i < 400 && state.phase.kind !== 'over'; i++) {
    nowMs = Math.max(nowMs, nextLoopDeadlineMs(state, use) ?? nowMs)
    tell({ type: 'tick' })
  }
  return { state, seen, log }
}

function eventOf(
  next: Turn,
  state: LoopState,
  view: () => readonly Candidate[],
  retryTokens: number,
): LoopEvent | undefined {
  const last = state.attempts.at(-1)?.attempt ?? 1
  switch (next.what) {
    case 'news':
      return { type: next.news, attempt: last - next.late }
    case 'failed':
      return { type: 'failed', attempt: last - next.late, failure: { kind: next.kind, message: '' } }
    case 'refreshed': {
      if (state.phase.kind !== 'refreshing') return undefined
      const failure = next.isFine ? null : ({ kind: 'login-required', message: '' } as const)
      return { type: 'refreshed', candidate: state.phase.candidate, failure }
    }
    case 'look':
      return state.phase.kind === 'looking'
        ? undefined
        : { type: 'candidates-changed', candidates: view(), retryTokens }
    case 'tick':
    case 'early-tick':
      return { type: 'tick' }
    case 'client-gone':
      return { type: 'client-gone' }
  }
}

const types = (seen: readonly Seen[]): string[] => seen.map(({ effect }) => effect.type)
const endings = ['finish', 'give-up', 'end-truthfully', 'abort-client']

test('every request ends, exactly once, with its last effect (I2)', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { state, seen } = play(told)
      expect(state.phase.kind).toBe('over')
      expect(types(seen).filter((type) => endings.includes(type))).toHaveLength(1)
      expect(endings).toContain(types(seen).at(-1))
    }),
  )
})

test('one commit at most, one opening at most, and nothing is started after it, after the deadline or after the client left (I1, I3)', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { seen } = play(told)
      const commits = types(seen).filter((type) => type === 'commit')
      const openings = seen.filter(
        ({ effect }) => effect.type === 'release-opening' || (effect.type === 'commit' && effect.opening === 'send'),
      )
      expect(commits.length).toBeLessThanOrEqual(1)
      expect(openings.length).toBeLessThanOrEqual(1)
      const committedAt = types(seen).indexOf('commit')
      for (const [index, { effect, nowMs, before }] of seen.entries()) {
        if (effect.type !== 'start-attempt') continue
        expect(committedAt === -1 || index < committedAt).toBe(true)
        expect(before.clientGone).toBe(false)
        expect(nowMs).toBeLessThan(told.timeoutMs)
      }
    }),
  )
})

function isOfKey(failure: Failure | null): boolean {
  return failure !== null && failureTable[failure.kind].weight === 0
}

test('attempts, paid attempts and retries keep to their caps (I5)', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { state, seen } = play(told)
      const keys = new Set(state.attempts.filter(({ failure }) => isOfKey(failure)).map(({ candidate }) => candidate))
      expect(state.attempts.length - keys.size).toBeLessThanOrEqual(told.policy.attemptsMax)
      if (told.policy.failover === 'threshold')
        expect(state.attempts.length).toBeLessThanOrEqual(told.policy.attemptsMax)
      const starts = seen.filter(({ effect }) => effect.type === 'start-attempt')
      for (const { before } of starts)
        expect(before.attempts.filter(({ paid, outcome }) => paid && outcome === 'failed').length).toBeLessThanOrEqual(
          told.policy.paidMax,
        )
      if (told.tokens === 0) expect(types(seen)).not.toContain('spend-budget')
    }),
  )
})

test('what was started is closed or was told to be over, and is reported once (I11)', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { state, seen } = play(told)
      for (const { attempt, outcome } of state.attempts) {
        expect(outcome).not.toBe('running')
        const last = seen.filter(
          ({ effect }) => effect.type === 'report' && effect.attempt === attempt && effect.outcome.kind !== 'alive',
        )
        expect(last).toHaveLength(1)
      }
    }),
  )
})

test('a status is given only to a client that has seen nothing, an event only to one that has', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { seen } = play(told)
      const sent = ['send-preamble', 'ping', 'release-opening', 'commit']
      const isSent = types(seen).some((type) => sent.includes(type))
      if (types(seen).includes('give-up')) expect(isSent).toBe(false)
      if (types(seen).includes('end-truthfully')) expect(isSent).toBe(true)
      if (!told.policy.stream)
        expect(types(seen).filter((type) => type !== 'commit' && sent.includes(type))).toEqual([])
    }),
  )
})

test('what was refused to the client’s own credential is never paid with another', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { seen } = play(told)
      for (const { effect, before } of seen) {
        if (effect.type !== 'start-attempt' || !before.onlyPassThrough) continue
        const known = told.views.flat().filter(({ id }) => id === effect.candidate)
        expect(known.some(({ passThrough }) => passThrough)).toBe(true)
      }
    }),
  )
})

test('states, events and effects are plain JSON, and a log decides the same again', () => {
  fc.assert(
    fc.property(story, (told) => {
      const { state, seen, log } = play(told)
      expect(JSON.parse(JSON.stringify(state))).toEqual(state)
      const replayed = replayLoop(JSON.parse(JSON.stringify(log)), told.policy)
      expect(replayed.state).toEqual(state)
      expect(replayed.effects).toEqual(seen.map(({ effect }) => effect))
    }),
  )
})
