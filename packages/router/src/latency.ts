/**
 * Peak-sensitive moving average of the time to first token of one target: it jumps to every new peak and forgets slowly,
 * so that a target that begins to stall loses its traffic at once. Fed with first tokens, never with whole answers: how
 * long a model writes says nothing about the upstream.
 *
 * @see https://github.com/twitter/finagle/blob/develop/doc/src/sphinx/Clients.rst (Peak EWMA)
 */
export interface Latency {
  readonly ms: number
  readonly atMs: number
}

const DECAY_MS = 60_000

/** `latency` after an observation of `ttftMs`; `null` before the first. */
export function observeLatency(latency: Latency | null, ttftMs: number, nowMs: number): Latency {
  if (latency === null || ttftMs > latency.ms) return { ms: ttftMs, atMs: nowMs }
  const keep = Math.exp(-Math.max(0, nowMs - latency.atMs) / DECAY_MS)
  return { ms: latency.ms * keep + ttftMs * (1 - keep), atMs: nowMs }
}
