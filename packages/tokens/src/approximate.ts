/**
 * Counts o200k tokens without a vocabulary: one pass over the text that looks at the class of each character.
 *
 * A tokenizer first cuts text into words, numbers, runs of punctuation and white space, and most such pieces of ordinary
 * text are one token. So pieces are counted, by what they are and how long. The weights were fitted by least squares to
 * the o200k counts of English prose, TypeScript, C, JSON and recorded prompts; `pnpm --filter @lb/tokens report` says in
 * docs/token-estimates.md how far the result is off.
 *
 * @returns a fraction: many small texts are added up before anybody rounds.
 */
export function approximateTokens(text: string): number {
  let tokens = 0
  let before: Kind | undefined
  let kind = kindAt(text, 0)
  let start = 0
  let capitals = 0
  for (let at = 1; kind !== undefined; at += 1) {
    const next = kindAt(text, at)
    if (next === kind) continue
    if (kind === UPPER && next === LOWER) {
      // A word that begins with capitals goes on.
      capitals = at - start
    } else {
      tokens += costs[kind]({ length: at - start, capitals, before, after: next })
      before = kind
      start = at
      capitals = 0
    }
    kind = next
  }
  return tokens
}

// Kinds of characters. They are numbers because there are as many of them as characters.
const LOWER = 0
const UPPER = 1
const DIGIT = 2
const SPACE = 3
const NEWLINE = 4
const PUNCTUATION = 5
const OTHER_SCRIPT = 6
const SYMBOL = 7
const IDEOGRAPH = 8
type Kind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** Characters of one kind in a row; a word may begin with `capitals` of the other. */
interface Run {
  readonly length: number
  readonly capitals: number
  /** The kinds beside it; unset at the ends of the text. */
  readonly before: Kind | undefined
  readonly after: Kind | undefined
}

/** What a run costs. */
const costs: Readonly<Record<Kind, (run: Run) => number>> = {
  [LOWER]: ({ length, capitals }) =>
    // In `HTTPServer` the last capital belongs to the word.
    capitals > 1 ? abbreviationCost(capitals - 1) + wordCost(length - capitals + 1) : wordCost(length),
  [UPPER]: ({ length }) => (length > 1 ? abbreviationCost(length) : wordCost(length)),
  // Three digits at most are one token; a space before them is another.
  [DIGIT]: ({ length, before }) => 1.67 * Math.ceil(length / 3) + (before === SPACE ? 0.3 : 0),
  // The last space before a word belongs to the word.
  [SPACE]: ({ length, after }) => (length > 1 && after !== NEWLINE ? 0.6 : 0),
  [NEWLINE]: () => 0.79,
  [PUNCTUATION]: ({ length, before, after }) => {
    if (length > 2) return 1.04 + 0.1 * Math.max(0, length - 8)
    if (length === 2) return 0.84
    const opensWord = (after === LOWER || after === UPPER) && before !== SPACE
    return opensWord ? 0.29 : 0.78
  },
  [OTHER_SCRIPT]: ({ length }) => 0.42 * length,
  [SYMBOL]: ({ length }) => 0.9 * length,
  [IDEOGRAPH]: ({ length }) => 0.75 * length,
}

function wordCost(length: number): number {
  if (length <= 8) return 1.05
  return length <= 12 ? 1.31 : 2 + 0.45 * (length - 12)
}

function abbreviationCost(capitals: number): number {
  return 0.74 + 0.3 * capitals
}

function kindAt(text: string, at: number): Kind | undefined {
  const code = text.charCodeAt(at)
  if (code < 128) return ascii[code] as Kind
  return at < text.length ? kindOfWide(code) : undefined
}

const ascii: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 0x61 && code <= 0x7a) return LOWER
  if (code >= 0x41 && code <= 0x5a) return UPPER
  if (code >= 0x30 && code <= 0x39) return DIGIT
  if (code === 0x20 || code === 0x09) return SPACE
  return code === 0x0a || code === 0x0d ? NEWLINE : PUNCTUATION
})

function kindOfWide(code: number): Kind {
  if (code < 0xc0) return PUNCTUATION
  // Latin letters with accents are part of words.
  if (code < 0x250) return LOWER
  // Greek, Cyrillic, Hebrew, Arabic, the scripts of India and South-East Asia.
  if (code < 0x2000) return OTHER_SCRIPT
  if (code < 0x2e80) return SYMBOL
  // Halves of emoji and of rare characters.
  return code >= 0xd800 && code < 0xe000 ? SYMBOL : IDEOGRAPH
}
