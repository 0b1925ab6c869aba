/** Longer words are not worth a guess. */
const lengthLimit = 64

/**
 * The candidate that `word` was most likely meant to be, or `undefined`. Case, spaces, `_` and `-` do not count as differences,
 * so `authValue` finds `auth_value`; apart from that about one letter in three may differ, or the end may be
 * missing (`warn` finds `WARNING`).
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > lengthLimit) return undefined
  const wanted = bare(word)
  let best: string | undefined
  let bestDistance = Math.min(3, Math.max(1, Math.floor(wanted.length / 3))) + 1
  for (const candidate of candidates) {
    const letters = bare(candidate)
    const isBeginning = wanted.length >= 3 && letters.startsWith(wanted)
    const distance = isBeginning ? Math.min(1, letters.length - wanted.length) : editDistance(wanted, letters)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** The letters of a word, without what people write differently: case, spaces, `_`, `-`. */
export function bare(word: string): string {
  return word.toLowerCase().replace(/[\s_-]/g, '')
}

/** Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let distance = Math.min(Number(last[j]) + 1, Number(row[j - 1]) + 1, Number(last[j - 1]) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, Number(beforeLast[j - 2]) + 1)
      }
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return Number(last[b.length])
}
