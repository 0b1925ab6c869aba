import type { Failure, FailureRow, Moment } from '@lb/protocol'
import type { HealthPolicy } from './policy.ts'

/** Why a node is not used. */
export type BarReason = 'ejected' | 'overloaded' | 'paused' | 'credits' | 'down' | 'unsupported'

/** A node is not used until a probe has shown that it works again. */
export interface Bar {
  readonly reason: BarReason
  /** Results of attempts that began before this are old news. */
  readonly sinceMs: number
  /** When it is expected back: what a client is told to wait. */
  readonly untilMs: number
  /** When one request may find out. Not later than `untilMs`, and earlier when that is far away. */
  readonly probeAtMs: number
  /** The upstream's own date: before it, not even a request that has nothing else left may try. */
  readonly notBeforeMs: number | null
}

/** How often a node was barred in a row: the exponent of the cooldown. */
export interface Growth {
  readonly level: number
  readonly atMs: number
}

/** Never barred, or long enough ago. */
export const noGrowth: Growth = { level: 0, atMs: 0 }

/** The level at `nowMs`: one step less for each `growthDecayMs` of health since `growth.atMs`. */
export function growthAt(growth: Growth, nowMs: number, policy: HealthPolicy): number {
  return Math.max(0, growth.level - Math.floor(Math.max(0, nowMs - growth.atMs) / policy.growthDecayMs))
}

/** The bar that a failure with this `aftermath` puts up at growth `level`. */
export function barAfter(
  aftermath: Exclude<FailureRow['aftermath'], 'none'>,
  failure: Failure,
  level: number,
  at: Moment,
  policy: HealthPolicy,
): Bar {
  const now = at.nowMs
  switch (aftermath) {
    case 'count':
    case 'eject':
      return plainBar('ejected', now, ejectionMs(level, at.roll, policy))
    case 'overload':
      return dated(plainBar('overloaded', now, overloadMs(level, at.roll, policy)), failure, policy)
    case 'pause':
      return pauseBar(failure, level, at, policy)
    case 'down':
      return plainBar('down', now, policy.rareProbeMs)
    case 'unsupported':
      return plainBar('unsupported', now, policy.unsupportedMs)
  }
}

/** A running bar is never shortened by a weaker reason: of two bars, the longer time of each kind holds. */
export function strongerBar(running: Bar, next: Bar): Bar {
  const longer = next.untilMs >= running.untilMs ? next : running
  return {
    reason: longer.reason,
    sinceMs: Math.max(running.sinceMs, next.sinceMs),
    untilMs: longer.untilMs,
    probeAtMs: Math.max(running.probeAtMs, next.probeAtMs),
    notBeforeMs: later(running.notBeforeMs, next.notBeforeMs),
  }
}

/** The later of two moments, either of which may be missing. */
export function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function ejectionMs(level: number, roll: number, policy: HealthPolicy): number {
  const length = policy.cooldownMs ?? grown(policy.cooldownBaseMs, level, policy.cooldownMaxMs, roll)
  return policy.resetTimeoutMs > 0 ? Math.min(length, policy.resetTimeoutMs) : length
}

function overloadMs(level: number, roll: number, policy: HealthPolicy): number {
  return grown(policy.overloadBaseMs, level, policy.overloadMaxMs, roll)
}

/** base·2^level, capped, then somewhere in its upper half: many instances must not come back in step. */
function grown(baseMs: number, level: number, maxMs: number, roll: number): number {
  return Math.min(maxMs, baseMs * 2 ** level) * (0.5 + roll / 2)
}

function pauseBar(failure: Failure, level: number, at: Moment, policy: HealthPolicy): Bar {
  if (failure.kind === 'credits-exhausted')
    return dated(plainBar('credits', at.nowMs, policy.creditsMs), failure, policy)
  // Backoff is a floor under tiny dates: an upstream that says "0 s" again and again is not asked in a loop.
  return dated(
    plainBar('paused', at.nowMs, grown(policy.pauseBaseMs, level, policy.pauseMaxMs, at.roll)),
    failure,
    policy,
  )
}

function plainBar(reason: BarReason, nowMs: number, lengthMs: number): Bar {
  const untilMs = nowMs + lengthMs
  return { reason, sinceMs: nowMs, untilMs, probeAtMs: untilMs, notBeforeMs: null }
}

/** A date days away is often wrong in the user's favour, so now and then one request asks whether it still holds. */
function dated(bar: Bar, failure: Failure, policy: HealthPolicy): Bar {
  if (failure.retryAfterMs === undefined) return bar
  const notBeforeMs = bar.sinceMs + failure.retryAfterMs
  const untilMs = Math.max(bar.untilMs, notBeforeMs)
  return { ...bar, untilMs, probeAtMs: Math.min(untilMs, bar.sinceMs + policy.rareProbeMs), notBeforeMs }
}
