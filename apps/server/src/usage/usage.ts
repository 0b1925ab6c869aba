import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { PlanCandidate } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { Log } from '../telemetry/log.ts'
import type { DoneRequest, RequestObserver } from '../telemetry/observer.ts'
import type { Thread, ThreadListener } from '../threads/start-thread.ts'
import { createThreadClient } from '../threads/thread-client.ts'
import type { Question } from '../threads/thread-messages.ts'
import { createFollowers } from './followers.ts'
import { accountOf, createLedger } from './ledger.ts'
import { createPrices } from './prices.ts'
import { NANO_USD } from './rates.ts'
import { createSpending, SPENDING_MS } from './spending.ts'
import type { UsageEntry } from './usage-entry.ts'
import type { UsageAnswers, UsageAsk } from './usage-messages.ts'
import type { UsageQuery } from './usage-query.ts'
import { createUsageQueue } from './usage-queue.ts'
import type { UsageSums } from './usage-sums.ts'

/** Who used how many tokens, and what they cost. */
export interface Usage {
  readonly observer: RequestObserver
  /** What a request costs, failed attempts included, in US dollars; `undefined`: no price is known, or not yet. */
  costOf(done: DoneRequest): number | undefined
  /** What a key has spent since the beginning of that hour, in US dollars. Earlier processes count after {@link Usage.ready}. */
  spentSince(key: string, epochMs: number): number
  /** Adds up what was used. Rejects with a `ThreadFailure` when the books cannot be read. */
  sum(query: UsageQuery): Promise<UsageReply>
  /** What earlier processes spent and what the configured models cost is known from here on. Never rejects. */
  ready(): Promise<void>
  /** Writes what is not written yet, and ends. */
  close(): Promise<void>
}

export interface UsageReply extends UsageSums {
  /** Entries that are in no sum, because they could not be written yet. */
  readonly pending: number
}

export interface UsageDeps {
  readonly clock: Clock
  readonly log: Log
  readonly newId: (prefix: string) => string
  current(): CompiledConfig
  /** Relative paths are meant from here. */
  readonly folder: string
  /** A prompt's tokens, where the upstream broke off before it said them. */
  estimateInput(request: ClientRequest, candidate: PlanCandidate): number
  startThread(listener: ThreadListener): Thread
}

const DAY_MS = 86_400_000
/** What cannot be written by then is lost with the process. */
const CLOSE_MS = 3_000

export function createUsage(deps: UsageDeps): Usage {
  const { clock, log, current, folder } = deps
  const startedMs = clock.epochMs()
  const processId = deps.newId('lb')
  const settings = () => current().config.settings.usage
  let applied = settings()

  const opening = (): Question<UsageAsk, 'open'> => {
    applied = settings()
    const { enabled, path, retentionDays } = applied
    return { kind: 'open', path: enabled ? resolve(folder, path) : null, retentionMs: retentionDays * DAY_MS }
  }
  const client = createThreadClient<UsageAsk, UsageAnswers>({
    start: deps.startThread,
    greeting: opening,
    farewell: { kind: 'close' },
  })
  const prices = createPrices({
    lookUp: (priced) => client.ask({ kind: 'price', priced, epochMs: clock.epochMs() }),
    nowMs: clock.nowMs,
  })
  const ledger = createLedger({ ...deps, prices, epochMs: clock.epochMs })
  const spending = createSpending()
  /** Entries without a price. */
  let unpriced: UsageEntry[] = []
  const queue = createUsageQueue({
    log,
    write: (batch, rows) => client.ask({ kind: 'write', process: processId, batch, rows }),
    async ready() {
      // A queue that cannot tell the thread where to write finds out when it writes.
      if (applied !== settings()) await client.ask(opening()).catch(() => {})
      await completed()
    },
  })

  /** Prices are known a moment after they were asked for. One that cannot be had by then is not known. */
  async function completed(): Promise<void> {
    await prices.settled()
    for (const entry of unpriced) {
      if (ledger.price(entry)) spend(entry)
      else entry.nanoUsd = null
    }
    unpriced = []
  }

  function spend({ kind, account, atMs, nanoUsd }: UsageEntry): void {
    if (kind !== 'saved' && nanoUsd) spending.add(account.key, atMs, nanoUsd)
  }

  function keep(entries: readonly UsageEntry[]): void {
    const { enabled } = settings()
    for (const entry of entries) {
      if (entry.nanoUsd !== undefined) spend(entry)
      else if (unpriced.push(entry) === 1) void completed()
      if (enabled) queue.add(entry)
    }
  }

  /** Those who watch a request ask for its cost one after the other; this one is the last of them. */
  let last: { readonly done: DoneRequest; readonly entries: readonly UsageEntry[] } | undefined
  function entriesOf(done: DoneRequest): readonly UsageEntry[] {
    if (done.request.endpoint === 'count-tokens') return []
    if (last?.done !== done) last = { done, entries: ledger.entriesOf(done) }
    return last.entries
  }

  const followers = createFollowers((entries, account) => keep(ledger.savedOf(entries, account)))

  return {
    observer: {
      attemptStarted({ candidate }) {
        const compiled = current()
        prices.ratesOf(compiled, compiled.providers.get(candidate.provider), candidate.model)
      },
      followerJoined: ({ request, leader }) => followers.joined(accountOf(request), leader.id),
      requestDone(done) {
        const entries = entriesOf(done)
        last = undefined
        if (entries.length === 0) return
        keep(entries)
        followers.answered(done.request.id, entries)
      },
    },
    costOf(done) {
      const known = entriesOf(done).flatMap(({ nanoUsd }) => nanoUsd ?? [])
      return known.length === 0 ? undefined : known.reduce((sum, nanoUsd) => sum + nanoUsd, 0) / NANO_USD
    },
    spentSince: (key, sinceMs) => spending.since(key, sinceMs) / NANO_USD,
    async sum(query) {
      await queue.flush()
      const sums = await client.ask({ kind: 'sum', query })
      return { ...sums, pending: queue.pending() }
    },
    async ready() {
      for (const { provider, model } of configuredTargets(current())) prices.ratesOf(current(), provider, model)
      if (settings().enabled) {
        const sinceMs = startedMs - SPENDING_MS
        await client
          .ask({ kind: 'spent', sinceMs, beforeMs: startedMs })
          .then(spending.load, ({ message }: Error) =>
            log.error(
              { event: 'usage_not_read', reason: message },
              `what was spent so far cannot be read: ${message}. Budgets begin at zero`,
            ),
          )
      }
      await prices.settled()
    },
    async close() {
      await Promise.race([queue.flush(), setTimeout(CLOSE_MS, undefined, { ref: false })])
      const entries = queue.pending()
      if (entries > 0) log.error({ event: 'usage_lost', entries }, `${entries} entries of usage could not be written`)
      await client.end()
    },
  }
}

function configuredTargets({ config, providers }: CompiledConfig) {
  return config.modelRoutes.flatMap(({ pattern, routes }) =>
    routes.map(({ providerId, model }) => ({
      provider: providers.get(providerId),
      model: model === 'passthrough' ? pattern : model,
    })),
  )
}
