/** As long as the official SDKs wait by themselves. */
const DEFAULT_MS = 600_000

/**
 * How long a request may be on its way to its first byte, all attempts together.
 *
 * @param stainlessTimeout the header `X-Stainless-Timeout`, in seconds, as Anthropic's SDKs send it.
 * @param routeTimeoutMs what the operator allows, or `null`: ten minutes.
 * @returns milliseconds, never more than the operator allows.
 * @see https://github.com/anthropics/anthropic-sdk-typescript/blob/main/src/client.ts
 */
export function requestTimeoutMs(stainlessTimeout: string | undefined, routeTimeoutMs: number | null): number {
  const seconds =
    stainlessTimeout === undefined || !/^\d+(\.\d+)?$/.test(stainlessTimeout) ? 0 : Number(stainlessTimeout)
  const clientMs = seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY
  return Math.min(clientMs, routeTimeoutMs ?? DEFAULT_MS)
}
