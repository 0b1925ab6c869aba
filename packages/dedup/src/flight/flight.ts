import type { Failure } from '@lb/protocol'
import type { ConsumerId } from '../replay-log.ts'

/**
 * One upstream call and everybody who waits for its answer.
 *
 *   idle ── arrived ──▶ running ── answer-ended ──▶ draining ── last reader served or gone ──▶ gone
 *                        │   ▲                        ▲  │
 *             last one   │   │ arrived        arrived │  │ somebody had left early (background)
 *                leaves  ▼   │                        │  ▼
 *               gone ◀── unattended ── answer-ended ─▶ lingering ── untilMs ──▶ gone
 *             (direct)   (background)
 *
 * Rules of this file:
 * - The upstream lives while somebody reads, or, in background life, until its answer is whole. Who came first leads;
 *   when the leader leaves, the next in line does, and nobody notices.
 * - One ending for all. A failure reaches everybody who is aboard in the same words, is kept for nobody else, and the
 *   next such question is a fresh call.
 * - An answer that everybody has got is gone: who asks again wants a new one. Only an answer that somebody *missed*
 *   lingers, for as many retries as there were early leavers.
 * - The flight is *open* as long as a newcomer would get the answer from its first byte. The effect `close` says the
 *   moment it is not; it comes once.
 *
 * The bytes are in the {@link ReplayLog}; this decider never sees them.
 */
export type FlightState =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'running'
      readonly leader: ConsumerId
      /** In the order of their arrival. */
      readonly followers: readonly Follower[]
      /** Whether the first byte of the answer is there: from then on nobody waits in the dark. */
      readonly answering: boolean
      readonly open: boolean
      readonly owed: number
    }
  | { readonly kind: 'unattended'; readonly answering: boolean; readonly owed: number }
  | {
      readonly kind: 'draining'
      readonly ending: Ending
      readonly readers: readonly Reader[]
      /** Set while the flight is open. */
      readonly lingerUntilMs?: number
      readonly owed: number
    }
  | { readonly kind: 'lingering'; readonly untilMs: number; readonly owed: number }
  | { readonly kind: 'gone' }

/** Somebody who waits for an answer that another one asked for first. */
export interface Follower {
  readonly consumer: ConsumerId
  readonly sinceMs: number
}

/** Somebody who has not read to the end of an answer that has ended. */
export interface Reader {
  readonly consumer: ConsumerId
  readonly progressMs: number
}

/**
 * How the upstream's answer ended. Only `whole`, which saw the proper end of a successful answer, may be kept; everything
 * else is `failed`, also an error that arrived complete.
 */
export type Ending = { readonly kind: 'whole' } | { readonly kind: 'failed'; readonly failure: Failure }

/** What can happen to a flight. */
export type FlightEvent =
  | { readonly kind: 'arrived'; readonly consumer: ConsumerId }
  | { readonly kind: 'answer-began' }
  | { readonly kind: 'answer-ended'; readonly ending: Ending }
  /** The log has lost its first byte ({@link ReplayLog.isWhole} says no). */
  | { readonly kind: 'log-broken' }
  /** The log has pushed this consumer out. */
  | { readonly kind: 'consumer-cut'; readonly consumer: ConsumerId }
  /** Bytes went out to this consumer after the answer had ended. */
  | { readonly kind: 'consumer-progressed'; readonly consumer: ConsumerId }
  /** The whole answer, or the failure, has gone out to this consumer. */
  | { readonly kind: 'consumer-served'; readonly consumer: ConsumerId }
  /** This consumer's connection closed before that. */
  | { readonly kind: 'consumer-left'; readonly consumer: ConsumerId }
  /** Memory is short: give up what is only kept for a possible retry. */
  | { readonly kind: 'evicted' }
  | { readonly kind: 'ticked' }

/** What is to be done, in this order. */
export type FlightEffect =
  /** Send the question upstream; `consumer` is whose it is. */
  | { readonly kind: 'start-upstream'; readonly consumer: ConsumerId }
  | { readonly kind: 'cancel-upstream' }
  /** Let this consumer read the log from its start. `leader`: the call was made for it. `follower`: a call was saved. */
  | { readonly kind: 'attach'; readonly consumer: ConsumerId; readonly role: 'leader' | 'follower' }
  /** This flight cannot take the consumer: it must lead one of its own. */
  | { readonly kind: 'refuse'; readonly consumer: ConsumerId; readonly reason: 'log-broken' | 'over' }
  /** This consumer leads now; what was done in the old leader's name goes on in its name. */
  | { readonly kind: 'promote'; readonly consumer: ConsumerId }
  /** Let these consumers read on to the end of the log, then end their answers like this. */
  | { readonly kind: 'finish'; readonly consumers: readonly ConsumerId[]; readonly ending: Ending }
  /** End this consumer's answer with a truthful error. */
  | { readonly kind: 'drop'; readonly consumer: ConsumerId; readonly reason: DropReason }
  /** Take the flight out of the table, so that the next such question leads a new one; seal the log. */
  | { readonly kind: 'close' }
  /** Forget the flight and its log. */
  | { readonly kind: 'discard' }

/**
 * - `lagged`: it read so slowly that the bytes it needs had to be given up.
 * - `waited-too-long`: nothing came within {@link FlightPolicy.waitMs}. It has got no byte yet, so it may still ask alone.
 * - `stalled`: the answer is complete, and it has stopped reading it.
 */
export type DropReason = 'lagged' | 'waited-too-long' | 'stalled'

/** How flights live. One flight keeps the policy it began with. */
export interface FlightPolicy {
  /** `direct`: the upstream is cancelled when the last consumer leaves. `background`: it finishes. */
  readonly life: 'direct' | 'background'
  /** Background life: how long a whole answer is kept after its end for those who left early. @defaultValue 30,000 */
  readonly lingerMs: number
  /** How long a follower waits for the first byte; unset is for ever. `timeouts.caching.deduplication_timeout`. @defaultValue 180,000 */
  readonly waitMs?: number
  /** How long a reader may stand still after the answer's end. @defaultValue 60,000 */
  readonly stallMs: number
  /** The same after a failure: what is left of it is cleaned up sooner. `deduplication.sse_error_cleanup_delay`. @defaultValue 3,000 */
  readonly failedStallMs: number
}

/** What settings that say nothing mean. */
export const defaultFlightPolicy: FlightPolicy = {
  life: 'direct',
  lingerMs: 30_000,
  waitMs: 180_000,
  stallMs: 60_000,
  failedStallMs: 3_000,
}
