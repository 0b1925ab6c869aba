const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/**
 * A length of time for people: its two largest units.
 *
 * @example humanLength(9_000_000) // → '2h 30m'
 */
function humanLength(ms: number): string {
  const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs)
  if (first === -1) return '0s'
  let restMs = ms
  const parts: string[] = []
  for (const [letter, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(restMs / unitMs)
    restMs -= count * unitMs
    if (count > 0) parts.push(`${count}${letter}`)
  }
  return parts.join(' ')
}

/** What is left of a token's life: `2h 30m`, `expired`, or `no end` when it has none. */
export function humanRemaining(remainingMs: number | null): string {
  if (remainingMs === null) return 'no end'
  return remainingMs <= 0 ? 'expired' : humanLength(remainingMs)
}

/** How long ago something was: `5m ago`, `just now`, `Never`. */
export function humanAgo(thenMs: number | null, epochMs: number): string {
  if (thenMs === null) return 'Never'
  return epochMs - thenMs < 1_000 ? 'just now' : `${humanLength(epochMs - thenMs)} ago`
}
