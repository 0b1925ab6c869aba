import type { MockRequest } from '../answer/request.ts'
import type { ConnectionFault, FaultName } from '../fault/presets.ts'
import type { Answer } from './answer.ts'

/**
 * What a mock provider does: a plain value, the same in a YAML file, a JSON body and TypeScript. Functions (in `when` and
 * `answer`) exist in code only.
 *
 * Everything a script leaves out has a sensible default: `{}` answers every request with the demo text.
 * @see docs/guides/mock-provider.md
 */
export interface MockScript {
  /** Shown in the demo text and in the header `x-mock-provider`. Default `mock`. */
  readonly name?: string
  /** Everything that looks random (ids, jitter, random cuts) follows from this number and the request's number. Default 1. */
  readonly seed?: number
  /** The wall clock that answers show (`created`, `date`, reset dates), or `now` for the real one. Default a fixed day in 2026. */
  readonly epochMs?: number | 'now'
  /** The wire formats that are served; paths of the others answer 404. Default all three. */
  readonly dialects?: readonly Dialect[]
  /** Ids that `GET /v1/models` lists. Default a handful. Any model is answered, listed or not. */
  readonly models?: readonly string[]
  /** Pause between two stream events, unless an answer says otherwise. Default 0. */
  readonly paceMs?: number
  /** Refuse requests that the real API would refuse for their form (a missing `max_tokens`, a missing version header). Default false. */
  readonly strict?: boolean
  /** A fault for every request, or for every connection. */
  readonly fault?: FaultName | ConnectionFault
  /** Every n-th generating request gets a fault, the others are served by the rules below. */
  readonly flaky?: { readonly every: number; readonly fault: FaultName }
  /** What happens to new connections, before any request; the first rule with connections left applies. Default: they are served. */
  readonly accept?: readonly AcceptRule[]
  /** True: nothing listens on the port, connections are refused by the kernel. */
  readonly refuse?: boolean
  /** Tried in order; the first that matches and is not used up answers. */
  readonly rules?: readonly Rule[]
  /** Answers generating requests that no rule matched. Default the demo. */
  readonly default?: Answer
}

/** A wire format. */
export type Dialect = 'anthropic' | 'openai-chat' | 'openai-responses'

/** What happens to a connection on accept. */
export interface AcceptRule {
  /** `reset`: RST at once. `close`: FIN at once. `silence`: accepted, never read, never answered (a TLS handshake stalls too). */
  readonly action: 'reset' | 'close' | 'silence' | 'serve'
  /** For how many connections. Default for all. */
  readonly connections?: number
}

/** One rule of a script: when it matches, its answer is given; when it is used up, `next` follows, or the rule after it. */
export interface Rule extends Turn {
  /** Default: every generating request (`POST` of messages, chat completions or responses). */
  readonly when?: When | ((request: MockRequest) => boolean)
}

/** An answer and what follows it. */
export interface Turn {
  readonly answer: Answer | ((request: MockRequest) => Answer)
  /** How many requests get this answer. Default 1 where `next` follows, else no limit. */
  readonly repeat?: number
  /** What the requests after these get. */
  readonly next?: Turn
}

/** Conditions; all of them must hold. Texts may hold `*` for any run of characters. */
export interface When {
  /** Which API was called. Default `generate`, or `any` where `path` is given. */
  readonly endpoint?: 'generate' | 'messages' | 'chat' | 'responses' | 'count-tokens' | 'models' | 'any'
  readonly method?: string
  /** The path without the query. */
  readonly path?: string
  readonly model?: string
  readonly stream?: boolean
  /** Header values by lower- or upper-case name. */
  readonly headers?: { readonly [name: string]: string }
  /** A part of the last user text. */
  readonly text?: string
  /** Only requests that are (`true`) or are not the first on their connection. */
  readonly reusedConnection?: boolean
}
