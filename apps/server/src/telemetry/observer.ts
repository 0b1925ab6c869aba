import type { Loss } from '@lb/convert'
import type { HealthEffect } from '@lb/health'
import type { LoggedEvent, LoopPolicy, LoopState, Outcome, PlanCandidate, RequestFeatures } from '@lb/router'
import type { Attempt } from '../attempt/attempt.ts'
import type { Shown } from '../egress/client-view.ts'
import type { ClientRequest } from '../ingress/client-request.ts'

/**
 * Somebody who wants to know what happens: the log, metrics, usage, traces, the decision records. Observers are told, in the
 * order in which they were added, and decide nothing; what they do must be quick, and must not throw.
 */
export interface RequestObserver {
  /** A request came in and is understood. */
  requestStarted?(request: ClientRequest): void
  /** An attempt was started. */
  attemptStarted?(started: StartedAttempt): void
  /** How an attempt is doing; `alive` comes before its end. */
  attemptReported?(reported: ReportedAttempt): void
  /** A request is over. Told exactly once for each that was started. */
  requestDone?(done: DoneRequest): void
  /** Health has something to tell. */
  healthChanged?(fact: HealthEffect): void
}

/** An attempt on its way. */
export interface StartedAttempt {
  readonly request: ClientRequest
  /** 1, 2, … within the request. */
  readonly attempt: number
  readonly candidate: PlanCandidate
  /** What the conversion of the request could not carry. */
  readonly losses: readonly Loss[]
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
}

/** One observer that tells many. */
export function allOf(observers: readonly RequestObserver[]): Required<RequestObserver> {
  return {
    requestStarted(request) {
      for (const observer of observers) observer.requestStarted?.(request)
    },
    attemptStarted(started) {
      for (const observer of observers) observer.attemptStarted?.(started)
    },
    attemptReported(reported) {
      for (const observer of observers) observer.attemptReported?.(reported)
    },
    requestDone(done) {
      for (const observer of observers) observer.requestDone?.(done)
    },
    healthChanged(fact) {
      for (const observer of observers) observer.healthChanged?.(fact)
    },
  }
}
