import type { Failure } from '@lb/protocol'
import type { Candidate } from './candidate.ts'

/**
 * Everything the attempt loop knows about one request. Plain JSON: the state after any prefix of its events can be
 * stored, shown and computed again.
 */
export interface LoopState {
  readonly phase: Phase
  /** What the client has seen; only grows. From `content` on there is no way back. */
  readonly stage: Stage
  /** A content block was relayed whole: a client must not run the request again by itself. */
  readonly blockDone: boolean
  readonly client: ClientKind
  readonly clientGone: boolean
  readonly beganMs: number
  /** One deadline for all attempts. It ends waiting and starting, never a committed answer. */
  readonly deadlineMs: number
  /** When the client last got a byte from us, as far as we know. */
  readonly lastByteMs: number
  /** In the plan's order, with availability as last told. */
  readonly candidates: readonly Candidate[]
  /** Retries that the shared budget still allowed when last told. */
  readonly retryTokens: number
  readonly round: number
  /** Candidates that had their turn in this round. */
  readonly tried: readonly string[]
  /** Candidates that will not be asked again in this request. */
  readonly spent: readonly string[]
  /** Candidates that had their one immediate repetition (stale connection, renewed credential). */
  readonly repeated: readonly string[]
  /** Something was refused to the client's own credential: no other one may pay for it. */
  readonly onlyPassThrough: boolean
  /** When this request began to wait for anybody to become usable. */
  readonly heldMs: number | null
  readonly attempts: readonly Attempt[]
}

/** Where the loop is. */
export type Phase =
  | { readonly kind: 'new' }
  /** The server was asked to look at the candidates. `again`: the one to repeat at once. */
  | { readonly kind: 'looking'; readonly again: string | null }
  /** An attempt is on its way and the client has seen nothing of it. */
  | ({ readonly kind: 'sending' } & Upstream)
  /** An attempt is committed: its bytes are the client's bytes. */
  | ({ readonly kind: 'relaying' } & Upstream)
  /** The attempt that was refused waits for its credential to be renewed. */
  | {
      readonly kind: 'refreshing'
      readonly attempt: number
      readonly candidate: string
      readonly startedMs: number
      readonly untilMs: number
    }
  | { readonly kind: 'waiting'; readonly why: WaitReason; readonly untilMs: number }
  | { readonly kind: 'over'; readonly end: End }

/** The running attempt's clocks. */
export interface Upstream {
  readonly attempt: number
  readonly candidate: string
  readonly startedMs: number
  /** Somebody stands behind it: a failure before `commit` can be hidden, so it is worth holding bytes back. */
  readonly backup: boolean
  readonly firstByteDeadlineMs: number
  readonly contentDeadlineMs: number
  /** The status line said 2xx: from here on it may be billed. */
  readonly responded: boolean
  /** It sent something beyond its status line. Until then a stream is as silent as if it had not answered at all. */
  readonly spoke: boolean
  readonly openedMs: number | null
  /** The last sign of life, pings included. */
  readonly lastUpstreamMs: number
  /** The last event other than a ping. */
  readonly lastEventMs: number
}

/** S0 nothing, S1 headers and pings of ours, S2 `message_start`, S3 and later content. */
export type Stage = 'nothing' | 'preamble' | 'opening' | 'content'

/** - `backoff`: before another round. - `queue`: for a free place. - `hold`: nobody is usable. */
export type WaitReason = 'backoff' | 'queue' | 'hold'

/**
 * How the client takes a connection that drops in the middle of its first content block.
 * - `retries-drops`: it sends the request again by itself (Claude Code); `needs-error`: it must be told.
 */
export type ClientKind = 'retries-drops' | 'needs-error'

/** How the request ended. */
export type End = 'completed' | 'gave-up' | 'ended-truthfully' | 'aborted-client' | 'client-gone'

/** One attempt, for the record and for decisions that look back. */
export interface Attempt {
  /** 1, 2, … within the request. */
  readonly attempt: number
  readonly candidate: string
  readonly round: number
  readonly why: StartReason
  readonly startedMs: number
  /** It may be billed: the upstream said 2xx, and did not say itself that it failed. */
  readonly paid: boolean
  readonly endedMs: number | null
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'abandoned'
  readonly failure: Failure | null
}

/**
 * Why an attempt was started: the first choice, a failover to an untried candidate, a probe, an immediate repetition on
 * the same target, a further round, or for want of anything better.
 */
export type StartReason = 'first' | 'failover' | 'probe' | 'again' | 'round' | 'last-resort'

