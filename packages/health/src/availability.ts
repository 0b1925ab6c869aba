import { type Bar, later } from './bar.ts'
import { isLapsed, type NodeHealth } from './node.ts'
import type { HealthPolicy } from './policy.ts'
import { familyOf, isFamily, type NodePath, type Target } from './target.ts'
import { type CredentialHealth, type HealthState, own, type ProviderHealth } from './tree.ts'

/**
 * May this target be used? The answer of the weakest of its nodes. The router takes it as it is.
 */
export type Availability =
  /** Yes. `share` < 1 while it recovers: only so much of its usual traffic. */
  | { readonly kind: 'available'; readonly share: number }
  /** It was barred and is due: one request may find out. */
  | { readonly kind: 'probe' }
  | {
      readonly kind: 'barred'
      readonly reason: Bar['reason'] | 'disabled'
      /** A wait does not help: a dead credential, a missing model, an operator's switch. */
      readonly hard: boolean
      /** When it is expected back; `null`: nobody knows. */
      readonly untilMs: number | null
      /** The date that the upstream gave, if it gave one: nobody may ask before it. */
      readonly notBeforeMs: number | null
      /** From when a request that has nothing else left may try it all the same; `null`: not at all. */
      readonly lastResortAtMs: number | null
    }

const whole: Availability = { kind: 'available', share: 1 }
const due: Availability = { kind: 'probe' }

/** A recovering target gets at least this share at once, or its slow start would never begin. */
const SHARE_MIN = 0.1

/** The availability of `target` at `nowMs`. */
export function availabilityOf(state: HealthState, target: Target, nowMs: number, policy: HealthPolicy): Availability {
  const provider = own(state.providers, target.provider)
  if (provider === undefined) return whole
  const { model } = target
  let weakest = weakened(whole, provider.node, nowMs, policy)
  weakest = weakened(weakest, own(provider.models, model), nowMs, policy)
  const credential = target.credential === null ? undefined : own(provider.credentials, target.credential)
  if (credential === undefined) return weakest
  weakest = weakened(weakest, credential.node, nowMs, policy)
  weakest = weakened(weakest, own(credential.models, model), nowMs, policy)
  const family = knownFamily(credential, model)
  return family === undefined ? weakest : weakened(weakest, own(credential.models, family), nowMs, policy)
}

/** The paths of the nodes that are known of those that a target stands on, outermost first. */
export function knownPaths(health: ProviderHealth, { provider, credential, model }: Target): readonly NodePath[] {
  const paths: NodePath[] = []
  if (health.node !== null) paths.push({ provider, credential: null, model: null })
  if (own(health.models, model) !== undefined) paths.push({ provider, credential: null, model })
  const below = credential === null ? undefined : own(health.credentials, credential)
  if (below === undefined) return paths
  if (below.node !== null) paths.push({ provider, credential, model: null })
  if (own(below.models, model) !== undefined) paths.push({ provider, credential, model })
  const family = knownFamily(below, model)
  if (family !== undefined) paths.push({ provider, credential, model: family })
  return paths
}

/** The family's node, if there is one: the model's family is worked out only where any family has a node. */
function knownFamily({ models }: CredentialHealth, model: string): string | undefined {
  for (const name in models) {
    if (!isFamily(name)) continue
    const family = familyOf(model)
    return family !== undefined && own(models, family) !== undefined ? family : undefined
  }
  return undefined
}

function weakened(
  availability: Availability,
  node: NodeHealth | null | undefined,
  nowMs: number,
  policy: HealthPolicy,
): Availability {
  return node === null || node === undefined ? availability : weaker(availability, ofNode(node, nowMs, policy))
}

function ofNode(node: NodeHealth, nowMs: number, policy: HealthPolicy): Availability {
  const { state } = node
  if (isLapsed(state, nowMs, policy)) return whole
  switch (state.kind) {
    case 'closed':
      return state.recoveredMs === null ? whole : recovering(state.recoveredMs, nowMs, policy)
    case 'barred':
      return nowMs >= state.bar.probeAtMs ? due : barred(state.bar, state.bar.untilMs, state.lastResort.atMs)
    case 'half-open':
      return nowMs >= state.probe.untilMs
        ? due
        : barred(state.bar, Math.max(state.bar.untilMs, state.probe.untilMs), state.lastResort.atMs)
    case 'disabled':
      return { kind: 'barred', reason: 'disabled', hard: true, untilMs: null, notBeforeMs: null, lastResortAtMs: null }
  }
}

function recovering(recoveredMs: number, nowMs: number, policy: HealthPolicy): Availability {
  const share = (nowMs - recoveredMs) / policy.slowStartMs
  return share >= 1 ? whole : { kind: 'available', share: Math.max(SHARE_MIN, share) }
}

function barred(bar: Bar, untilMs: number, lastResortAtMs: number): Availability {
  return {
    kind: 'barred',
    reason: bar.reason,
    hard: bar.reason === 'down' || bar.reason === 'unsupported' || bar.reason === 'credits',
    untilMs,
    notBeforeMs: bar.notBeforeMs,
    lastResortAtMs: Math.max(lastResortAtMs, bar.notBeforeMs ?? 0),
  }
}

function weaker(a: Availability, b: Availability): Availability {
  if (a.kind === 'barred' && b.kind === 'barred') return bothBarred(a, b)
  if (a.kind === 'barred' || b.kind === 'barred') return a.kind === 'barred' ? a : b
  if (a.kind === 'probe' || b.kind === 'probe') return due
  return a.share <= b.share ? a : b
}

type BarredAvailability = Extract<Availability, { readonly kind: 'barred' }>

function bothBarred(a: BarredAvailability, b: BarredAvailability): Availability {
  const longer = b.untilMs === null || (a.untilMs !== null && b.untilMs > a.untilMs) ? b : a
  return {
    kind: 'barred',
    reason: longer.reason,
    hard: a.hard || b.hard,
    untilMs: longer.untilMs,
    notBeforeMs: later(a.notBeforeMs, b.notBeforeMs),
    lastResortAtMs:
      a.lastResortAtMs === null || b.lastResortAtMs === null ? null : Math.max(a.lastResortAtMs, b.lastResortAtMs),
  }
}
