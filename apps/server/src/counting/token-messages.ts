import type { Counted, TokenEstimate } from '@lb/tokens'

/** What the main thread asks the thread that counts tokens. */
export type TokenAsk =
  /** Load the vocabulary, which takes a second. */
  | { readonly kind: 'load'; readonly id: number }
  /** Estimate a request without regard to what was learned. `body`: its JSON text in UTF-8. */
  | {
      readonly kind: 'estimate'
      readonly id: number
      readonly body: Uint8Array
      readonly target: Counted
      readonly isExact: boolean
    }

/** What a question is answered with. */
export interface TokenAnswers {
  readonly load: null
  /** `null`: the body is not JSON. */
  readonly estimate: TokenEstimate | null
}
