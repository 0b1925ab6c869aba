import type { HealthEffect } from '@lb/health'
import type { Ending, LoopEffect, LoopEvent, LoopState, PlanCandidate } from '@lb/router'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** Who looks on: transcripts write down what they see, invariants check it. */
export interface Watcher {
  /** Whether exchanges keep the log of their events. */
  readonly keepsLogs: boolean
  planned(exchange: Exchange, candidates: readonly PlanCandidate[]): void
  /** The loop was told `event` when it was in `before`; its new state is `exchange.state`. */
  stepped(exchange: Exchange, event: LoopEvent, before: LoopState, effects: readonly LoopEffect[]): void
  fact(gateway: Gateway, fact: HealthEffect): void
  ended(exchange: Exchange, ending: Ending): void
  /** Whether the renewal of a credential that this request asks for succeeds. */
  refreshes(exchange: Exchange): boolean
}

/** Sees nothing. */
export const nobody: Watcher = {
  keepsLogs: false,
  planned() {},
  stepped() {},
  fact() {},
  ended() {},
  refreshes: () => true,
}
