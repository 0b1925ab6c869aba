import { setTimeout as wait } from 'node:timers/promises'

/** The only clocks of a mock provider. Tests pass their own. */
export interface MockClock {
  /** Monotonic milliseconds: the times in records. */
  nowMs(): number
  /** Wall clock, used where a script says `epochMs: now`. */
  epochMs(): number
  /** Resolves after `ms`, or as soon as `gone` is aborted; never rejects. */
  sleep(ms: number, gone: AbortSignal): Promise<void>
}

/** Real time. */
export const realClock: MockClock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  sleep: (ms, gone) => wait(ms, undefined, { signal: gone }).catch(() => undefined),
}
