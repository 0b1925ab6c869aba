import type { Clock } from '../clock.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import type { DoneRequest, RequestObserver } from '../telemetry/observer.ts'
import type { Caller, KeyLimits } from './caller.ts'
import type { Costs } from './costs.ts'
import { countedTokens, estimatedTokens } from './counted-tokens.ts'
import { createLedger, type Ledger, type Now, type Reached, type Wish } from './ledger.ts'

/** The limits of all keys. What a key has used up outlives every change of the configuration, also of its own limits. */
export interface Limits {
  /**
   * Lets a request begin, or says why not. Whoever is let in is counted until `observer` hears that the request is over.
   */
  enter(request: ClientRequest, caller: Caller): Refusal | undefined
  readonly observer: RequestObserver
}

export interface LimitsDeps {
  readonly clock: Clock
  readonly costs?: Pick<Costs, 'spentSince'>
}

interface Ticket {
  readonly ledger: Ledger
  readonly wish: Wish
  /** Its client is there: it counts as open. */
  isOpen: boolean
}

export function createLimits({ clock, costs }: LimitsDeps): Limits {
  const ledgers = new Map<string, Ledger>()
  const tickets = new Map<string, Ticket>()

  function ledgerOf(tenant: string): Ledger {
    const known = ledgers.get(tenant)
    if (known !== undefined) return known
    const ledger = createLedger((epochMs) => costs?.spentSince(tenant, epochMs) ?? 0)
    ledgers.set(tenant, ledger)
    return ledger
  }

  /** @param used how many tokens. */
  function settle(id: string, used: (wish: Wish) => number): void {
    const ticket = tickets.get(id)
    if (ticket === undefined) return
    tickets.delete(id)
    if (ticket.isOpen) ticket.ledger.close(ticket.wish)
    ticket.ledger.end(ticket.wish, used(ticket.wish), nowOf(clock))
  }

  const leave = ({ id }: Pick<ClientRequest, 'id'>): void => settle(id, () => 0)
  return {
    enter(request, { tenant, limits }) {
      if (!isLimited(limits)) return undefined
      const ledger = ledgerOf(tenant)
      const wish = wishOf(request)
      const now = nowOf(clock)
      const reached = ledger.judge(limits, wish, now)
      if (reached !== undefined) return refusalOf(reached, now.epochMs)
      ledger.begin(wish, now)
      tickets.set(request.id, { ledger, wish, isOpen: true })
      return undefined
    },
    observer: {
      requestDone(done) {
        settle(done.request.id, (wish) => usedTokens(done, wish))
      },
      // Its call goes on and is paid for at its end. Its place is free: for the retry that attaches to that call.
      leaderLeft({ id }) {
        const ticket = tickets.get(id)
        if (ticket?.isOpen !== true) return
        ticket.isOpen = false
        ticket.ledger.close(ticket.wish)
      },
      followerDone: ({ request }) => leave(request),
      answerReplayed: ({ request }) => leave(request),
    },
  }
}

function isLimited({ requestsPerMinute, tokensPerMinute, concurrency, budget }: KeyLimits): boolean {
  return (
    requestsPerMinute !== undefined ||
    tokensPerMinute !== undefined ||
    concurrency !== undefined ||
    budget !== undefined
  )
}

function nowOf(clock: Clock): Now {
  return { nowMs: clock.nowMs(), epochMs: clock.epochMs() }
}

function wishOf({ endpoint, body }: ClientRequest): Wish {
  if (endpoint === 'count-tokens') return { kind: 'count', tokens: 0 }
  return { kind: 'generate', tokens: estimatedTokens(body) }
}

/**
 * What counts is what the API itself counts against its own limits: input, cache writes and output, but not what was read
 * from a prompt cache. Who completed a request without counting is believed to have used what was estimated.
 */
function usedTokens({ state, attempts }: DoneRequest, { kind, tokens }: Wish): number {
  if (kind === 'count') return 0
  const last = state.attempts.at(-1)
  const counted = countedTokens(last === undefined ? undefined : attempts.get(last.attempt)?.usage())
  const isCompleted = state.phase.kind === 'over' && state.phase.end === 'completed'
  return counted ?? (isCompleted ? tokens : 0)
}

function refusalOf(reached: Reached, epochMs: number): Refusal {
  // Without the microsecond a rounding error would make 61 s of a minute, and Claude Code gives up on more than 60.
  const retryAfterSeconds = Math.max(1, Math.ceil(reached.waitMs / 1000 - 1e-6))
  const refusal = { status: 429, type: 'rate_limit_error', retryAfterSeconds } as const
  if (reached.limit === 'budget') {
    const { usd, per, waitMs } = reached
    const until = new Date(epochMs + waitMs).toISOString().slice(0, 10)
    const message = `This key has spent its budget of $${usd} per ${per}. The next begins on ${until} (UTC).`
    // Clients that wait for a month are of no use to anybody.
    return { ...refusal, message, shouldRetry: false }
  }
  return { ...refusal, message: `${texts[reached.limit](reached.max)} Try again in ${retryAfterSeconds} s.` }
}

const texts: Readonly<Record<Exclude<Reached['limit'], 'budget'>, (max: number) => string>> = {
  requests: (max) => `This key may make ${max} requests a minute.`,
  tokens: (max) => `This key may use ${max} tokens a minute.`,
  concurrency: (max) => `This key may have ${max} requests open at a time.`,
}
