/**
 * Looks for stop sequences in a text that arrives in pieces, for upstreams that take none. Whatever could be the beginning
 * of one is held back until it is decided.
 */
export interface StopSearch {
  /** Takes the next piece. Returns what can be written. */
  push(piece: string): string
  /** Returns what was held back: the text ended without a stop sequence. */
  flush(): string
  /** Whether something is held back. */
  holds(): boolean
  /** The sequence that was found. From then on nothing is given out. */
  found(): string | undefined
}

/** Starts a search for `sequences`. Empty ones are never found. */
export function createStopSearch(sequences: readonly string[]): StopSearch {
  const wanted = sequences.filter((sequence) => sequence !== '')
  let held = ''
  let found: string | undefined
  return {
    push(piece) {
      if (found !== undefined) return ''
      const text = held + piece
      const first = firstMatch(text, wanted)
      if (first !== undefined) {
        found = first.sequence
        held = ''
        return text.slice(0, first.at)
      }
      const keep = heldLength(text, wanted)
      held = text.slice(text.length - keep)
      return text.slice(0, text.length - keep)
    },
    flush() {
      const rest = held
      held = ''
      return rest
    },
    holds: () => held !== '',
    found: () => found,
  }
}

interface Match {
  readonly at: number
  readonly sequence: string
}

function firstMatch(text: string, wanted: readonly string[]): Match | undefined {
  let first: Match | undefined
  for (const sequence of wanted) {
    const at = text.indexOf(sequence)
    if (at !== -1 && (first === undefined || at < first.at)) first = { at, sequence }
  }
  return first
}

/** The length of the longest end of `text` that is the beginning of a sequence. */
function heldLength(text: string, wanted: readonly string[]): number {
  let longest = 0
  for (const sequence of wanted) {
    for (let length = Math.min(sequence.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(sequence.slice(0, length))) longest = length
    }
  }
  return longest
}