/** What the loop is told. */
export type LoopEvent =
  | {
      readonly type: 'begin'
      readonly candidates: readonly Candidate[]
      readonly retryTokens: number
      /** From now; see `requestTimeoutMs`. */
      readonly timeoutMs: number
      readonly client: ClientKind
      /** Chance in [0, 1) that the local throttle refuses this request when no candidate is available. */
      readonly refuseChance: number
    }
  /** The answer to `look`; also unasked, when something became usable. */
  | { readonly type: 'candidates-changed'; readonly candidates: readonly Candidate[]; readonly retryTokens: number }
  /** The status line said 2xx. */
  | { readonly type: 'response-started'; readonly attempt: number }
  /** `message_start` was seen. */
  | { readonly type: 'opened'; readonly attempt: number }
  /** The first content event was seen. */
  | { readonly type: 'content'; readonly attempt: number }
  /** A content block came to its end. */
  | { readonly type: 'block-completed'; readonly attempt: number }
  /** Bytes came, whatever they were. May be told once a second instead of once a chunk. */
  | { readonly type: 'progress'; readonly attempt: number }
  /** A sign of life that is no event: a ping, a comment, a part of an event. */
  | { readonly type: 'ping'; readonly attempt: number }
  /** The whole answer was seen, its proper end included. */
  | { readonly type: 'completed'; readonly attempt: number }
  | { readonly type: 'failed'; readonly attempt: number; readonly failure: Failure }
  | { readonly type: 'refreshed'; readonly candidate: string; readonly failure: Failure | null }
  /** Somebody else waits for this answer, too, from now for so long: of all deadlines the latest counts. */
  | { readonly type: 'joined'; readonly timeoutMs: number }
  | { readonly type: 'client-gone' }
  /** The process stops: the request ends now, and says so. */
  | { readonly type: 'stop' }
  | { readonly type: 'tick' }

/** What the loop wants done, in this order. The server obeys and decides nothing. */
export type LoopEffect =
  | {
      readonly type: 'start-attempt'
      readonly attempt: number
      readonly candidate: string
      readonly why: StartReason
      /** Not from the pool: the pooled connection was found dead. */
      readonly freshConnection: boolean
      /** Past reasoning stays out: its signatures were refused. */
      readonly withoutThinking: boolean
      readonly connectTimeoutMs: number
    }
  /** Close the upstream connection. Whatever it still says is ignored. */
  | { readonly type: 'cancel-attempt'; readonly attempt: number }
  /** Tell health (and latency, and the concurrency limit) how an attempt is doing. */
  | {
      readonly type: 'report'
      readonly attempt: number
      readonly candidate: string
      readonly startedMs: number
      readonly outcome: Outcome
    }
  /** Answer with `candidates-changed`. Always the last effect of a step. */
  | { readonly type: 'look' }
  /** Answer with `refreshed`. */
  | { readonly type: 'refresh-credential'; readonly candidate: string }
  /** Take one retry from the shared budget. */
  | { readonly type: 'spend-budget' }
  /** S0 → S1: status 200, headers, one ping. */
  | { readonly type: 'send-preamble' }
  /** One ping event. */
  | { readonly type: 'ping' }
  /** → S2: what is missing of the above, and this attempt's `message_start`. */
  | { readonly type: 'release-opening'; readonly attempt: number }
  /** → S3: this attempt's bytes, from here to its end. `drop`: without its opening, the client has one already. */
  | { readonly type: 'commit'; readonly attempt: number; readonly opening: 'send' | 'drop' }
  /** The answer is whole but for its closing event: write it. */
  | { readonly type: 'supply-end'; readonly attempt: number }
  | Ending

/** The last effect of every request: exactly one of these. */
export type Ending =
  /** Nothing more to do. */
  | { readonly type: 'finish'; readonly end: End }
  /** Nothing was sent: answer with a status. `attempt`: whose error to pass on, or `null` for our own words. */
  | {
      readonly type: 'give-up'
      readonly attempt: number | null
      readonly failure: Failure
      readonly retryAfterMs: number | null
      readonly shouldRetry: boolean
    }
  /** Something was sent: one `error` event, then close. No fabricated end. */
  | { readonly type: 'end-truthfully'; readonly attempt: number | null; readonly failure: Failure }
  /** Drop the connection without an end: this client sends the request again by itself. */
  | { readonly type: 'abort-client'; readonly failure: Failure }

/** How an attempt is doing. */
export type Outcome =
  /** First content, this long after its start. */
  | { readonly kind: 'alive'; readonly ttftMs: number }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'abandoned' }

/** A state and what to do. */
export interface LoopStep {
  readonly state: LoopState
  readonly effects: readonly LoopEffect[]
}

/** A loop that has not been told to begin. */
export const newLoop: LoopState = {
  phase: { kind: 'new' },
  stage: 'nothing',
  blockDone: false,
  client: 'needs-error',
  clientGone: false,
  beganMs: 0,
  deadlineMs: 0,
  lastByteMs: 0,
  candidates: [],
  retryTokens: 0,
  round: 1,
  tried: [],
  spent: [],
  repeated: [],
  onlyPassThrough: false,
  heldMs: null,
  attempts: [],
}

/** A state that nobody but the step which makes it has seen: until it is returned, it may be written to. */
export type LoopDraft = { -readonly [Name in keyof LoopState]: LoopState[Name] }

/**
 * A copy of `state`: a step makes one at most, and writes what it changes. Field by field because the loop does this for
 * every piece of news: in V8 an object spread of this size costs ten times as much, `Object.assign` four times.
 */
export function draftOf(state: LoopState): LoopDraft {
  return {
    phase: state.phase,
    stage: state.stage,
    blockDone: state.blockDone,
    client: state.client,
    clientGone: state.clientGone,
    beganMs: state.beganMs,
    deadlineMs: state.deadlineMs,
    lastByteMs: state.lastByteMs,
    candidates: state.candidates,
    retryTokens: state.retryTokens,
    round: state.round,
    tried: state.tried,
    spent: state.spent,
    repeated: state.repeated,
    onlyPassThrough: state.onlyPassThrough,
    heldMs: state.heldMs,
    attempts: state.attempts,
  }
}
