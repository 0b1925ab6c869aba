import type { Instant } from '@lb/oauth'
import type { Timers } from '../accounts.ts'
import type { InstantClock } from '../boot-clock.ts'

/** A clock and timers that stand still until they are moved. The wall clock can be set apart from the monotonic one. */
export interface VirtualTime extends InstantClock, Timers {
  /** Lets time pass on both clocks; what falls due on the way is called, and what that starts is given time to settle. */
  advance(ms: number): Promise<void>
  /** Somebody sets the wall clock. */
  setWall(byMs: number): void
  /** The machine starts anew: the monotonic clock begins at another start. */
  reboot(): void
}

/** Time at some moment of 2026. */
export function createVirtualTime(): VirtualTime {
  let nowMs = 1_000_000
  let wallMs = 1_795_000_000_000
  let boot = 1
  const due = new Set<{ readonly atMs: number; readonly call: () => void }>()
  const read = (): Instant => ({ nowMs, clockId: `boot-${boot}`, epochMs: wallMs })
  return {
    read,
    setWall(byMs) {
      wallMs += byMs
    },
    reboot() {
      boot += 1
      nowMs = 5_000
    },
    after(ms, call) {
      const timer = { atMs: nowMs + ms, call }
      due.add(timer)
      return () => due.delete(timer)
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        const next = [...due].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        const atMs = next?.atMs ?? untilMs
        wallMs += atMs - nowMs
        nowMs = atMs
        if (next === undefined) break
        due.delete(next)
        next.call()
        await settle()
      }
      await settle()
    },
  }
}

/** Lets everything that is only waiting for memory run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
