import { createHash } from 'node:crypto'
import { parseJson } from '@lb/protocol'
import { createExactCounter, type Encoder, emptyCalibration, estimateTokens, estimateTokensExactly } from '@lb/tokens'
import { LRUCache } from 'lru-cache'
import type { Answering } from '../threads/thread-answers.ts'
import type { TokenAnswers, TokenAsk } from './token-messages.ts'

/**
 * Counts tokens by the vocabulary, which is too slow for the thread that serves: a hundred milliseconds for a long conversation.
 * A text that was counted once is remembered, so the next turn of the same conversation costs little.
 */
export function createTokenAnswers(load: () => Promise<Encoder> = loadVocabulary): Answering<TokenAsk, TokenAnswers> {
  const counter = createExactCounter({
    load,
    hash: (text) => createHash('sha256').update(text).digest('base64'),
    cache: new LRUCache<string, number>({ max: 50_000 }),
  })
  return {
    async load() {
      // Words of all kinds: what is compiled lazily is compiled now.
      await counter.count(['load '.repeat(100)])
      return null
    },
    async estimate({ body, target, isExact }) {
      const json = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
      if (!json.ok) return null
      return isExact
        ? await estimateTokensExactly(json.value, target, emptyCalibration, counter)
        : estimateTokens(json.value, target, emptyCalibration)
    },
  }
}

async function loadVocabulary(): Promise<Encoder> {
  const [{ Tiktoken }, { default: ranks }] = await Promise.all([
    import('js-tiktoken/lite'),
    import('js-tiktoken/ranks/o200k_base'),
  ])
  return new Tiktoken(ranks)
}
