import type { Failure, FailureKind, FailureRow, Moment } from '@lb/protocol'
import { type Bar, type BarReason, barAfter, type Growth, growthAt, noGrowth, strongerBar } from './bar.ts'
import type { HealthPolicy } from './policy.ts'
import { emptyTally, failureRatio, type Tally, tallied } from './tally.ts'

/**
 * Health of ONE node of the tree (a provider, a credential, or either with a model): passive outlier detection.
 *
 *   closed ── weights in a row ≥ threshold, ratio, or a failure that bars at once ──▶ barred
 *   barred ── due, and an attempt starts ──▶ half-open (that attempt is the probe)
 *   half-open ── the probe shows content ──▶ closed, on parole and with a slow start
 *             ├─ the probe failed ──▶ barred, longer
 *             └─ the probe was abandoned, or its lease ran out ──▶ due again
 *   any ── the operator ──▶ disabled ── the operator ──▶ closed
 *
 * Attempts that began before the node was barred may end later; they say nothing about its present and are ignored.
 * @see https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 */
export type NodeState =
  | { readonly kind: 'closed'; readonly count: number; readonly recoveredMs: number | null }
  | { readonly kind: 'barred'; readonly bar: Bar; readonly lastResort: LastResort }
  | { readonly kind: 'half-open'; readonly bar: Bar; readonly lastResort: LastResort; readonly probe: Probe }
  | { readonly kind: 'disabled'; readonly sinceMs: number }

/** The one request that tests a barred node. */
export interface Probe {
  readonly attempt: string
  /** Without an answer by then, another may try. */
  readonly untilMs: number
  /** So long may that one be without an answer: twice as long as the one before it. */
  readonly nextLeaseMs: number
}

/** A request with nothing else left may try a barred node from `atMs`; each failure of such a try pushes it out. */
export interface LastResort {
  readonly level: number
  readonly atMs: number
}

/** A node: its state, and what it remembers across states. */
export interface NodeHealth {
  readonly state: NodeState
  readonly tally: Tally
  readonly growth: Growth
  readonly lastFailureMs: number | null
  /** When it was barred last: older attempts are ignored, also after recovery. */
  readonly barredMs: number | null
}

/** What a step tells about a node. `counted` is what the server logs at WARN as `count=1/2`. */
export type NodeFact =
  | { readonly type: 'counted'; readonly kind: FailureKind; readonly count: number; readonly threshold: number }
  | { readonly type: 'barred'; readonly kind: FailureKind; readonly reason: BarReason; readonly forMs: number }
  | { readonly type: 'probing'; readonly attempt: string }
  | { readonly type: 'recovered' }

/** A node after a step, and what is to be told. */
export interface NodeStep {
  readonly node: NodeHealth
  readonly facts: readonly NodeFact[]
}

/** An attempt as health sees it. */
export interface SeenAttempt {
  readonly attempt: string
  readonly startedMs: number
}

/** A failure as it concerns one node. */
export interface Verdict {
  readonly failure: Failure
  readonly weight: number
  readonly aftermath: Exclude<FailureRow['aftermath'], 'none'>
}

/** A node about which nothing is known: healthy. */
export const freshNode: NodeHealth = {
  state: { kind: 'closed', count: 0, recoveredMs: null },
  tally: emptyTally,
  growth: noGrowth,
  lastFailureMs: null,
  barredMs: null,
}

const quiet: readonly NodeFact[] = []

/** An attempt starts: the probe of a node that is due, or a last resort. */
export function startAttempt(node: NodeHealth, attempt: string, at: Moment, policy: HealthPolicy): NodeStep {
  const { state } = node
  if (state.kind === 'closed' || state.kind === 'disabled') return { node, facts: quiet }
  if (isLapsed(state, at.nowMs, policy)) return { node: freshNode, facts: [{ type: 'recovered' }] }
  const { bar, lastResort } = state
  if (at.nowMs >= (state.kind === 'barred' ? bar.probeAtMs : state.probe.untilMs)) {
    // One of several may be the one that is just slow; but not many clients at once are to wait for somebody silent.
    const leaseMs = state.kind === 'half-open' ? state.probe.nextLeaseMs : policy.probeLeaseMs
    const probe = { attempt, untilMs: at.nowMs + leaseMs, nextLeaseMs: 2 * leaseMs }
    // Those who have nothing else left give the probe a moment, or all who waited for this date would come at once.
    const patient = pushedOut(lastResort, Math.max(policy.lastResortFreeTries + 1, lastResort.level), at, policy)
    return {
      node: inState(node, { kind: 'half-open', bar, lastResort: patient, probe }),
      facts: [{ type: 'probing', attempt }],
    }
  }
  const pushed = pushedOut(lastResort, lastResort.level, at, policy)
  return { node: inState(node, withLastResort(state, pushed)), facts: quiet }
}

