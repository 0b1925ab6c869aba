import type { Moment } from '@lb/protocol'
import type { ConsumerId } from '../replay-log.ts'
import type { DropReason, Ending, FlightEffect, FlightEvent, FlightPolicy, FlightState, Reader } from './flight.ts'

/** What a step returns. */
export interface FlightStep {
  readonly state: FlightState
  readonly effects: readonly FlightEffect[]
}

/** Decides what `event` means for a flight. An event that does not fit the state changes nothing. */
export function stepFlight(state: FlightState, event: FlightEvent, at: Moment, policy: FlightPolicy): FlightStep {
  switch (state.kind) {
    case 'idle':
      return event.kind === 'arrived' ? takeOff(event.consumer) : stay(state)
    case 'running':
      return stepRunning(state, event, at, policy)
    case 'unattended':
      return stepUnattended(state, event, at, policy)
    case 'draining':
      return stepDraining(state, event, at, policy)
    case 'lingering':
      return stepLingering(state, event, at)
    case 'gone':
      return event.kind === 'arrived' ? { state, effects: [refuse(event.consumer, 'over')] } : stay(state)
  }
}

/** When the flight wants to be ticked next, at the latest; `undefined` for never. */
export function nextFlightDeadlineMs(state: FlightState, policy: FlightPolicy): number | undefined {
  switch (state.kind) {
    case 'running': {
      const [first] = state.followers
      const isWaiting = first !== undefined && !state.answering && policy.waitMs !== undefined
      return isWaiting ? first.sinceMs + policy.waitMs : undefined
    }
    case 'draining': {
      const limitMs = stallLimitMs(state.ending, policy)
      const lingerUntilMs = state.lingerUntilMs ?? Number.POSITIVE_INFINITY
      return state.readers.reduce((soonest, { progressMs }) => Math.min(soonest, progressMs + limitMs), lingerUntilMs)
    }
    case 'lingering':
      return state.untilMs
    case 'idle':
    case 'unattended':
    case 'gone':
      return undefined
  }
}

type Running = Extract<FlightState, { kind: 'running' }>
type Unattended = Extract<FlightState, { kind: 'unattended' }>
type Draining = Extract<FlightState, { kind: 'draining' }>
type Lingering = Extract<FlightState, { kind: 'lingering' }>

function takeOff(consumer: ConsumerId): FlightStep {
  const state: FlightState = { kind: 'running', leader: consumer, followers: [], answering: false, open: true, owed: 0 }
  return { state, effects: [{ kind: 'start-upstream', consumer }, attach(consumer, 'leader')] }
}

function stepRunning(state: Running, event: FlightEvent, at: Moment, policy: FlightPolicy): FlightStep {
  switch (event.kind) {
    case 'arrived': {
      const { consumer } = event
      if (!state.open) return { state, effects: [refuse(consumer, 'log-broken')] }
      const followers = [...state.followers, { consumer, sinceMs: at.nowMs }]
      return { state: { ...state, followers, owed: repaid(state.owed) }, effects: [attach(consumer, 'follower')] }
    }
    case 'answer-began':
      return state.answering ? stay(state) : stay(answering(state))
    case 'answer-ended': {
      const consumers = [state.leader]
      for (const { consumer } of state.followers) consumers.push(consumer)
      return land({ open: state.open, owed: state.owed, ending: event.ending, consumers }, at, policy)
    }
    case 'log-broken':
      return state.open ? { state: { ...state, open: false }, effects: [CLOSE] } : stay(state)
    case 'consumer-cut':
      return without(state, event.consumer, policy, [drop(event.consumer, 'lagged')])
    case 'consumer-left':
    case 'consumer-served':
      return without(state, event.consumer, policy, [])
    case 'ticked':
      return dropWaiting(state, at, policy)
    case 'consumer-progressed':
    case 'evicted':
      return stay(state)
  }
}

/** Written out: this happens in every request, and V8 copies an object by a spread ten times slower than by its members. */
function answering({ leader, followers, open, owed }: Running): Running {
  return { kind: 'running', leader, followers, answering: true, open, owed }
}

