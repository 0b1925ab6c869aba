import type { UsageEntry } from './usage-entry.ts'

/**
 * One line of the books, as it goes from the main thread to the thread that writes it: a flat list, because that is what is
 * copied between threads for the least.
 */
export type UsageRow = readonly [
  atMs: number,
  kind: number,
  request: string,
  key: string,
  provider: string,
  model: string,
  endpoint: string,
  session: string | null,
  failed: number,
  input: number,
  cacheRead: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
  output: number,
  thinking: number,
  webSearches: number,
  nanoUsd: number | null,
  estimated: number,
]

/** The numbers of {@link UsageEntry.kind} in the books. They never change. */
export const kindNumbers = { request: 0, part: 1, waste: 2, saved: 3 } as const

export function rowOf(entry: UsageEntry): UsageRow {
  const { account, counts } = entry
  return [
    entry.atMs,
    kindNumbers[entry.kind],
    account.request,
    account.key,
    entry.provider,
    entry.model,
    account.endpoint,
    account.session,
    entry.isFailed ? 1 : 0,
    counts.input,
    counts.cacheRead,
    counts.cacheWrite5m,
    counts.cacheWrite1h,
    counts.output,
    counts.thinking,
    counts.webSearches,
    entry.nanoUsd ?? null,
    entry.isEstimated ? 1 : 0,
  ]
}
