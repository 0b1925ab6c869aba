import { approximateTokens } from './approximate.ts'

/**
 * Counts with the o200k vocabulary, which takes a second to load and far more time for each text than
 * {@link approximateTokens}: so it is loaded when the first text comes, and a text that was counted once is remembered by
 * its hash. A conversation comes again with every turn.
 *
 * It still runs on the caller's thread; for large requests that should be a worker.
 */
export interface ExactCounter {
  /** o200k tokens of all texts together. */
  count(texts: readonly string[]): Promise<number>
}

/** What counts: an `Tiktoken` of js-tiktoken is one. */
export interface Encoder {
  encode(text: string, allowedSpecial?: string[], disallowedSpecial?: string[]): { readonly length: number }
}

/** What a counter needs from outside. */
export interface ExactCounterOptions {
  /**
   * Loads the vocabulary. Called once; after a failure, again with the next count.
   * @example async () => new Tiktoken((await import('js-tiktoken/ranks/o200k_base')).default)
   */
  readonly load: () => Promise<Encoder>
  /** A name for a text, short and without collisions. */
  readonly hash: (text: string) => string
  /** Remembers counts; an LRU map is one. */
  readonly cache: { get(key: string): number | undefined; set(key: string, tokens: number): unknown }
}

/** Creates a counter. Nothing is loaded yet. */
export function createExactCounter({ load, hash, cache }: ExactCounterOptions): ExactCounter {
  let loading: Promise<Encoder> | undefined
  const encoder = (): Promise<Encoder> => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
  const countOne = (text: string, by: Encoder): number => {
    if (text.length < REMEMBERED_LENGTH) return encodedTokens(text, by)
    const key = hash(text)
    const known = cache.get(key)
    if (known !== undefined) return known
    const tokens = encodedTokens(text, by)
    cache.set(key, tokens)
    return tokens
  }
  return {
    async count(texts) {
      const by = await encoder()
      return texts.reduce((sum, text) => sum + countOne(text, by), 0)
    },
  }
}

/** Below this, hashing costs as much as counting. */
const REMEMBERED_LENGTH = 256

/**
 * Long runs of one kind are approximated. They are not words, and the time that byte pair encoding takes for a run grows
 * with its square: 100 KB of one letter would hold up everybody else for minutes.
 */
const LONG_RUN = /\p{L}{33,}|\s{33,}|[^\s\p{L}\p{N}]{33,}/gu

function encodedTokens(text: string, by: Encoder): number {
  let tokens = 0
  let from = 0
  for (const { index, 0: run } of text.matchAll(LONG_RUN)) {
    tokens += ordinaryTokens(text.slice(from, index), by) + approximateTokens(run)
    from = index + run.length
  }
  return Math.round(tokens + ordinaryTokens(text.slice(from), by))
}

/** Words like `<|endoftext|>` are text in a request, not commands. */
function ordinaryTokens(text: string, by: Encoder): number {
  return text === '' ? 0 : by.encode(text, [], []).length
}