/** Takes a consumer off a running flight. `owed` grows: it may come back for the answer. */
function without(
  state: Running,
  consumer: ConsumerId,
  policy: FlightPolicy,
  effects: readonly FlightEffect[],
): FlightStep {
  const owed = state.owed + 1
  if (consumer !== state.leader) {
    const followers = state.followers.filter((follower) => follower.consumer !== consumer)
    return followers.length === state.followers.length ? stay(state) : { state: { ...state, followers, owed }, effects }
  }
  const [next, ...followers] = state.followers
  if (next !== undefined) {
    const promoted: FlightState = { ...state, leader: next.consumer, followers, owed }
    return { state: promoted, effects: [...effects, { kind: 'promote', consumer: next.consumer }] }
  }
  // Without its first byte the answer could be finished, but never be given to anybody.
  if (policy.life === 'background' && state.open) {
    return { state: { kind: 'unattended', answering: state.answering, owed }, effects }
  }
  const closing = state.open ? [CLOSE] : []
  return { state: GONE, effects: [...effects, ...closing, { kind: 'cancel-upstream' }, DISCARD] }
}

function dropWaiting(state: Running, at: Moment, { waitMs }: FlightPolicy): FlightStep {
  if (state.answering || waitMs === undefined) return stay(state)
  const followers = state.followers.filter(({ sinceMs }) => at.nowMs < sinceMs + waitMs)
  const late = state.followers.filter(({ sinceMs }) => at.nowMs >= sinceMs + waitMs)
  return {
    state: { ...state, followers, owed: state.owed + late.length },
    effects: late.map(({ consumer }) => drop(consumer, 'waited-too-long')),
  }
}

function stepUnattended(state: Unattended, event: FlightEvent, at: Moment, policy: FlightPolicy): FlightStep {
  switch (event.kind) {
    case 'arrived': {
      const { answering } = state
      const owed = repaid(state.owed)
      const running: Running = { kind: 'running', leader: event.consumer, followers: [], answering, open: true, owed }
      return { state: running, effects: [attach(event.consumer, 'follower')] }
    }
    case 'answer-began':
      return state.answering ? stay(state) : stay({ ...state, answering: true })
    case 'answer-ended':
      return land({ open: true, owed: state.owed, ending: event.ending, consumers: [] }, at, policy)
    case 'log-broken':
    case 'evicted':
      return { state: GONE, effects: [CLOSE, { kind: 'cancel-upstream' }, DISCARD] }
    case 'consumer-cut':
    case 'consumer-left':
    case 'consumer-served':
    case 'consumer-progressed':
    case 'ticked':
      return stay(state)
  }
}

interface Landing {
  readonly open: boolean
  readonly owed: number
  readonly ending: Ending
  readonly consumers: readonly ConsumerId[]
}

/** The answer has ended: whoever is aboard reads on to the end, and the flight stays open if somebody may come back. */
function land({ open, owed, ending, consumers }: Landing, at: Moment, policy: FlightPolicy): FlightStep {
  const isKept = open && ending.kind === 'whole' && policy.life === 'background' && policy.lingerMs > 0
  const readers = consumers.map((consumer): Reader => ({ consumer, progressMs: at.nowMs }))
  const state: Draining = isKept
    ? { kind: 'draining', ending, readers, owed, lingerUntilMs: at.nowMs + policy.lingerMs }
    : { kind: 'draining', ending, readers, owed }
  const effects: FlightEffect[] = open && !isKept ? [CLOSE] : []
  if (consumers.length > 0) effects.push({ kind: 'finish', consumers, ending })
  return settle(state, at, effects)
}

function stepDraining(state: Draining, event: FlightEvent, at: Moment, policy: FlightPolicy): FlightStep {
  switch (event.kind) {
    case 'arrived':
      return state.lingerUntilMs === undefined || at.nowMs >= state.lingerUntilMs
        ? withEffect(settle(state, at, []), refuse(event.consumer, 'over'))
        : replay(state, event.consumer, at)
    case 'consumer-progressed': {
      const progressed = (reader: Reader): Reader => ({ ...reader, progressMs: at.nowMs })
      const readers = state.readers.map((one) => (one.consumer === event.consumer ? progressed(one) : one))
      return stay({ ...state, readers })
    }
    case 'consumer-served':
      return settle(withReaders(state, others(state, event.consumer), state.owed), at, [])
    case 'consumer-left':
      return settle(unserved(state, event.consumer), at, [])
    case 'consumer-cut': {
      const next = unserved(state, event.consumer)
      const dropped = next.readers.length < state.readers.length ? [drop(event.consumer, 'lagged')] : []
      return settle(next, at, dropped)
    }
    case 'ticked': {
      const limitMs = stallLimitMs(state.ending, policy)
      const stalled = state.readers.filter(({ progressMs }) => at.nowMs >= progressMs + limitMs)
      const next = stalled.reduce((rest, { consumer }) => unserved(rest, consumer), state)
      const drops = stalled.map(({ consumer }) => drop(consumer, 'stalled'))
      return settle(next, at, drops)
    }
    case 'log-broken':
    case 'evicted': {
      return settle(withoutLinger(state), at, state.lingerUntilMs === undefined ? [] : [CLOSE])
    }
    case 'answer-began':
    case 'answer-ended':
      return stay(state)
  }
}

