import type { Json, JsonObject } from '@lb/protocol'
import type { FaultName } from '../fault/presets.ts'
import type { Afterwards, ChatForm, Edit, ScriptEvent, Split, SseForm } from './course.ts'

/**
 * One answer: what is said (at most one of `reply`, `error`, `body`, `bodyBase64`, `events`; none: the demo), how its head
 * looks, how fast it comes, and where it breaks. With `fault`, the preset is the base and the other fields override it.
 */
export interface Answer {
  readonly fault?: FaultName
  /** A good answer, said in the request's dialect, streamed if it asked for a stream. */
  readonly reply?: Reply
  /** An error in the request's dialect. */
  readonly error?: ErrorReply
  /** A text is sent as it is; anything else as JSON. */
  readonly body?: Json
  readonly bodyBase64?: string
  /** The events of a stream, whether one was asked for or not. */
  readonly events?: readonly ScriptEvent[]
  /** True: a stream though none was asked for; false: a whole answer though a stream was asked for. Default as asked. */
  readonly stream?: boolean

  /** Default 200, or what `error` implies. */
  readonly status?: number
  /** The reason phrase. */
  readonly statusText?: string
  /**
   * Set or replace; `null` removes. A list gives several lines of one name. `{unix+30}`, `{http-date+30}` and `{iso+30}` become
   * the moment so many seconds after the mock's clock, in that form.
   */
  readonly headers?: { readonly [name: string]: string | readonly string[] | null }
  /** Responses with a 1xx status, sent before. */
  readonly informational?: readonly {
    readonly status: number
    readonly headers?: { readonly [name: string]: string }
  }[]
  /** Bytes in place of the whole head (status line, headers, blank line), then the bare body. */
  readonly rawHead?: string
  /** How the end of the body is told. Default `length` for whole bodies, `chunked` for streams. */
  readonly framing?: 'length' | 'chunked' | 'until-close'
  /** Added to the true `content-length`: a lie. Implies framing `length`. */
  readonly lengthOff?: number
  /** Compress, though nobody asked. `-corrupt`: bytes are damaged in the middle. `bomb`: a few KB that inflate to 256 MB; `bomb-twice`: two layers. */
  readonly encoding?: 'gzip' | 'br' | 'deflate' | 'gzip-corrupt' | 'bomb' | 'bomb-twice'

  /** How events are written down. */
  readonly sse?: SseForm
  /** Changes to the answer's course, at named places. */
  readonly edits?: readonly Edit[]
  /** How an OpenAI-compatible vendor's chat answers differ from OpenAI's. */
  readonly chat?: ChatForm

  /** Wait before the first byte. */
  readonly delayMs?: number
  /** Up to this much more or less than `delayMs`, by the seed. */
  readonly delayJitterMs?: number
  /** Pause between two events. */
  readonly paceMs?: number
  /** No more than this many body bytes a second. */
  readonly bytesPerSecond?: number
  /** Cut the body into pieces, each its own chunk and its own write. */
  readonly split?: Split

  /** Answer when the head of the request is in. `stop-reading`: the body is never read. Only conditions on the head can match. */
  readonly early?: 'read-on' | 'stop-reading'
  /** What happens to the connection after a whole answer. Default `keep`. */
  readonly afterwards?: Afterwards
}

/** A good answer, independent of dialect. Fields that are left out are not part of the answer. */
export interface Reply {
  readonly thinking?: string
  /** A list gives the deltas one by one; a text is streamed in words. */
  readonly text?: string | readonly string[]
  readonly toolCalls?: readonly ToolCall[]
  /** In Anthropic's words; other dialects get theirs. Default `tool_use` with tool calls, else `end_turn`. */
  readonly stopReason?: string
  readonly stopSequence?: string
  readonly usage?: UsageNumbers
  /** Default: made from seed and request number. */
  readonly id?: string
  /** The model the answer names. Default the requested one. */
  readonly model?: string
}

/** A call of a client's tool. `input` as text is sent verbatim, valid JSON or not. */
export interface ToolCall {
  readonly name: string
  readonly input?: JsonObject | string
  readonly id?: string
}

/** Token counts; those left out are estimated from the texts. `inputTokens` is what was neither read from nor written to a cache. */
export interface UsageNumbers {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  readonly thinkingTokens?: number
}

/** An error in the request's dialect: `{ status: 529 }` is enough. */
export interface ErrorReply {
  readonly status?: number
  /** In Anthropic's words, e.g. `overloaded_error`. Default from the status. */
  readonly type?: string
  readonly message?: string
  /** OpenAI's `error.code`. Default from the type. */
  readonly code?: string
}
