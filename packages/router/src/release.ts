/**
 * The end of a total outage: everybody who waited would rush to the first target that is back, and knock it over again.
 * So the waiting are woken one after the other, in the order in which they came.
 *
 *   shut ── recovered ──▶ open, one woken every 20 ms ── barred, or nobody waits ──▶ shut
 *
 * Whoever was woken and found nobody for itself waits on, and is woken again by the next that recovers.
 */
export interface Release {
  readonly waiting: readonly string[]
  /** They were woken by what recovered last. */
  readonly woken: readonly string[]
  /** When the next one is due; `null`: shut. */
  readonly nextMs: number | null
}

/** What happened: a loop began or ceased to wait with `hold`, or health said `recovered` or `barred`. */
export type ReleaseEvent =
  | { readonly type: 'held' | 'left'; readonly request: string }
  | { readonly type: 'recovered' | 'barred' | 'tick' }

/** Give this request's loop `candidates-changed`. */
export interface ReleaseEffect {
  readonly type: 'wake'
  readonly request: string
}

/** The queue and whom to wake. */
export interface ReleaseStep {
  readonly release: Release
  readonly effects: readonly ReleaseEffect[]
}

/** Nobody waits. */
export const shutRelease: Release = { waiting: [], woken: [], nextMs: null }

const STEP_MS = 20

/** The decider. */
export function stepRelease(release: Release, event: ReleaseEvent, nowMs: number): ReleaseStep {
  switch (event.type) {
    case 'held':
      return waking({ ...release, waiting: [...release.waiting, event.request] }, nowMs)
    case 'left':
      return {
        release: {
          ...release,
          waiting: release.waiting.filter((other) => other !== event.request),
          woken: release.woken.filter((other) => other !== event.request),
        },
        effects: [],
      }
    case 'recovered': {
      const waiting = [...release.waiting, ...release.woken]
      return waking({ waiting, woken: [], nextMs: release.nextMs ?? nowMs }, nowMs)
    }
    case 'barred':
      return { release: { ...release, nextMs: null }, effects: [] }
    case 'tick':
      return waking(release, nowMs)
  }
}

/** When it wants a `tick`. */
export function nextReleaseDeadlineMs({ waiting, nextMs }: Release): number | undefined {
  return waiting.length === 0 ? undefined : (nextMs ?? undefined)
}

function waking(release: Release, nowMs: number): ReleaseStep {
  if (release.nextMs === null || nowMs < release.nextMs) return { release, effects: [] }
  const [first, ...waiting] = release.waiting
  if (first === undefined) return { release: { ...release, nextMs: null }, effects: [] }
  const woken = [...release.woken, first]
  return { release: { waiting, woken, nextMs: nowMs + STEP_MS }, effects: [{ type: 'wake', request: first }] }
}
