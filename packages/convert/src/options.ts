import type { JsonObject } from '@lb/protocol'
import type { CarrierMode } from './carrier.ts'
import type { LossCode } from './losses.ts'

/** What every request conversion takes beside the request and the target. */
export interface RequestOptions {
  /** The model's name at the target. */
  readonly model: string
  /** Unique to this request, e.g. its id in the caller's log. What is generated is derived from it, so nothing here is random. */
  readonly seed: string
  /** Losses to refuse instead: all, or those listed. @defaultValue none */
  readonly strict?: boolean | readonly LossCode[]
  /**
   * What to do with tools that the provider would run (web search, code execution, …).
   * - `reject`: refuse the request. The model would otherwise be told of tools that do not exist.
   * - `drop`: leave them out.
   * - `function`: declare those whose input is documented as functions; the caller runs them.
   * - `native`: use the target's own where it has one, else refuse.
   * @defaultValue `reject`
   */
  readonly serverTools?: 'reject' | 'drop' | 'function' | 'native'
  /**
   * Keeps what can be kept as text, instead of refusing: results without a call, past arguments that are no JSON, an answer
   * that the client began where the model does not go on from one. @defaultValue false
   */
  readonly lenient?: boolean
  /** How much opaque reasoning may travel in the client's transcript. @defaultValue `full` */
  readonly carrier?: CarrierMode
  /** What was behind URLs that the target does not fetch itself, by URL. See refusal `needs_bytes`. */
  readonly fetched?: Readonly<Record<string, FetchedFile>>
  /** An estimate of the request's size in tokens, for the meter that clients show. @defaultValue 0 */
  readonly inputTokensEstimate?: number
  /** Refuse requests that say where to compute. @defaultValue false */
  readonly refuseInferenceGeo?: boolean
  /** Refuse models that reason with tools only on the Responses API, instead of switching reasoning off. @defaultValue true */
  readonly preferResponses?: boolean
  /** Members to add to the converted request, last. */
  readonly extra?: JsonObject
  /** Wall clock in epoch seconds, for `created` in Chat answers. @defaultValue 0 */
  readonly createdEpochS?: number
}

/** A file that the caller has fetched. */
export interface FetchedFile {
  readonly mediaType: string
  readonly base64: string
}
