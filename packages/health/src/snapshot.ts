import { err, isJsonObject, type Json, member, numberMember, ok, type Result, stringMember } from '@lb/protocol'
import type { Bar, BarReason } from './bar.ts'
import { freshNode, type NodeHealth } from './node.ts'
import type { HealthPolicy } from './policy.ts'
import type { NodePath } from './target.ts'
import { emptyHealth, type HealthState, nodesOf, withNode } from './tree.ts'

/** Both clocks, read together: how a moment of this process becomes a moment of the world, and back. */
export interface Clocks {
  readonly nowMs: number
  readonly epochMs: number
}

/** What is worth keeping across a restart, in wall clock: who is barred, since and until when. */
export interface HealthSnapshot {
  readonly version: 1
  readonly nodes: readonly SavedNode[]
}

/** One node: barred, or switched off. */
export interface SavedNode extends NodePath {
  readonly reason: BarReason | 'disabled'
  readonly sinceEpochMs: number
  readonly untilEpochMs: number
  readonly probeAtEpochMs: number
  readonly notBeforeEpochMs: number | null
  readonly growth: number
}

/** Takes a snapshot. Counts are left out: a restart is a fresh start for all that was not decided yet. */
export function snapshotOf(state: HealthState, clocks: Clocks): HealthSnapshot {
  const toEpoch = (ms: number): number => Math.round(ms + clocks.epochMs - clocks.nowMs)
  return {
    version: 1,
    nodes: nodesOf(state).flatMap(({ path, node }): SavedNode[] => {
      if (node.state.kind === 'closed') return []
      const saved = { ...path, growth: node.growth.level }
      if (node.state.kind === 'disabled') {
        const since = toEpoch(node.state.sinceMs)
        const never = { sinceEpochMs: since, untilEpochMs: since, probeAtEpochMs: since, notBeforeEpochMs: null }
        return [{ ...saved, ...never, reason: 'disabled' }]
      }
      const { bar } = node.state
      return [
        {
          ...saved,
          reason: bar.reason,
          sinceEpochMs: toEpoch(bar.sinceMs),
          untilEpochMs: toEpoch(bar.untilMs),
          probeAtEpochMs: toEpoch(bar.probeAtMs),
          notBeforeEpochMs: bar.notBeforeMs === null ? null : toEpoch(bar.notBeforeMs),
        },
      ]
    }),
  }
}

/**
 * Restores what {@link snapshotOf} saved. Nodes that cannot be read are left out; what a clock that jumped meanwhile
 * would make last for days is cut to the longest that its reason can last.
 *
 * @returns an error only if the whole is no snapshot.
 */
export function restoreHealth(saved: Json, clocks: Clocks, policy: HealthPolicy): Result<HealthState, string> {
  const nodes = member(saved, 'nodes')
  if (numberMember(saved, 'version') !== 1 || !Array.isArray(nodes)) return err('not a health snapshot of version 1')
  return ok(
    nodes.reduce<HealthState>((state, entry) => {
      const read = readNode(entry, clocks, policy)
      return read === undefined ? state : withNode(state, read.path, read.node)
    }, emptyHealth),
  )
}

/** `state` without the providers that are not configured any more. */
export function keepProviders(state: HealthState, names: readonly string[]): HealthState {
  return { providers: Object.fromEntries(Object.entries(state.providers).filter(([name]) => names.includes(name))) }
}

function readNode(
  entry: Json,
  clocks: Clocks,
  policy: HealthPolicy,
): { readonly path: NodePath; readonly node: NodeHealth } | undefined {
  const path = readPath(entry)
  const reason = stringMember(entry, 'reason')
  const bar = readBar(entry, clocks)
  if (path === undefined || bar === undefined || reason === undefined) return undefined
  const level = Math.min(policy.growthMax, Math.max(0, Math.floor(numberMember(entry, 'growth') ?? 0)))
  const node: NodeHealth = { ...freshNode, growth: { level, atMs: bar.sinceMs }, barredMs: bar.sinceMs }
  if (reason === 'disabled') return { path, node: { ...freshNode, state: { kind: 'disabled', sinceMs: bar.sinceMs } } }
  if (!isReason(reason) || bar.untilMs <= clocks.nowMs) return undefined
  const limited = limitedBar({ ...bar, reason }, clocks.nowMs, policy)
  return {
    path,
    node: { ...node, state: { kind: 'barred', bar: limited, lastResort: { level: 0, atMs: clocks.nowMs } } },
  }
}

function readPath(entry: Json): NodePath | undefined {
  const provider = stringMember(entry, 'provider')
  if (!isJsonObject(entry) || provider === undefined) return undefined
  return {
    provider,
    credential: stringMember(entry, 'credential') ?? null,
    model: stringMember(entry, 'model') ?? null,
  }
}

function readBar(entry: Json, { nowMs, epochMs }: Clocks): Omit<Bar, 'reason'> | undefined {
  const since = numberMember(entry, 'sinceEpochMs')
  const until = numberMember(entry, 'untilEpochMs')
  const probeAt = numberMember(entry, 'probeAtEpochMs')
  const notBefore = numberMember(entry, 'notBeforeEpochMs')
  if (since === undefined || until === undefined || probeAt === undefined) return undefined
  const toNow = (epoch: number): number => epoch - epochMs + nowMs
  return {
    // A start in the future would make every result look old.
    sinceMs: Math.min(toNow(since), nowMs),
    untilMs: toNow(until),
    probeAtMs: toNow(probeAt),
    notBeforeMs: notBefore === undefined ? null : toNow(notBefore),
  }
}

function isReason(text: string): text is BarReason {
  return Object.hasOwn(longest, text)
}

/** How long a bar of each reason can last at most. */
const longest: Readonly<Record<BarReason, (policy: HealthPolicy) => number>> = {
  ejected: (policy) => policy.cooldownMs ?? policy.cooldownMaxMs,
  overloaded: (policy) => policy.overloadMaxMs,
  paused: () => 8 * 24 * 3_600_000,
  credits: () => 8 * 24 * 3_600_000,
  down: (policy) => policy.rareProbeMs,
  unsupported: (policy) => policy.unsupportedMs,
}

function limitedBar(bar: Bar, nowMs: number, policy: HealthPolicy): Bar {
  const latestMs = nowMs + longest[bar.reason](policy)
  return {
    ...bar,
    untilMs: Math.min(bar.untilMs, latestMs),
    probeAtMs: Math.min(bar.probeAtMs, latestMs, nowMs + policy.rareProbeMs),
    notBeforeMs: bar.notBeforeMs === null ? null : Math.min(bar.notBeforeMs, latestMs),
  }
}
