import type { Failure } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { Availability, Candidate } from './candidate.ts'
import { stepLoop } from './loop.ts'
import { messagePolicy } from './loop-policy.ts'
import { type LoopEffect, type LoopEvent, type LoopState, newLoop } from './loop-state.ts'

const policy = { ...messagePolicy, failover: 'threshold' } as const
const available: Availability = { kind: 'available', share: 1 }
const barred: Availability = {
  kind: 'barred',
  reason: 'ejected',
  hard: false,
  untilMs: 300_000,
  notBeforeMs: null,
  lastResortAtMs: 0,
}

/** Tells a loop events one after the other. @returns its state and what it wanted last. */
function drive(events: readonly LoopEvent[]): { state: LoopState; effects: readonly LoopEffect[] } {
  let state = newLoop
  let effects: readonly LoopEffect[] = []
  for (const event of events) ({ state, effects } = stepLoop(state, event, { nowMs: 0, roll: 0.5 }, policy))
  return { state, effects }
}

function candidates(conditions: Readonly<Record<string, Availability>>): Candidate[] {
  return Object.entries(conditions).map(([id, availability]) => ({
    id,
    provider: id,
    credential: 'default',
    model: 'm',
    passThrough: false,
    availability,
  }))
}

function begin(conditions: Readonly<Record<string, Availability>>): LoopEvent {
  const settings = { retryTokens: 10, timeoutMs: 600_000, client: 'needs-error', refuseChance: 0 } as const
  return { type: 'begin', candidates: candidates(conditions), ...settings }
}

function failed(attempt: number, status: number): LoopEvent {
  const failure: Failure = { kind: 'server-error', message: `said ${status}`, status }
  return { type: 'failed', attempt, failure }
}

function looked(conditions: Readonly<Record<string, Availability>>): LoopEvent {
  return { type: 'candidates-changed', candidates: candidates(conditions), retryTokens: 10 }
}

test('an error below the threshold is the client’s to see', () => {
  const { effects } = drive([
    begin({ a: available, b: available }),
    failed(1, 503),
    looked({ a: available, b: available }),
  ])
  expect(effects).toMatchObject([{ type: 'give-up', attempt: 1, failure: { status: 503 } }])
})

test('the time that its upstream gave goes with it', () => {
  const limited: Failure = { kind: 'rate-limited', message: 'said 429', status: 429, retryAfterMs: 30_000 }
  const conditions = { a: available, b: available }
  const event: LoopEvent = { type: 'failed', attempt: 1, failure: limited }
  const { effects } = drive([begin(conditions), event, looked(conditions)])
  expect(effects).toMatchObject([{ type: 'give-up', attempt: 1, retryAfterMs: 30_000 }])
})

test('after a failover the client sees the error of the one asked last, not the first of equals', () => {
  const { effects } = drive([
    begin({ a: available, b: available }),
    failed(1, 503),
    looked({ a: barred, b: available }),
    failed(2, 504),
    looked({ a: barred, b: available }),
  ])
  expect(effects).toMatchObject([{ type: 'give-up', attempt: 2, failure: { status: 504 } }])
})

test('when every candidate is barred, lb says so in its own words', () => {
  const { effects } = drive([begin({ a: available }), failed(1, 503), looked({ a: barred })])
  expect(effects).toMatchObject([{ type: 'give-up', attempt: null, failure: { kind: 'no-candidate' } }])
})
