import type { ClientKind, Ending } from '@lb/router'

/** How far a client is with one request. */
export interface Backoff {
  readonly tries: number
  readonly retries: number
  readonly kind: ClientKind
}

/** Claude Code gives up at once when it is told to wait longer. */
const LONGEST_MS = 60_000

/**
 * When a client sends its request again, as Claude Code does: 0.5 s·2^n up to 32 s with a quarter of jitter, never
 * before `retry-after`, never when told not to; a dropped connection after 0.8 s.
 *
 * @returns milliseconds, or `undefined`: it gives up.
 */
export function retryDelayMs(ending: Ending, { tries, retries, kind }: Backoff, roll: number): number | undefined {
  if (tries >= retries) return undefined
  const backoffMs = Math.min(32_000, 500 * 2 ** tries) * (1 + roll / 4)
  switch (ending.type) {
    case 'finish':
      return undefined
    case 'give-up': {
      if (!ending.shouldRetry) return undefined
      const delayMs = Math.max(backoffMs, Math.ceil((ending.retryAfterMs ?? 0) / 1000) * 1000)
      return delayMs > LONGEST_MS ? undefined : delayMs
    }
    case 'end-truthfully':
      return backoffMs
    case 'abort-client':
      return kind === 'retries-drops' ? 800 : undefined
  }
}