/** Ends what has ended: the time for retries when it is up, the flight when nobody reads and nobody is waited for. */
function settle(state: Draining, at: Moment, effects: readonly FlightEffect[]): FlightStep {
  const { lingerUntilMs } = state
  if (lingerUntilMs === undefined) {
    return state.readers.length > 0 ? { state, effects } : { state: GONE, effects: [...effects, DISCARD] }
  }
  if (at.nowMs >= lingerUntilMs) return settle(withoutLinger(state), at, [...effects, CLOSE])
  if (state.readers.length > 0) return { state, effects }
  if (state.owed === 0) return { state: GONE, effects: [...effects, CLOSE, DISCARD] }
  return { state: { kind: 'lingering', untilMs: lingerUntilMs, owed: state.owed }, effects }
}

function stepLingering(state: Lingering, event: FlightEvent, at: Moment): FlightStep {
  const isOver = at.nowMs >= state.untilMs || event.kind === 'evicted' || event.kind === 'log-broken'
  if (isOver) {
    const gone: FlightStep = { state: GONE, effects: [CLOSE, DISCARD] }
    return event.kind === 'arrived' ? withEffect(gone, refuse(event.consumer, 'over')) : gone
  }
  if (event.kind !== 'arrived') return stay(state)
  const { owed, untilMs } = state
  const draining: Draining = { kind: 'draining', ending: { kind: 'whole' }, readers: [], lingerUntilMs: untilMs, owed }
  return replay(draining, event.consumer, at)
}

/** A newcomer to an answer that is already complete. */
function replay(state: Draining, consumer: ConsumerId, at: Moment): FlightStep {
  const readers = [...state.readers, { consumer, progressMs: at.nowMs }]
  const finish: FlightEffect = { kind: 'finish', consumers: [consumer], ending: state.ending }
  return { state: { ...state, readers, owed: repaid(state.owed) }, effects: [attach(consumer, 'follower'), finish] }
}

function withoutLinger({ ending, readers, owed }: Draining): Draining {
  return { kind: 'draining', ending, readers, owed }
}

function unserved(state: Draining, consumer: ConsumerId): Draining {
  const readers = others(state, consumer)
  return withReaders(state, readers, state.owed + state.readers.length - readers.length)
}

function withReaders({ ending, lingerUntilMs }: Draining, readers: readonly Reader[], owed: number): Draining {
  return lingerUntilMs === undefined
    ? { kind: 'draining', ending, readers, owed }
    : { kind: 'draining', ending, readers, owed, lingerUntilMs }
}

function others(state: Draining, consumer: ConsumerId): readonly Reader[] {
  return state.readers.filter((reader) => reader.consumer !== consumer)
}

/** Who arrives while an answer is owed is taken for the one it is owed to. */
function repaid(owed: number): number {
  return Math.max(0, owed - 1)
}

function stallLimitMs(ending: Ending, { stallMs, failedStallMs }: FlightPolicy): number {
  return ending.kind === 'failed' ? failedStallMs : stallMs
}

const GONE: FlightState = { kind: 'gone' }
const CLOSE: FlightEffect = { kind: 'close' }
const DISCARD: FlightEffect = { kind: 'discard' }

function stay(state: FlightState): FlightStep {
  return { state, effects: [] }
}

function withEffect({ state, effects }: FlightStep, effect: FlightEffect): FlightStep {
  return { state, effects: [...effects, effect] }
}

function attach(consumer: ConsumerId, role: 'leader' | 'follower'): FlightEffect {
  return { kind: 'attach', consumer, role }
}

function refuse(consumer: ConsumerId, reason: 'log-broken' | 'over'): FlightEffect {
  return { kind: 'refuse', consumer, reason }
}

function drop(consumer: ConsumerId, reason: DropReason): FlightEffect {
  return { kind: 'drop', consumer, reason }
}
