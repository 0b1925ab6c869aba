import type { Json } from '@lb/protocol'

/** One piece of a stream. */
export type ScriptEvent =
  | { readonly event?: string; readonly data: Json; readonly id?: string }
  | { readonly error: string; readonly message?: string }
  | { readonly ping: true }
  | { readonly done: true }
  | { readonly comment: string }
  | { readonly raw: string }
  | { readonly base64: string }
  | { readonly pauseMs: number }
  | { readonly fill: string; readonly bytes: number }

/** The form of the events; the default is what the real APIs send: LF, one data line, `event:` lines where the dialect has them. */
export interface SseForm {
  readonly lineEnd?: 'lf' | 'crlf' | 'cr'
  readonly byteOrderMark?: boolean
  /** A comment line before every event. */
  readonly comments?: boolean
  /** JSON is written over several `data:` lines. */
  readonly multiLineData?: boolean
  /** False: no `event:` lines. */
  readonly eventLines?: boolean
  /** False: no space after `data:`. */
  readonly space?: boolean
}

/**
 * Where in an answer something happens.
 *
 * Names: `head` before the status line; `first` before the first event; `after-start` after the first event; `mid-…` half way through the deltas of that kind;
 * `after-block` after the first whole content block; `before-stop` before the event with the stop reason; `before-end` before
 * the closing event; `last` after everything. A number is an event index; `{ byte }` an offset into the body as sent.
 */
export type Place = PlaceName | number | { readonly byte: number }

/** The names a {@link Place} may have. */
export type PlaceName =
  | 'head'
  | 'first'
  | 'after-start'
  | 'mid-thinking'
  | 'mid-text'
  | 'mid-tool'
  | 'after-block'
  | 'before-stop'
  | 'before-end'
  | 'last'

/**
 * One change to an answer's course.
 *
 * In an answer without events there are no places between them: an inserted error becomes the answer itself, with the status
 * it stands for; other insertions are left out; a place means the middle of the body (`first` its start, `last` its end).
 */
export interface Edit {
  readonly at: Place
  /** Send the event before this place once more. */
  readonly again?: boolean
  readonly insert?: readonly ScriptEvent[]
  /** Leave out this many of the events that follow. */
  readonly remove?: number
  /** The answer ends here. Without it, it goes on. */
  readonly end?: Ending
}

/**
 * How an answer ends before its time.
 *
 * - `clean`: properly closed on the level of HTTP, only the content is not whole.
 * - `close`: FIN, without the end that HTTP's framing promised.
 * - `half-close`: FIN, but the client's side is read on and the connection stays.
 * - `reset`: RST.
 * - `stall`: nothing more, for ever, until the client leaves.
 * - `pings`: as `stall`, but with a ping event every second (or every `paceMs`, if that is longer than 0).
 */
export type Ending = 'clean' | 'close' | 'half-close' | 'reset' | 'stall' | 'pings'

/**
 * How the body is cut: at `every` n bytes, `at` offsets, `randomly` (seeded, 1 to 64 bytes), or `inside-characters`: once inside
 * every character of more than one byte. `of: wire` cuts head and framing too, and then a piece is a write, not a chunk.
 */
export interface Split {
  readonly every?: number
  readonly at?: readonly number[]
  readonly randomly?: boolean
  readonly insideCharacters?: boolean
  readonly of?: 'body' | 'wire'
}

/**
 * What happens to a connection after a whole answer.
 *
 * - `keep`: it waits for the next request. `close`: `connection: close` is said, then FIN.
 * - `drop`: FIN without a word: the pooled connection is stale.
 * - `reset-on-reuse`: it stays open, and a second request on it gets RST and not a byte.
 * - `second-response`: a whole unasked response follows at once; then it waits.
 */
export type Afterwards = 'keep' | 'close' | 'drop' | 'reset-on-reuse' | 'second-response'

/** How an OpenAI-compatible vendor's chat answers differ from OpenAI's. */
export interface ChatForm {
  /** Where reasoning text is. Default `reasoning_content`. */
  readonly thinkingField?:
    | 'reasoning_content'
    | 'reasoning'
    | 'reasoning_details'
    | 'content-parts'
    | 'think-tags'
    | 'none'
  /** Where a stream's usage is. Default `last-chunk` (only if the request asked for it). */
  readonly usage?: 'last-chunk' | 'always' | 'in-choice' | 'every-chunk' | 'none'
  /** A first chunk with an empty id and no choices, as Azure sends. */
  readonly emptyFirstChunk?: boolean
  /** `missing`: no `finish_reason`. `with-content`: it comes in the chunk of the last delta. */
  readonly finish?: 'own-chunk' | 'with-content' | 'missing'
  /** How the stream says that it is over. Default `once`. */
  readonly done?: 'once' | 'twice' | 'missing'
  /** The form of tool call ids. Default `call_…`. */
  readonly toolIds?: 'openai' | 'mistral9' | 'kimi' | 'empty' | 'constant'
  /** Arguments come whole, in one piece. */
  readonly wholeArguments?: boolean
}
