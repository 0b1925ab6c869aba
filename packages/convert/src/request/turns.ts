import type { Anthropic, JsonTree } from '@lb/protocol'

/**
 * A conversation in the order that every upstream accepts, before it is written in a dialect: results stand directly
 * behind their calls, every call has one, and the provider's own tool calls have become ordinary ones.
 */
export type Turn = SystemTurn | UserTurn | AssistantTurn | ResultsTurn

/** An instruction in mid-conversation. */
export interface SystemTurn {
  readonly kind: 'system'
  readonly texts: readonly TextPart[]
  readonly path: string
}

export interface UserTurn {
  readonly kind: 'user'
  readonly parts: readonly Part[]
  readonly path: string
}

export interface AssistantTurn {
  readonly kind: 'assistant'
  readonly said: readonly Said[]
  readonly path: string
}

/** The results of the calls of the assistant turn before. */
export interface ResultsTurn {
  readonly kind: 'results'
  readonly results: readonly ToolResult[]
}

export interface ToolResult {
  /** The client's id of the call. */
  readonly callId: string
  readonly parts: readonly Part[]
  readonly isError: boolean
  readonly cache: Anthropic.CacheControl | undefined
  readonly path: string
}

export type Part = TextPart | MediaPart

export interface TextPart {
  readonly kind: 'text'
  readonly text: string
  readonly cache: Anthropic.CacheControl | undefined
  readonly path: string
}

export interface MediaPart {
  readonly kind: 'image' | 'file'
  /** A data URL, or a URL that the upstream fetches. */
  readonly url: string
  readonly isData: boolean
  /** Never empty; of images it is not used. */
  readonly filename: string
  readonly cache: Anthropic.CacheControl | undefined
  readonly path: string
}

/** One thing that the model said, in its order. */
export type Said =
  | TextPart
  | {
      readonly kind: 'thinking'
      readonly text: string
      /** The signature, or the data of a redacted block. */
      readonly signature: string
      readonly isRedacted: boolean
      readonly path: string
    }
  | {
      readonly kind: 'call'
      /** The client's id. */
      readonly id: string
      readonly name: string
      readonly input: JsonTree
      readonly cache: Anthropic.CacheControl | undefined
      readonly path: string
    }