/** First content was seen: the node works, though whether the answer ends well is not known yet. */
export function showLife(node: NodeHealth, seen: SeenAttempt, at: Moment, policy: HealthPolicy): NodeStep {
  const { state } = node
  if (state.kind === 'closed' || state.kind === 'disabled' || isOld(node, seen)) return { node, facts: quiet }
  // On parole where a success clears the count: the next failure bars it again, a whole answer ends the parole.
  return recover(node, policy.resetOnSuccess ? Math.max(0, policy.threshold - 1) : 0, at)
}

/** The attempt's answer was whole. */
export function succeed(node: NodeHealth, seen: SeenAttempt, at: Moment, policy: HealthPolicy): NodeStep {
  const { state } = node
  if (state.kind === 'disabled' || isOld(node, seen)) return { node, facts: quiet }
  if (state.kind !== 'closed') return recover(node, 0, at)
  const tally = tallied(node.tally, { successes: 1, failures: 0 }, at.nowMs, policy.ratioDecayMs)
  const count = policy.resetOnSuccess ? 0 : countAt(node, state.count, at.nowMs, policy)
  const closed = { kind: 'closed', count, recoveredMs: state.recoveredMs } as const
  return { node: inState(node, closed, tally), facts: quiet }
}

/** The attempt failed in a way that concerns this node. */
export function fail(
  node: NodeHealth,
  verdict: Verdict,
  seen: SeenAttempt,
  at: Moment,
  policy: HealthPolicy,
): NodeStep {
  const { state } = node
  if (state.kind === 'disabled') return { node, facts: quiet }
  if (isOld(node, seen)) return { node: lateDate(node, verdict, at, policy), facts: quiet }
  const tally = tallied(node.tally, { successes: 0, failures: verdict.weight }, at.nowMs, policy.ratioDecayMs)
  const failed: NodeHealth = inState(node, state, tally, at.nowMs)
  if (state.kind === 'closed')
    return failClosed(failed, countAt(node, state.count, at.nowMs, policy), state.recoveredMs, verdict, at, policy)
  const isProbe = state.kind === 'half-open' && state.probe.attempt === seen.attempt
  return isProbe ? bar(failed, state, verdict, at, policy) : failLastResort(failed, state, verdict, at, policy)
}

/** The attempt ended without saying anything about this node: its client left, or something else was at fault. */
export function abandon(node: NodeHealth, attempt: string): NodeHealth {
  const { state } = node
  if (state.kind !== 'half-open' || state.probe.attempt !== attempt) return node
  return inState(node, { kind: 'barred', bar: state.bar, lastResort: state.lastResort })
}

/** Whether forgetting the node changes nothing that matters. */
export function isSettled(node: NodeHealth, nowMs: number, policy: HealthPolicy): boolean {
  const { state } = node
  if (state.kind !== 'closed') return false
  if (state.recoveredMs !== null && nowMs - state.recoveredMs < policy.slowStartMs) return false
  if (countAt(node, state.count, nowMs, policy) > 0 || growthAt(node.growth, nowMs, policy) > 0) return false
  const { failures } = tallied(node.tally, { successes: 0, failures: 0 }, nowMs, policy.ratioDecayMs)
  return failures < 0.01
}

/** `count` at a moment: forgotten after `resetTimeoutMs` without a failure. */
export function countAt(node: NodeHealth, count: number, nowMs: number, policy: HealthPolicy): number {
  const isIdle =
    policy.resetTimeoutMs > 0 && node.lastFailureMs !== null && nowMs - node.lastFailureMs >= policy.resetTimeoutMs
  return isIdle ? 0 : count
}

/**
 * The predecessor forgets a provider's past when its mark is older than `unhealthy_reset_timeout`: no probe, no parole.
 * Elsewhere that setting only limits how long an ejection may last.
 */
export function isLapsed(state: NodeState, nowMs: number, policy: HealthPolicy): boolean {
  if (policy.judge !== 'count-all' || policy.resetTimeoutMs <= 0 || !('bar' in state)) return false
  return nowMs - state.bar.sinceMs >= policy.resetTimeoutMs
}

function isOld(node: NodeHealth, seen: SeenAttempt): boolean {
  return node.barredMs !== null && seen.startedMs < node.barredMs
}

