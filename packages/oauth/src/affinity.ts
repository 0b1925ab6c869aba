/**
 * Which account a conversation belongs to. Prompt caches are kept per account, so a conversation that changes accounts pays
 * for its whole prompt again: it stays where it is, goes elsewhere only while its account cannot be used, and comes back as
 * long as its cache there may still be warm.
 *
 * A memory, not a decider: mutable inside, bounded, no clock. Time comes in with each call.
 */
export interface Affinity {
  /** The account that the session should use, if there is one that can be. */
  prefer(session: string, usable: (key: string) => boolean, nowMs: number): string | undefined
  /** The session was given this account now. */
  bind(session: string, key: string, nowMs: number): void
  /** The account is gone: no session belongs to it any more. */
  forget(key: string): void
  /** How many sessions are remembered. */
  readonly size: number
}

/** Limits of the memory. */
export interface AffinityLimits {
  /** How long a session is remembered after its last use. */
  readonly ttlMs: number
  /** How many sessions at most; the one that was used longest ago goes first. */
  readonly sessions: number
}

interface Binding {
  /** Where the conversation's cache is, and when it was last used there. */
  home: string
  homeUsedMs: number
  /** Where it is meanwhile, when home could not be used. */
  away: string | undefined
  usedMs: number
}

/** An empty memory. */
export function createAffinity(limits: AffinityLimits): Affinity {
  return new Bindings(limits)
}

class Bindings implements Affinity {
  /** A Map keeps the order of insertion; taking an entry out and putting it back makes it the youngest. */
  private readonly bindings = new Map<string, Binding>()
  private readonly limits: AffinityLimits

  constructor(limits: AffinityLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.bindings.size
  }

  prefer(session: string, usable: (key: string) => boolean, nowMs: number): string | undefined {
    const binding = this.live(session, nowMs)
    if (binding === undefined) return undefined
    const { home, away } = binding
    if (usable(home) && (away === undefined || this.isWarm(binding, nowMs))) return home
    return away !== undefined && usable(away) ? away : undefined
  }

  bind(session: string, key: string, nowMs: number): void {
    const { bindings, limits } = this
    const binding = this.live(session, nowMs)
    bindings.delete(session)
    bindings.set(session, rebound(binding, key, nowMs, binding !== undefined && this.isWarm(binding, nowMs)))
    if (bindings.size <= limits.sessions) return
    for (const oldest of bindings.keys()) {
      bindings.delete(oldest)
      break
    }
  }

  forget(key: string): void {
    for (const [session, binding] of this.bindings) {
      if (binding.home === key) this.bindings.delete(session)
      else if (binding.away === key) binding.away = undefined
    }
  }

  private live(session: string, nowMs: number): Binding | undefined {
    const binding = this.bindings.get(session)
    return binding !== undefined && nowMs - binding.usedMs <= this.limits.ttlMs ? binding : undefined
  }

  private isWarm(binding: Binding, nowMs: number): boolean {
    return nowMs - binding.homeUsedMs <= this.limits.ttlMs
  }
}

function rebound(binding: Binding | undefined, key: string, nowMs: number, warm: boolean): Binding {
  if (binding === undefined || binding.home === key || !warm) {
    return { home: key, homeUsedMs: nowMs, away: undefined, usedMs: nowMs }
  }
  return { ...binding, away: key, usedMs: nowMs }
}
