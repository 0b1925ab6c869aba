import type { PlanCandidate } from '@lb/router'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { sessionName } from '../state/sessions.ts'
import type { DoneRequest } from '../telemetry/observer.ts'
import { type Charge, chargesOf } from './charges.ts'
import type { Prices } from './prices.ts'
import { nanoUsdOf } from './rates.ts'
import { surcharge } from './surcharge.ts'
import { noTokens, totalOf } from './token-counts.ts'
import type { Account, UsageEntry } from './usage-entry.ts'

export interface LedgerDeps {
  readonly prices: Prices
  readonly epochMs: () => number
  current(): CompiledConfig
  /** A prompt's tokens, where the upstream broke off before it said them. */
  estimateInput(request: ClientRequest, candidate: PlanCandidate): number
}

/** Makes the entries of requests: who used what, and what it costs. */
export interface Ledger {
  /** The request itself first, then what else is charged for it. */
  entriesOf(done: DoneRequest): readonly UsageEntry[]
  /** Somebody else got the answer of these entries, for nothing. */
  savedOf(entries: readonly UsageEntry[], account: Account): readonly UsageEntry[]
  /** Fills in the price, if it is known by now. @returns whether it is. */
  price(entry: UsageEntry): boolean
}

export function accountOf(request: ClientRequest): Account {
  const { id, tenant, endpoint } = request
  return { request: id, key: tenant, endpoint, session: sessionName(request) }
}

export function createLedger({ prices, epochMs, current, estimateInput }: LedgerDeps): Ledger {
  function price(entry: UsageEntry): boolean {
    const { provider, model, counts, factor } = entry
    if (totalOf(counts) === 0) entry.nanoUsd = 0
    else {
      const compiled = current()
      const rates = prices.ratesOf(compiled, compiled.providers.get(provider), model)
      if (rates !== undefined) entry.nanoUsd = rates === null ? null : nanoUsdOf(counts, rates, factor)
    }
    return entry.nanoUsd !== undefined
  }

  function addCharge(entries: UsageEntry[], charge: Charge, kind: UsageEntry['kind'], common: Common): void {
    const { candidate, billed, usage, isEstimated } = charge
    for (const [index, { model = candidate.model, counts }] of billed.entries()) {
      // Member by member: spread from another object they would cost ten times as much, on every request.
      const entry: UsageEntry = {
        atMs: common.atMs,
        // One request, and one failed attempt, is one entry; what other models did for it is a part.
        kind: index === 0 ? kind : 'part',
        account: common.account,
        provider: candidate.provider,
        model,
        isFailed: common.isFailed && kind === 'request' && index === 0,
        isEstimated,
        counts,
        factor: surcharge(usage, model),
        nanoUsd: undefined,
      }
      price(entry)
      entries.push(entry)
    }
  }

  return {
    price,
    entriesOf(done) {
      const { request } = done
      const common: Common = { atMs: epochMs(), account: accountOf(request), isFailed: !endedWell(done) }
      const charges = chargesOf(done, (candidate) => estimateInput(request, candidate))
      const answer = charges.findLast(({ isWaste }) => !isWaste)
      const entries: UsageEntry[] = []
      if (answer === undefined) entries.push(unanswered(done, common))
      else addCharge(entries, answer, 'request', common)
      for (const charge of charges) {
        if (charge !== answer) addCharge(entries, charge, charge.isWaste ? 'waste' : 'part', common)
      }
      return entries
    },
    savedOf: (entries, account) =>
      entries
        .filter(({ kind }) => kind === 'request' || kind === 'part')
        .map((entry) => ({ ...entry, atMs: epochMs(), kind: 'saved', account })),
  }
}

type Common = Pick<UsageEntry, 'atMs' | 'account' | 'isFailed'>

/** A request that nobody has answered. */
function unanswered({ request, state, candidates }: DoneRequest, common: Common): UsageEntry {
  const last = candidates.find(({ id }) => id === state.attempts.at(-1)?.candidate)
  const { provider = '', model = request.model } = last ?? {}
  return { ...common, kind: 'request', provider, model, isEstimated: false, counts: noTokens, factor: 1, nanoUsd: 0 }
}

/** Whoever leaves has not been failed. */
function endedWell({ state: { phase } }: DoneRequest): boolean {
  return phase.kind === 'over' && (phase.end === 'completed' || phase.end === 'client-gone')
}
