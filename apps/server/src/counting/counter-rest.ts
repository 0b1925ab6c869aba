/** Which upstreams' counters are left alone for a while, because they failed. It has nothing to do with their health. */
export interface CounterRest {
  mayAsk(provider: string, model: string): boolean
  /** An answer, be it a refusal: there is a counter. */
  worked(provider: string): void
  failed(provider: string, policy: RestPolicy): void
  /** There is no counter for this model. */
  missing(provider: string, model: string, policy: RestPolicy): void
}

/** `settings.token_counting`. */
export interface RestPolicy {
  /** Failures in a row. */
  readonly failureThreshold: number
  readonly apiFailureCooldownMs: number
}

const MOST_RESTING = 1_000

export function createCounterRest(nowMs: () => number): CounterRest {
  const failures = new Map<string, number>()
  /** By provider, or provider and model; monotonic. */
  const restingUntilMs = new Map<string, number>()

  function rest(name: string, { apiFailureCooldownMs }: RestPolicy): void {
    if (restingUntilMs.size >= MOST_RESTING) restingUntilMs.clear()
    restingUntilMs.set(name, nowMs() + apiFailureCooldownMs)
  }

  function isResting(name: string): boolean {
    return (restingUntilMs.get(name) ?? 0) > nowMs()
  }

  return {
    mayAsk: (provider, model) => !isResting(provider) && !isResting(modelOf(provider, model)),
    worked(provider) {
      failures.delete(provider)
      restingUntilMs.delete(provider)
    },
    failed(provider, policy) {
      const count = (failures.get(provider) ?? 0) + 1
      failures.set(provider, count)
      // After the rest a single failure is enough: the count goes on.
      if (count >= policy.failureThreshold) rest(provider, policy)
    },
    missing: (provider, model, policy) => rest(modelOf(provider, model), policy),
  }
}

function modelOf(provider: string, model: string): string {
  return JSON.stringify([provider, model])
}
