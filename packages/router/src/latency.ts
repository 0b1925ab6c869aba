/**
 * Peak-sensitive moving average of the time to first token of one target: it jumps to every new peak and forgets slowly,
 * so that a target that begins to stall loses its traffic at once. Whole answers have one of their own, and nobody is chosen
 * by it: how long a model writes says nothing about the upstream, only for how long silence is nothing unusual.
 *
 * @see https://github.com/twitter/finagle/blob/develop/doc/src/sphinx/Clients.rst (Peak EWMA)
 */
export interface Latency {
  readonly ms: number
  readonly atMs: number
}

const DECAY_MS = 60_000

/** `latency` after an observation of `tookMs`; `null` before the first. */
export function observeLatency(latency: Latency | null, tookMs: number, nowMs: number): Latency {
  if (latency === null || tookMs > latency.ms) return { ms: tookMs, atMs: nowMs }
  const keep = Math.exp(-Math.max(0, nowMs - latency.atMs) / DECAY_MS)
  return { ms: latency.ms * keep + tookMs * (1 - keep), atMs: nowMs }
}
