/** Longer than any client waits for the first byte. */
const LONGEST_MS = 600_000

/**
 * How long a request may be on its way to its first byte, all attempts together.
 *
 * @param stainlessTimeout the header `X-Stainless-Timeout`, in seconds, as Anthropic's SDKs send it.
 * @param routeTimeoutMs what the route allows, or `null`.
 * @returns milliseconds, at most ten minutes.
 * @see https://github.com/anthropics/anthropic-sdk-typescript/blob/main/src/client.ts
 */
export function requestTimeoutMs(stainlessTimeout: string | undefined, routeTimeoutMs: number | null): number {
  const seconds =
    stainlessTimeout === undefined || !/^\d+(\.\d+)?$/.test(stainlessTimeout) ? 0 : Number(stainlessTimeout)
  const clientMs = seconds > 0 ? seconds * 1000 : LONGEST_MS
  return Math.min(clientMs, routeTimeoutMs ?? LONGEST_MS, LONGEST_MS)
}
