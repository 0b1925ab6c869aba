import type { HealthEffect, HealthEvent, HealthState } from '@lb/health'
import type { Ending, LoopEffect, LoopEvent, LoopState, PlanCandidate } from '@lb/router'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** Who looks on: transcripts write down what they see, invariants check it. */
export interface Watcher {
  planned(exchange: Exchange, candidates: readonly PlanCandidate[]): void
  /** The loop was told `event` when it was in `before`; its new state is `exchange.state`. */
  stepped(exchange: Exchange, event: LoopEvent, before: LoopState, effects: readonly LoopEffect[]): void
  /** An effect is about to be obeyed. */
  obeyed(exchange: Exchange, effect: LoopEffect): void
  /** Health was told `event` when it was in `before`; its new state is `gateway.health`. */
  judged(gateway: Gateway, event: HealthEvent, before: HealthState): void
  fact(gateway: Gateway, fact: HealthEffect): void
  ended(exchange: Exchange, ending: Ending): void
  /** Whether the renewal of a credential that this request asks for succeeds. */
  refreshes(exchange: Exchange): boolean
}

/** Sees nothing. */
export const nobody: Watcher = {
  planned() {},
  stepped() {},
  obeyed() {},
  judged() {},
  fact() {},
  ended() {},
  refreshes: () => true,
}

/** Two look on. The first one decides what is to be decided. */
export function both(first: Watcher, second: Watcher): Watcher {
  return {
    planned(...seen) {
      first.planned(...seen)
      second.planned(...seen)
    },
    stepped(...seen) {
      first.stepped(...seen)
      second.stepped(...seen)
    },
    obeyed(...seen) {
      first.obeyed(...seen)
      second.obeyed(...seen)
    },
    judged(...seen) {
      first.judged(...seen)
      second.judged(...seen)
    },
    fact(...seen) {
      first.fact(...seen)
      second.fact(...seen)
    },
    ended(...seen) {
      first.ended(...seen)
      second.ended(...seen)
    },
    refreshes: (exchange) => first.refreshes(exchange),
  }
}
