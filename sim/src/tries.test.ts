import type { FailureKind } from '@lb/protocol'
import { type LoopState, newLoop, streamPolicy } from '@lb/router'
import { expect, test } from 'vitest'
import { hasTooManyTries, isOutOfTries } from './tries.ts'

/** A request whose attempts failed one after another. */
function stateOf(asked: readonly string[], kind: FailureKind, tookMs = 10): LoopState {
  const attempts: LoopState['attempts'] = asked.map((candidate, index) => ({
    attempt: index + 1,
    candidate,
    round: 1,
    why: 'failover',
    startedMs: index * tookMs,
    paid: false,
    endedMs: (index + 1) * tookMs,
    outcome: 'failed',
    failure: { kind, message: '' },
  }))
  return { ...newLoop, attempts }
}

const eight = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const tooMany = (state: LoopState, asked: string): boolean => hasTooManyTries(state, asked, false, streamPolicy)

test('six tries are everybody’s, more only where keys were refused and somebody new is asked', () => {
  expect(tooMany(stateOf(eight.slice(2), 'overloaded'), 'h')).toBe(false)
  expect(tooMany(stateOf(eight, 'overloaded'), 'h')).toBe(true)
  expect(tooMany(stateOf(eight, 'rate-limited'), 'h')).toBe(false)
  expect(tooMany(stateOf([...eight, 'a'], 'rate-limited'), 'a')).toBe(true)
  expect(hasTooManyTries(stateOf([...eight, 'h'], 'rate-limited'), 'h', true, streamPolicy)).toBe(false)
  expect(hasTooManyTries(stateOf(eight, 'rate-limited'), 'h', false, { ...streamPolicy, failover: 'threshold' })).toBe(
    true,
  )
})

test('a request is out of tries when they were costly, or slow', () => {
  expect(isOutOfTries(stateOf(eight.slice(3), 'overloaded'), streamPolicy)).toBe(false)
  expect(isOutOfTries(stateOf(eight, 'overloaded'), streamPolicy)).toBe(true)
  expect(isOutOfTries(stateOf(eight, 'rate-limited'), streamPolicy)).toBe(false)
  expect(isOutOfTries(stateOf(eight, 'rate-limited', 1_000), streamPolicy)).toBe(true)
})
