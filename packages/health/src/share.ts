import { type Bar, type BarReason, strongerBar } from './bar.ts'
import { freshNode, type NodeHealth } from './node.ts'
import type { Clocks } from './snapshot.ts'
import type { NodePath } from './target.ts'
import { type HealthState, nodeAt, nodesOf, withNode } from './tree.ts'

/**
 * What several instances tell each other about one node, in wall clock. Every member only grows, so facts may be lost,
 * repeated or come late: merging them in any order gives the same.
 */
export interface SharedFact {
  readonly path: NodePath
  /** The last recovery, or clearing, that anybody saw; 0: none. */
  readonly clearedMs: number
  /** The last time that anybody barred it. */
  readonly sinceMs: number
  readonly untilMs: number
  readonly reason: BarReason
  readonly notBeforeMs: number
}

/** Facts by path, as a text. */
export type SharedFacts = Readonly<Record<string, SharedFact>>

/**
 * The union of what two instances know: commutative, associative, idempotent.
 *
 * @see https://hal.inria.fr/inria-00555588 (state-based replicated data types: a join of a semilattice)
 */
export function mergeFacts(a: SharedFacts, b: SharedFacts): SharedFacts {
  const merged: Record<string, SharedFact> = { ...a }
  for (const [key, fact] of Object.entries(b)) {
    const known = Object.hasOwn(merged, key) ? merged[key] : undefined
    merged[key] = known === undefined ? fact : mergeFact(known, fact)
  }
  return merged
}

/** What this instance knows. Counts stay at home: only what was decided is news for others. */
export function factsOf(state: HealthState, clocks: Clocks): SharedFacts {
  const toEpoch = (ms: number): number => Math.round(ms + clocks.epochMs - clocks.nowMs)
  const facts = nodesOf(state).flatMap(({ path, node }): [string, SharedFact][] => {
    const fact = factOf(path, node, toEpoch)
    return fact === undefined ? [] : [[JSON.stringify([path.provider, path.credential, path.model]), fact]]
  })
  return Object.fromEntries(facts)
}

/** The state with what others know. A bar that was cleared since, here or there, does not come back. */
export function withFacts(state: HealthState, facts: SharedFacts, clocks: Clocks): HealthState {
  const toNow = (epochMs: number): number => epochMs - clocks.epochMs + clocks.nowMs
  return Object.values(facts).reduce((next, fact) => {
    const before = nodeAt(next, fact.path)
    const after = learned(before ?? freshNode, fact, toNow, clocks)
    return after === (before ?? freshNode) ? next : withNode(next, fact.path, after)
  }, state)
}

function factOf(path: NodePath, { state }: NodeHealth, toEpoch: (ms: number) => number): SharedFact | undefined {
  if (state.kind === 'disabled') return undefined
  if (state.kind === 'closed') {
    if (state.recoveredMs === null) return undefined
    const clearedMs = toEpoch(state.recoveredMs)
    return { path, clearedMs, sinceMs: 0, untilMs: 0, reason: 'ejected', notBeforeMs: 0 }
  }
  const { bar } = state
  return {
    path,
    clearedMs: 0,
    sinceMs: toEpoch(bar.sinceMs),
    untilMs: toEpoch(bar.untilMs),
    reason: bar.reason,
    notBeforeMs: bar.notBeforeMs === null ? 0 : toEpoch(bar.notBeforeMs),
  }
}

function mergeFact(a: SharedFact, b: SharedFact): SharedFact {
  return {
    path: a.path,
    clearedMs: Math.max(a.clearedMs, b.clearedMs),
    sinceMs: Math.max(a.sinceMs, b.sinceMs),
    ...longer(a, b),
    notBeforeMs: Math.max(a.notBeforeMs, b.notBeforeMs),
  }
}

/** The end and its reason go together; a tie is broken by the word, so that the order of merging does not show. */
function longer(a: SharedFact, b: SharedFact): Pick<SharedFact, 'untilMs' | 'reason'> {
  const isA = a.untilMs === b.untilMs ? a.reason >= b.reason : a.untilMs > b.untilMs
  const { untilMs, reason } = isA ? a : b
  return { untilMs, reason }
}

function learned(node: NodeHealth, fact: SharedFact, toNow: (epochMs: number) => number, clocks: Clocks): NodeHealth {
  const { state } = node
  const sinceMs = toNow(fact.sinceMs)
  const untilMs = toNow(fact.untilMs)
  // A success elsewhere ends a bar, but not a date that the upstream gave to this instance.
  const isDated = state.kind === 'barred' && (state.bar.notBeforeMs ?? 0) > clocks.nowMs
  if (state.kind === 'barred' && !isDated && fact.clearedMs > 0 && toNow(fact.clearedMs) > state.bar.sinceMs)
    return { ...node, state: { kind: 'closed', count: 0, recoveredMs: toNow(fact.clearedMs) } }
  const isOver = fact.clearedMs >= fact.sinceMs || untilMs <= clocks.nowMs
  const isKnownBetter = state.kind === 'closed' && state.recoveredMs !== null && state.recoveredMs >= sinceMs
  // A node that is being tested here, or switched off, learns nothing from others' old news.
  if (isOver || isKnownBetter || state.kind === 'half-open' || state.kind === 'disabled') return node
  const told: Bar = {
    reason: fact.reason,
    sinceMs,
    untilMs,
    probeAtMs: untilMs,
    notBeforeMs: fact.notBeforeMs === 0 ? null : toNow(fact.notBeforeMs),
  }
  if (state.kind === 'closed')
    return { ...node, barredMs: sinceMs, state: { kind: 'barred', bar: told, lastResort: { level: 0, atMs: sinceMs } } }
  return sameBar(state.bar, told) ? node : { ...node, state: { ...state, bar: strongerBar(state.bar, told) } }
}

function sameBar(a: Bar, b: Bar): boolean {
  return a.untilMs === b.untilMs && a.reason === b.reason && a.notBeforeMs === b.notBeforeMs
}
