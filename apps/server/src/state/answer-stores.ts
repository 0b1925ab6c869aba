import { isDeepStrictEqual } from 'node:util'
import type { AnswerCachePolicy, AnswerStore } from '@lb/dedup'
import { memoryStore } from '../flights/answers.ts'
import type { CompiledConfig } from './compiled-config.ts'

/** Where whole answers are kept, when the operator wants that. */
export interface AnswerStores {
  /** `undefined`: they are not kept. */
  of(compiled: CompiledConfig): AnswerStore | undefined
  /** Forgets them all. */
  clear(): void
}

/** One store at a time. It outlives a reload that leaves its settings as they are. */
export function createAnswerStores(): AnswerStores {
  let policy: AnswerCachePolicy | undefined
  let store: AnswerStore | undefined
  return {
    of({ answerCache }) {
      if (answerCache !== policy && !isDeepStrictEqual(answerCache, policy)) {
        store = answerCache.enabled ? memoryStore(answerCache) : undefined
      }
      policy = answerCache
      return store
    },
    clear() {
      policy = undefined
    },
  }
}
