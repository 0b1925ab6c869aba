import type { Anthropic, Json, OpenAiErrorBody } from '@lb/protocol'
import type { Loss } from '../losses.ts'

/**
 * A stream conversion: the upstream's events in, the client's events out.
 *
 * Whatever is pushed in, the events that come out so far are always a valid beginning; what ends a stream ends it once,
 * and everything behind the end gives nothing.
 */
export interface StreamConverter<Event> {
  /** Takes the JSON of one event of the upstream. */
  push(event: Json): readonly Event[]
  /** Takes the upstream's end mark (`[DONE]`), where its dialect has one. */
  done(): readonly Event[]
  /** Ends the stream with an error: the upstream's own JSON, or what the caller saw (a broken connection, text that is no JSON). */
  fail(error: Json): readonly Event[]
  /** The upstream closed the stream. Without a proper end before, that is an error. */
  end(): readonly Event[]
  /** What is known so far. */
  report(): StreamReport
}

/** When a stream begins to be written: with the first content, so that a failure before it can still become another attempt. */
export type StartOn = 'content' | 'first-chunk'

/** What a host wants to know about a stream beside its events. */
export interface StreamReport {
  /**
   * - `waiting`: nothing was written.
   * - `started`: events were written.
   * - `finished`: the answer is whole.
   * - `failed`: it ended with `error`.
   */
  readonly phase: 'waiting' | 'started' | 'finished' | 'failed'
  /** Whether content was seen: text, reasoning or a call. */
  readonly sawContent: boolean
  /** Set when `phase` is `failed`. */
  readonly error: StreamError | undefined
  /** The answer's cost so far, in Anthropic's terms. */
  readonly usage: Anthropic.Usage | undefined
  readonly losses: readonly Loss[]
  /** What has no place in the client's dialect: sources, prices, the provider behind a gateway. By the upstream's names. */
  readonly aside: Readonly<Record<string, Json>>
  /** The rest of the answer is not wanted any more: a stop sequence was found. The caller may cancel the upstream. */
  readonly isSatisfied: boolean
}

/** Why a stream failed. */
export interface StreamError {
  /** Nothing was written: the caller can answer with a real status, or try elsewhere. */
  readonly isPreStream: boolean
  /** The HTTP status that says the same. */
  readonly status: number
  /** The body or event in the client's own error shape. */
  readonly body: Anthropic.ErrorBody | OpenAiErrorBody
  /** What the upstream said. Absent when the stream was cut. */
  readonly upstream: Json | undefined
}
