import { type HealthPolicy, type NodeHealth, type NodePath, nodesOf } from '@lb/health'
import type { House } from '../state/house.ts'
import type { HealthNode } from './provider-shape.ts'

/** How a moment of the monotonic clock is shown: in epoch seconds, and in seconds from now. */
export interface Watch {
  readonly nowMs: number
  readonly epochMs: number
}

/** What health knows about a provider: one entry for each part about which there is anything to know. */
export function healthNodes(house: House, provider: string, watch: Watch): readonly HealthNode[] {
  const { healthPolicy } = house.current()
  return nodesOf(house.targets.health())
    .filter(({ path }) => path.provider === provider)
    .map(({ path, node }) => view(path, node, healthPolicy, watch))
}

/** The count of a node, in failures. A node that was ejected by counting had reached the threshold. */
export function countOf({ state }: NodeHealth, { threshold }: HealthPolicy): number {
  if (state.kind === 'closed') return state.count
  return 'bar' in state && state.bar.reason === 'ejected' ? threshold : 0
}

function view({ credential, model }: NodePath, node: NodeHealth, policy: HealthPolicy, watch: Watch): HealthNode {
  const { state } = node
  const shown = { credential, model, state: state.kind, count: `${countOf(node, policy)}/${policy.threshold}` }
  if (state.kind === 'closed') return shown
  if (state.kind === 'disabled') return { ...shown, reason: 'disabled', since: epoch(state.sinceMs, watch) }
  const { bar } = state
  const untilMs = state.kind === 'half-open' ? Math.max(bar.untilMs, state.probe.untilMs) : bar.untilMs
  const probeMs = state.kind === 'half-open' ? state.probe.untilMs : bar.probeAtMs
  return {
    ...shown,
    reason: bar.reason,
    since: epoch(bar.sinceMs, watch),
    until: epoch(untilMs, watch),
    seconds_left: secondsTo(untilMs, watch),
    probe_in: secondsTo(probeMs, watch),
  }
}

function epoch(atMs: number, { nowMs, epochMs }: Watch): number {
  return rounded((atMs - nowMs + epochMs) / 1000)
}

function secondsTo(atMs: number, { nowMs }: Watch): number {
  return rounded(Math.max(0, atMs - nowMs) / 1000)
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
