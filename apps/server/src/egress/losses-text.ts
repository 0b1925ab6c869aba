import type { Loss } from '@lb/convert'

/** How often each kind of loss happened, by its code. */
export function lossCounts(losses: Iterable<Loss>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code, count } of losses) counts[code] = (counts[code] ?? 0) + count
  return counts
}

/** The same for a header: `sampling_dropped=1, thinking_dropped=2`; `none` where nothing was lost. */
export function lossesText(losses: Iterable<Loss>): string {
  const counts = Object.entries(lossCounts(losses))
  return counts.length === 0 ? 'none' : counts.map(([code, count]) => `${code}=${count}`).join(', ')
}
