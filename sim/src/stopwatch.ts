import type { Ending, LoopEffect, PlanCandidate } from '@lb/router'
import type { Agenda } from './agenda.ts'
import type { Exchange } from './exchange.ts'
import { nobody, type Watcher } from './watcher.ts'

/** How long things took in a world. */
export class Stopwatch {
  /** From the report of a failure to the start of the next attempt. */
  readonly failovers: number[] = []
  slowestRefusalMs = 0
  datelessRefusals = 0
  readonly #starts: { readonly provider: string; readonly atMs: number }[] = []
  readonly #committed: { readonly acceptedMs: number; readonly afterMs: number }[] = []

  /** Looks on at the world of this agenda. */
  on(agenda: Agenda): Watcher {
    const failedMs = new Map<Exchange, number>()
    return {
      ...nobody,
      obeyed: (exchange: Exchange, effect: LoopEffect): void => {
        const { nowMs } = agenda
        if (effect.type === 'report' && effect.outcome.kind === 'failed') failedMs.set(exchange, nowMs)
        if (effect.type === 'commit')
          this.#committed.push({ acceptedMs: exchange.acceptedMs, afterMs: nowMs - exchange.acceptedMs })
        if (effect.type !== 'start-attempt') return
        this.#starts.push({ provider: providerOf(exchange, effect.candidate), atMs: nowMs })
        const before = failedMs.get(exchange)
        if (before !== undefined && effect.why === 'failover') this.failovers.push(nowMs - before)
      },
      ended: (exchange: Exchange, ending: Ending): void => {
        failedMs.delete(exchange)
        if (ending.type !== 'give-up') return
        this.slowestRefusalMs = Math.max(this.slowestRefusalMs, agenda.nowMs - exchange.acceptedMs)
        if (ending.retryAfterMs === null && ending.attempt === null) this.datelessRefusals += 1
      },
    }
  }

  failoverP99Ms(): number {
    const sorted = [...this.failovers].sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0
  }

  /** Requests whose first content took longer than `ms`: those that came before the first could have failed, and later ones. */
  slowRequests(ms: number): { readonly early: number; readonly later: number } {
    const slow = this.#committed.filter(({ afterMs }) => afterMs > ms)
    const early = slow.filter(({ acceptedMs }) => acceptedMs < 30_000).length
    return { early, later: slow.length - early }
  }

  /** When a provider was first asked, from `fromMs` on. */
  firstStartMs(provider: string, fromMs: number): number {
    return (
      this.#starts.find((start) => start.provider === provider && start.atMs >= fromMs)?.atMs ??
      Number.POSITIVE_INFINITY
    )
  }

  /** The end of the first five seconds, from `fromMs` on, in which a provider got 95 of 100 attempts. */
  fullShareMs(provider: string, fromMs: number): number {
    for (let from = fromMs; from < fromMs + 600_000; from += 1_000) {
      const window = this.#starts.filter(({ atMs }) => atMs >= from && atMs < from + 5_000)
      const share = window.filter((start) => start.provider === provider).length / Math.max(1, window.length)
      if (share >= 0.95) return from + 5_000
    }
    return Number.POSITIVE_INFINITY
  }
}

function providerOf(exchange: Exchange, id: string): string {
  const target: Pick<PlanCandidate, 'provider'> | undefined = exchange.gateway.plan.targets.find((one) => one.id === id)
  return target?.provider ?? id
}
