/**
 * Where ONE conversation is at home. Its prompt cache lives with a credential, and thinking signatures with a provider,
 * so it stays there: a transient fault only borrows another target, and the conversation returns while its cache may
 * still be warm.
 *
 *   none ── first success ──▶ at home ── home unusable, success elsewhere ──▶ lent ── home usable and warm ──▶ at home
 *                                │                                            └─ home cold ──▶ at home there
 *                                └─ credential dead, quota gone, removed ──▶ none (the next success is the new home)
 *
 * The server keeps one per session key, with a limit and the same lifetime.
 */
export interface Affinity {
  readonly home: string
  /** The last success at home: how warm its cache can be. */
  readonly homeUsedMs: number
  /** Who stands in for it, so that a long outage builds one new cache and not many. */
  readonly lent: string | null
  readonly usedMs: number
}

/** What happened to the conversation. */
export type AffinityEvent =
  /** An attempt starts and nobody is home yet: concurrent first requests shall agree. */
  | { readonly type: 'started'; readonly candidate: string }
  | { readonly type: 'succeeded'; readonly candidate: string }
  /** Its home failed in a way that no wait mends (dead credential, exhausted quota), or was removed. */
  | { readonly type: 'released'; readonly candidate: string }

/** `sticky_provider_duration` (default 300 s): a home that was not used for this long is forgotten. Renewed by use. */
export interface AffinityPolicy {
  readonly lifetimeMs: number
}

/** The decider. `null`: no home. */
export function stepAffinity(
  affinity: Affinity | null,
  event: AffinityEvent,
  nowMs: number,
  policy: AffinityPolicy,
): Affinity | null {
  const live = affinity !== null && nowMs - affinity.usedMs < policy.lifetimeMs ? affinity : null
  switch (event.type) {
    case 'started':
      return live ?? { home: event.candidate, homeUsedMs: nowMs, lent: null, usedMs: nowMs }
    case 'succeeded':
      return succeeded(live, event.candidate, nowMs, policy)
    case 'released':
      return released(live, event.candidate)
  }
}

/**
 * Whom the conversation would rather have, best first. The caller takes the first that is usable.
 */
export function homesOf(affinity: Affinity | null, nowMs: number, policy: AffinityPolicy): readonly string[] {
  if (affinity === null || nowMs - affinity.usedMs >= policy.lifetimeMs) return []
  if (affinity.lent === null) return [affinity.home]
  return isWarm(affinity, nowMs, policy) ? [affinity.home, affinity.lent] : [affinity.lent]
}

function isWarm({ homeUsedMs }: Affinity, nowMs: number, policy: AffinityPolicy): boolean {
  return nowMs - homeUsedMs < policy.lifetimeMs
}

function succeeded(live: Affinity | null, candidate: string, nowMs: number, policy: AffinityPolicy): Affinity {
  const settled: Affinity = { home: candidate, homeUsedMs: nowMs, lent: null, usedMs: nowMs }
  if (live === null || live.home === candidate) return settled
  return isWarm(live, nowMs, policy) ? { ...live, lent: candidate, usedMs: nowMs } : settled
}

function released(live: Affinity | null, candidate: string): Affinity | null {
  if (live === null || live.home !== candidate) return live
  return live.lent === null ? null : { home: live.lent, homeUsedMs: live.usedMs, lent: null, usedMs: live.usedMs }
}
