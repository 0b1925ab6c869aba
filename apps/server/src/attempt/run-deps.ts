import type { Failure } from '@lb/protocol'
import type { ClientKind, LoggedEvent, LoopEffect, LoopPolicy, LoopState, PlanCandidate } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { ClientView } from '../egress/client-view.ts'
import type { WaitReason } from '../state/waiting-room.ts'
import type { Attempt, AttemptNews } from './attempt.ts'

/** What one run of the attempt loop needs. */
export interface RunDeps {
  readonly clock: Clock
  readonly roll: () => number
  readonly policy: LoopPolicy
  readonly client: ClientKind
  readonly timeoutMs: number
  candidates(): readonly PlanCandidate[]
  readonly view: ClientView
  /** Filled with every event as the loop is told it, so that it can be replayed; `null`: nobody wants to know. */
  readonly log: LoggedEvent[] | null
  /** Retries that the shared budget allows now. */
  retryTokens(): number
  /** Chance with which the local throttle refuses this request when nobody is available. */
  readonly refuseChance: number
  /** The candidates as they are now. */
  look(): readonly PlanCandidate[]
  /** The loop waits, or ceases to; `wake` makes it look again. */
  waiting(why: WaitReason | null, wake: () => void): void
  /** Also an attempt whose start throws has begun: its end is reported. */
  start(candidate: PlanCandidate, effect: Effect<'start-attempt'>, tell: (news: AttemptNews) => void): Attempt
  /** The end of an attempt is reported once. @param attempt what is reported about; absent: its start threw. */
  report(effect: Effect<'report'>, attempt: Attempt | undefined): void
  spendBudget(): void
  /** Renews a credential; what went wrong, or `null`. */
  refresh(candidate: string): Promise<Failure | null>
  /** Answers a request that nobody could answer. */
  giveUp(ending: Effect<'give-up'>, attempts: ReadonlyMap<number, Attempt>, made: LoopState['attempts']): void
  endTruthfully(ending: Effect<'end-truthfully'>, attempt: Attempt | undefined): void
  /** Something threw that must not: a bug of ours. */
  internalError(error: unknown): void
  /** The request is over; called once, last. */
  over(state: LoopState, attempts: ReadonlyMap<number, Attempt>, policy: LoopPolicy): void
}

export type Effect<T extends LoopEffect['type']> = Extract<LoopEffect, { readonly type: T }>
