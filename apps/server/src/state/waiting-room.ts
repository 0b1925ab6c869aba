import { nextReleaseDeadlineMs, type Phase, type ReleaseEvent, shutRelease, stepRelease } from '@lb/router'
import type { Clock } from '../clock.ts'

/** Why an attempt loop waits. */
export type WaitReason = Extract<Phase, { readonly kind: 'waiting' }>['why']

/**
 * Where requests wait that nobody can take now. Each leaves a way to be woken; after an outage they are woken one by one, so
 * that a target that has just come back is not knocked over by all at once.
 */
export interface WaitingRoom {
  /** A request's loop waits, or ceases to. `wake` makes it look again. */
  changed(request: string, why: WaitReason | null, wake: () => void): void
  /** A place is free for this one. */
  wake(request: string): void
  /** Health said that something is usable again, or not any more. */
  health(event: 'recovered' | 'barred'): void
}

export function createWaitingRoom(clock: Clock): WaitingRoom {
  const wakers = new Map<string, () => void>()
  const held = new Set<string>()
  let release = shutRelease
  let timer: NodeJS.Timeout | undefined

  function tell(event: ReleaseEvent): void {
    const step = stepRelease(release, event, clock.nowMs())
    release = step.release
    for (const effect of step.effects) wakers.get(effect.request)?.()
    setTimer()
  }

  function setTimer(): void {
    clearTimeout(timer)
    const atMs = nextReleaseDeadlineMs(release)
    if (atMs === undefined) return
    timer = setTimeout(() => tell({ type: 'tick' }), Math.max(1, Math.ceil(atMs - clock.nowMs())))
    // The requests that wait keep the process alive; this does not.
    timer.unref()
  }

  return {
    changed(request, why, wake) {
      if (why === null) wakers.delete(request)
      else wakers.set(request, wake)
      // A request may sleep before it holds, or hold before it queues.
      if (why === 'hold') tell({ type: 'held', request })
      else if (held.has(request)) tell({ type: 'left', request })
      if (why === 'hold') held.add(request)
      else held.delete(request)
    },
    wake: (request) => wakers.get(request)?.(),
    health: (type) => tell({ type }),
  }
}
