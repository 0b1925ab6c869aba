import type { CarrierMode } from './carrier.ts'
import type { Profile } from './profiles/profile.ts'

/**
 * What the conversion of an answer must know about its request. Plain JSON: it can be stored with the request, sent to
 * another process, and read years later.
 */
export interface ConversionContext {
  readonly version: 1
  /** The model's name as the client asked for it; answers show it. */
  readonly model: string
  /** Unique to the request. Ids are derived from it where the upstream gives none. */
  readonly seed: string
  readonly profile: Profile
  /** The client's names of the declared tools. */
  readonly tools: readonly string[]
  /** Tool names that are different upstream: upstream's name first. */
  readonly renamedTools: Readonly<Record<string, string>>
  /** The only tool that may be called, if there is one. */
  readonly forcedTool: string | null
  /** Tool-call ids that the conversation has used. */
  readonly usedToolIds: readonly string[]
  /** What the client asked for. */
  readonly stopSequences: readonly string[]
  /** Whether the converter looks for them itself, because the upstream does not. */
  readonly emulateStop: boolean
  /** Whether the client wants to see the text of the reasoning. */
  readonly showThinking: boolean
  readonly carrier: CarrierMode
  /** For the meter that clients show before the answer has ended. */
  readonly inputTokensEstimate: number
}

/** The same for a client that speaks Chat Completions. Plain JSON, too. */
export interface ChatClientContext {
  readonly version: 1
  /** The model's name as the client asked for it; answers show it. */
  readonly model: string
  /** Unique to the request. */
  readonly seed: string
  /** Tool names that are different upstream: upstream's name first. */
  readonly renamedTools: Readonly<Record<string, string>>
  /** The client's names of tools that take free text; upstream they are functions of one string. */
  readonly customTools: readonly string[]
  /** The client declared `functions`, the form before tools: it reads calls in `function_call`, and one only. */
  readonly legacyFunctions?: boolean
  /** Whether a stream ends with a chunk that carries the usage. */
  readonly includeUsage: boolean
  /** When the answer was made, in epoch seconds. */
  readonly createdEpochS: number
}
