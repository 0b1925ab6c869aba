import type { CachedAnswer } from '@lb/dedup'
import type { HealthEffect } from '@lb/health'
import type { LoggedEvent, LoopPolicy, LoopState, Outcome, PlanCandidate, RequestFeatures } from '@lb/router'
import type { Attempt } from '../attempt/attempt.ts'
import type { Bursts } from '../bursts.ts'
import type { Shown } from '../egress/client-view.ts'
import type { FlightKey } from '../flights/flight-keys.ts'
import type { ClientRequest, Endpoint } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'

/**
 * Somebody who wants to know what happens: the log, metrics, usage, traces, the decision records. Observers are told, in the
 * order in which they were added, and decide nothing; what they do must be quick, and must not throw.
 */
export interface RequestObserver {
  /** A request was turned down by lb itself; nothing else is told about it. */
  requestRefused?(refused: RefusedRequest): void
  /** A request came in and is understood. */
  requestStarted?(request: ClientRequest): void
  /** An attempt was started. */
  attemptStarted?(started: StartedAttempt): void
  /** How an attempt is doing; `alive` comes before its end. */
  attemptReported?(reported: ReportedAttempt): void
  /** A request is over. Told exactly once for each that was started. */
  requestDone?(done: DoneRequest): void
  /** A call begins whose answer others may share. */
  flightOpened?(request: ClientRequest): void
  /** A request may not share a call with others. Not told of those that share. */
  requestAlone?(alone: AloneRequest): void
  /** The client of a shared call is gone, and the call goes on without it. The call's end is told as every other. */
  leaderLeft?(request: ClientRequest): void
  /** A request gets the answer of another one's call. */
  followerJoined?(joined: FollowerJoined): void
  /** A request has waited too long for another one's call, and makes one of its own. */
  followerParted?(parted: FollowerParted): void
  /** A request that was served by another one's call is over. It has no attempts of its own. */
  followerDone?(done: FollowerDone): void
  /** A request was answered from the kept answers. */
  answerReplayed?(replayed: AnswerReplayed): void
  /** Health has something to tell. */
  healthChanged?(fact: HealthEffect): void
}

/** A request that no provider was asked for. */
export interface RefusedRequest {
  readonly id: string
  readonly endpoint: Endpoint
  readonly refusal: Refusal
}

/** An attempt on its way. */
export interface StartedAttempt {
  readonly request: ClientRequest
  /** 1, 2, … within the request. */
  readonly attempt: number
  readonly candidate: PlanCandidate
}

/** News of an attempt. */
export interface ReportedAttempt {
  readonly request: ClientRequest
  readonly attempt: number
  readonly candidate: PlanCandidate
  readonly startedMs: number
  readonly outcome: Outcome
  readonly nowMs: number
}

/** A request that is over. */
export interface DoneRequest {
  readonly request: ClientRequest
  /** The attempt loop's last state: attempts, verdicts, how it ended. */
  readonly state: LoopState
  /** In the order in which they were to be asked. */
  readonly candidates: readonly PlanCandidate[]
  readonly attempts: ReadonlyMap<number, Attempt>
  readonly shown: Shown
  readonly nowMs: number
  /** What the plan looked at, or `null` where no route asks. */
  readonly features: RequestFeatures | null
  /** The attempt loop's rules for it. */
  readonly policy: LoopPolicy
  /** Every event that the attempt loop was told, to decide it all again; `null` where that is switched off. */
  readonly log: readonly LoggedEvent[] | null
  /** Of a count of tokens, which has no attempts: how it was come by. Absent: it was not, or this is no count. */
  readonly counted?: CountedBy
}

/** How the tokens of a request were counted. */
export interface CountedBy {
  readonly provider: string
  /** As the provider calls it. */
  readonly model: string
  /** `memory`: what the upstream's counter said to the same question before. */
  readonly by: 'upstream' | 'memory' | 'estimate'
  /** Why it is an estimate; `null` for the others. */
  readonly because: string | null
}

/** A request whose call is its own. */
export interface AloneRequest {
  readonly request: ClientRequest
  readonly reason: Extract<FlightKey, { kind: 'alone' }>['reason'] | 'waited-too-long'
}

/** A request that follows another one from now on. */
export interface FollowerJoined {
  readonly request: ClientRequest
  /** Whose call it is. */
  readonly leader: ClientRequest
  /** `joined`: the call runs. `replayed`: it is over, and its answer is still there. */
  readonly how: 'joined' | 'replayed'
}

/** A request that follows nobody any more. */
export interface FollowerParted {
  readonly request: ClientRequest
  /** Whose call it waited for. */
  readonly leader: ClientRequest
}

/** A request that followed another one. */
export interface FollowerDone {
  readonly request: ClientRequest
  /** Whose call it was. */
  readonly leader: ClientRequest
  readonly ending: 'whole' | 'failed' | 'left'
  /** Given to this client. */
  readonly bytes: number
  /** When the first of them was; `undefined`: none was. */
  readonly firstByteAtMs: number | undefined
  readonly nowMs: number
}

/** A kept answer that was given again. */
export interface AnswerReplayed {
  readonly request: ClientRequest
  readonly answer: CachedAnswer
  readonly ageMs: number
  readonly nowMs: number
}

/**
 * The same observer, told of whole answers when all of this turn are given. A stream ends by itself: there is nothing to
 * collect, and its client has seen the end by then.
 */
export function toldInBursts(
  observer: Required<RequestObserver>,
  bursts: Pick<Bursts, 'add'>,
): Required<RequestObserver> {
  return {
    ...observer,
    requestDone(done) {
      if (done.request.stream) observer.requestDone(done)
      else bursts.add('telling', () => observer.requestDone(done))
    },
  }
}

/**
 * One observer that tells many. An observer that throws has a bug; the request it was told about, and the other observers,
 * have none and go on.
 *
 * @param onError what to do with such a bug.
 */
export function allOf(
  observers: readonly RequestObserver[],
  onError: (error: unknown) => void,
): Required<RequestObserver> {
  /** Bound once: telling costs no closure per request. */
  function teller<Name extends keyof RequestObserver>(name: Name): Required<RequestObserver>[Name] {
    const listeners = observers.filter((observer) => observer[name] !== undefined)
    return ((fact: never) => {
      for (const observer of listeners) {
        try {
          observer[name]?.(fact)
        } catch (error) {
          onError(error)
        }
      }
    }) as Required<RequestObserver>[Name]
  }
  return {
    requestRefused: teller('requestRefused'),
    requestStarted: teller('requestStarted'),
    attemptStarted: teller('attemptStarted'),
    attemptReported: teller('attemptReported'),
    requestDone: teller('requestDone'),
    flightOpened: teller('flightOpened'),
    requestAlone: teller('requestAlone'),
    leaderLeft: teller('leaderLeft'),
    followerJoined: teller('followerJoined'),
    followerParted: teller('followerParted'),
    followerDone: teller('followerDone'),
    answerReplayed: teller('answerReplayed'),
    healthChanged: teller('healthChanged'),
  }
}
