/**
 * The body of every failed answer of OpenAI, and the data of an error in a stream.
 *
 * @see https://platform.openai.com/docs/guides/error-codes
 */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    /** The member of the request that is at fault. */
    readonly param: string | null
    readonly code: string | null
  }
}