/** An old attempt says nothing about the present, but a date that an upstream gives is about the future. */
function lateDate(node: NodeHealth, verdict: Verdict, at: Moment, policy: HealthPolicy): NodeHealth {
  const { aftermath, failure } = verdict
  if (aftermath !== 'pause' || failure.retryAfterMs === undefined) return node
  const told = barAfter(aftermath, failure, 0, at, policy)
  if ('bar' in node.state) return { ...node, state: { ...node.state, bar: strongerBar(node.state.bar, told) } }
  return bar(node, null, verdict, at, policy).node
}

/** `node` in another state. Field by field: an attempt on a node that is known makes several, and a spread is slower. */
function inState(
  node: NodeHealth,
  state: NodeState,
  tally: Tally = node.tally,
  lastFailureMs: number | null = node.lastFailureMs,
): NodeHealth {
  return { state, tally, growth: node.growth, lastFailureMs, barredMs: node.barredMs }
}

function withLastResort(state: Barred, lastResort: LastResort): Barred {
  const { kind, bar } = state
  return kind === 'barred' ? { kind, bar, lastResort } : { kind, bar, lastResort, probe: state.probe }
}

function recover(node: NodeHealth, count: number, at: Moment): NodeStep {
  return {
    node: {
      ...node,
      state: { kind: 'closed', count, recoveredMs: at.nowMs },
      tally: emptyTally,
      // From here on the growth fades; while barred it did not.
      growth: { level: node.growth.level, atMs: at.nowMs },
    },
    facts: [{ type: 'recovered' }],
  }
}

function failClosed(
  node: NodeHealth,
  before: number,
  recoveredMs: number | null,
  verdict: Verdict,
  at: Moment,
  policy: HealthPolicy,
): NodeStep {
  const { aftermath, failure, weight } = verdict
  if (weight === 0) return bar(node, null, verdict, at, policy)
  const count = before + weight
  const counted: NodeFact = { type: 'counted', kind: failure.kind, count, threshold: policy.threshold }
  const isOut =
    aftermath !== 'count' ||
    count >= policy.threshold ||
    failureRatio(node.tally, policy.ratioMinResults) >= policy.ratioLimit
  if (!isOut) return { node: inState(node, { kind: 'closed', count, recoveredMs }), facts: [counted] }
  const step = bar(node, null, verdict, at, policy)
  return { node: step.node, facts: [counted, ...step.facts] }
}

/** A node that is not closed and not disabled. */
type Barred = Extract<NodeState, { readonly bar: Bar }>

function failLastResort(node: NodeHealth, state: Barred, verdict: Verdict, at: Moment, policy: HealthPolicy): NodeStep {
  // Tries of the desperate must not push the recovery out: only a date of the upstream, or a harder fault, does.
  const isSoft = verdict.weight > 0 && verdict.failure.retryAfterMs === undefined
  if (!isSoft) return bar(node, state, verdict, at, policy)
  const lastResort = pushedOut(state.lastResort, state.lastResort.level + 1, at, policy)
  return { node: inState(node, withLastResort(state, lastResort)), facts: quiet }
}

function bar(node: NodeHealth, running: Barred | null, verdict: Verdict, at: Moment, policy: HealthPolicy): NodeStep {
  const { aftermath, failure } = verdict
  // While barred the growth does not fade.
  const level = running === null ? growthAt(node.growth, at.nowMs, policy) : node.growth.level
  const next = barAfter(aftermath, failure, level, at, policy)
  const stronger = running === null ? next : strongerBar(running.bar, next)
  const lastResort =
    running === null
      ? { level: 0, atMs: at.nowMs }
      : pushedOut(running.lastResort, running.lastResort.level + 1, at, policy)
  return {
    node: {
      ...node,
      state: { kind: 'barred', bar: stronger, lastResort },
      growth: { level: Math.min(level + 1, policy.growthMax), atMs: at.nowMs },
      barredMs: at.nowMs,
    },
    facts: [{ type: 'barred', kind: failure.kind, reason: stronger.reason, forMs: stronger.untilMs - at.nowMs }],
  }
}

function pushedOut(lastResort: LastResort, level: number, at: Moment, policy: HealthPolicy): LastResort {
  const paced = level - policy.lastResortFreeTries
  const gapMs = paced <= 0 ? 0 : Math.min(policy.lastResortMaxMs, policy.lastResortBaseMs * 2 ** (paced - 1))
  return { level, atMs: Math.max(lastResort.atMs, at.nowMs + gapMs) }
}
