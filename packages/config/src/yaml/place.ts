/** One-based. Columns count UTF-16 units, as editors do. */
export interface Place {
  readonly line: number
  readonly column: number
}

/**
 * Tells line and column of offsets in `text`. (The YAML library has a counter of its own, but its parser can report one
 * line end twice when it recovers from an error, and all places after it are wrong then.)
 */
export function placesIn(text: string): (offset: number) => Place {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return (offset) => {
    const inside = Math.max(0, Math.min(offset, text.length))
    let low = 0
    let high = starts.length - 1
    // The last line that starts at or before the offset.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (Number(starts[middle]) <= inside) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: inside - Number(starts[low]) + 1 }
  }
}
