import { describe, expect, test } from 'vitest'
import { stepLoop } from './loop.ts'
import { streamPolicy } from './loop-policy.ts'
import { type LoopEvent, newLoop } from './loop-state.ts'
import type { Plan, PlanCandidate } from './plan.ts'
import { decisionRecord, type LoggedEvent, logged, replayLoop } from './record.ts'
import { firstTurns } from './strategy.ts'
import { available, barred } from './testing/driven.ts'

const target = (id: string, more: Partial<PlanCandidate> = {}): PlanCandidate => ({
  id,
  provider: id,
  credential: 'k',
  model: 'm',
  passThrough: false,
  rank: 0,
  priority: 1,
  weight: 1,
  price: null,
  availability: available,
  inFlight: 1,
  ttftMs: 100,
  ...more,
})
const candidates = [target('a'), target('b', { availability: barred({ reason: 'paused' }), weight: 4 })]
const plan: Plan = { candidates, turns: firstTurns }
const features = { tokens: 1, thinking: false, images: false, webSearch: false, tools: true, background: false }

function lived(events: readonly [number, LoopEvent][]) {
  let state = newLoop
  let log: readonly LoggedEvent[] = []
  for (const [nowMs, event] of events) {
    const at = { nowMs, roll: 0.5 }
    log = logged(log, event, at)
    state = stepLoop(state, event, at, streamPolicy).state
  }
  return { state, log }
}
const begin: LoopEvent = {
  type: 'begin',
  candidates,
  retryTokens: 5,
  timeoutMs: 600_000,
  client: 'needs-error',
  refuseChance: 0,
}
const good: [number, LoopEvent][] = [
  [0, begin],
  [10, { type: 'response-started', attempt: 1 }],
  [20, { type: 'content', attempt: 1 }],
  [30, { type: 'progress', attempt: 1 }],
  [40, { type: 'progress', attempt: 1 }],
  [50, { type: 'completed', attempt: 1 }],
]

describe('a decision record', () => {
  test('says who was considered, in what condition, what was tried and how it ended', () => {
    const { state, log } = lived(good)
    expect(decisionRecord(features, plan, state, log)).toEqual({
      features,
      candidates: [
        { id: 'a', availability: 'available', score: 200 },
        { id: 'b', availability: 'paused', score: 50 },
      ],
      attempts: state.attempts,
      committed: 1,
      end: 'completed',
      log,
    })
  })

  test('of a request that is not over, or got nothing, says so', () => {
    const running = lived(good.slice(0, 2))
    expect(decisionRecord(features, plan, running.state, running.log)).toMatchObject({ committed: null, end: null })
    expect(decisionRecord(features, plan, newLoop, [])).toMatchObject({ committed: null, attempts: [], log: [] })
    expect(decisionRecord(features, plan, { ...newLoop, stage: 'content' }, [])).toMatchObject({ committed: null })
  })

  test('is small: of news that only says "still alive" the last is kept', () => {
    const { log } = lived(good)
    expect(log.map(({ event, at }) => `${at.nowMs} ${event.type}`)).toEqual([
      '0 begin',
      '10 response-started',
      '20 content',
      '40 progress',
      '50 completed',
    ])
    const progress = (attempt: number): LoopEvent => ({ type: 'progress', attempt })
    const at = { nowMs: 0, roll: 0 }
    expect(logged(logged([], progress(1), at), progress(2), at)).toHaveLength(2)
    expect(logged(logged([], { type: 'tick' }, at), { type: 'tick' }, at)).toHaveLength(2)
  })

  test('is enough to decide it all again', () => {
    const { state, log } = lived(good)
    const replayed = replayLoop(JSON.parse(JSON.stringify(log)), streamPolicy)
    expect(replayed.state).toEqual(state)
    expect(replayed.effects.map(({ type }) => type)).toEqual(['start-attempt', 'commit', 'report', 'report', 'finish'])
  })
})
