import { type FailureKind, failureKinds, failureTable } from '@lb/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { availabilityOf } from './availability.ts'
import type { Bar } from './bar.ts'
import { type HealthEvent, stepHealth } from './health.ts'
import { defaultHealthPolicy as policy } from './policy.ts'
import { restoreHealth, snapshotOf } from './snapshot.ts'
import type { Target } from './target.ts'
import { emptyHealth, type HealthState, nodeAt, nodesOf } from './tree.ts'

const target: fc.Arbitrary<Target> = fc.record({
  provider: fc.constantFrom('p', 'q'),
  credential: fc.constantFrom('c', 'd', null),
  model: fc.constantFrom('claude-opus-5', 'gpt', '__proto__'),
})
const kind = fc.constantFrom<FailureKind>(...failureKinds)
const attempt = fc.constantFrom('a1', 'a2', 'a3')
const started = fc.integer({ min: 0, max: 100_000 })
const failure = fc
  .record({
    kind,
    message: fc.constant(''),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 1e8 }), { nil: undefined }),
  })
  .map(({ retryAfterMs, ...rest }) => ({ ...rest, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }))
const event: fc.Arbitrary<HealthEvent> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('attempt-started' as const), target, attempt }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('attempt-alive' as const), target, attempt, startedMs: started }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('attempt-succeeded' as const), target, attempt, startedMs: started }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('attempt-failed' as const),
      target,
      attempt,
      startedMs: started,
      failure,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('attempt-abandoned' as const), target, attempt }) },
)
/** Events, each some time after the one before. */
const story = fc.array(
  fc.tuple(event, fc.integer({ min: 0, max: 20_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  {
    maxLength: 40,
  },
)

function play(
  events: readonly (readonly [HealthEvent, number, number])[],
  each: (state: HealthState, nowMs: number) => void,
) {
  let state = emptyHealth
  let nowMs = 0
  for (const [happened, laterMs, roll] of events) {
    nowMs += laterMs
    state = stepHealth(state, happened, { nowMs, roll }, policy).state
    each(state, nowMs)
  }
  return { state, nowMs }
}

test('the state is plain JSON, always, and the same events give the same state', () => {
  fc.assert(
    fc.property(story, (events) => {
      const { state } = play(events, () => {})
      expect(JSON.parse(JSON.stringify(state))).toEqual(state)
      expect(play(events, () => {}).state).toEqual(state)
    }),
  )
})

test('failures that are nobody’s fault change nobody’s availability (I9)', () => {
  const faultless = failureKinds.filter((one) => failureTable[one].aftermath === 'none')
  fc.assert(
    fc.property(story, target, fc.constantFrom(...faultless), target, (events, of, one, watched) => {
      const { state, nowMs } = play(events, () => {})
      const failed = {
        type: 'attempt-failed',
        target: of,
        attempt: 'never',
        startedMs: nowMs,
        failure: { kind: one, message: '' },
      } as const
      const after = stepHealth(state, failed, { nowMs, roll: 0 }, policy)
      expect(after.effects).toEqual([])
      expect(availabilityOf(after.state, watched, nowMs, policy)).toEqual(availabilityOf(state, watched, nowMs, policy))
    }),
  )
})

test('a running bar is never shortened by another failure', () => {
  const bars = (state: HealthState): Map<string, Bar> =>
    new Map(
      nodesOf(state).flatMap(({ path, node }) => ('bar' in node.state ? [[JSON.stringify(path), node.state.bar]] : [])),
    )
  fc.assert(
    fc.property(story, target, failure, (events, of, next) => {
      const { state, nowMs } = play(events, () => {})
      const failed = { type: 'attempt-failed', target: of, attempt: 'x', startedMs: nowMs, failure: next } as const
      const after = bars(stepHealth(state, failed, { nowMs, roll: 0 }, policy).state)
      for (const [path, before] of bars(state)) {
        expect(after.get(path)?.untilMs).toBeGreaterThanOrEqual(before.untilMs)
        expect(after.get(path)?.notBeforeMs ?? 0).toBeGreaterThanOrEqual(before.notBeforeMs ?? 0)
      }
    }),
  )
})

test('counts and tallies are never negative, and at most one probe is on its way at a node', () => {
  fc.assert(
    fc.property(story, (events) => {
      play(events, (state) => {
        for (const { node } of nodesOf(state)) {
          expect(node.tally.successes).toBeGreaterThanOrEqual(0)
          expect(node.tally.failures).toBeGreaterThanOrEqual(0)
          expect(node.growth.level).toBeGreaterThanOrEqual(0)
          expect(node.growth.level).toBeLessThanOrEqual(policy.growthMax)
          if (node.state.kind === 'closed') expect(node.state.count).toBeGreaterThanOrEqual(0)
        }
      })
    }),
  )
})

test('every bar ends: after the longest of all there is a probe, or all is well', () => {
  fc.assert(
    fc.property(story, target, (events, of) => {
      const { state, nowMs } = play(events, () => {})
      expect(availabilityOf(state, of, nowMs + policy.rareProbeMs, policy).kind).not.toBe('barred')
    }),
  )
})

test('a restart forgets no bar that still runs, and puts up none', () => {
  fc.assert(
    fc.property(story, target, fc.integer({ min: 0, max: 1e12 }), (events, of, epochMs) => {
      const { state, nowMs } = play(events, () => {})
      const saved = JSON.parse(JSON.stringify(snapshotOf(state, { nowMs, epochMs })))
      const restored = restoreHealth(saved, { nowMs: 0, epochMs }, policy)
      if (!restored.ok) throw new Error(restored.error)
      for (const { path, node } of nodesOf(state)) {
        const isRunning = 'bar' in node.state && node.state.bar.untilMs > nowMs + 1
        if (isRunning) expect(nodeAt(restored.value, path)?.state.kind).toBe('barred')
      }
      if (availabilityOf(state, of, nowMs, policy).kind === 'available')
        expect(availabilityOf(restored.value, of, 0, policy).kind).toBe('available')
    }),
  )
})
