import { setTimeout } from 'node:timers/promises'
import type { PlanCandidate } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { Log } from '../telemetry/log.ts'
import type { DoneRequest, RequestObserver } from '../telemetry/observer.ts'
import type { Thread, ThreadListener } from '../threads/start-thread.ts'
import { createFollowers } from './followers.ts'
import { createLatePrices } from './late-prices.ts'
import { accountOf, createLedger, type Ledger } from './ledger.ts'
import { blendOf, createPrices } from './prices.ts'
import { NANO_USD } from './rates.ts'
import { createSpending, SPENDING_MS, type Spending } from './spending.ts'
import { createUsageClient, type UsageClient } from './usage-client.ts'
import type { UsageEntry } from './usage-entry.ts'
import type { UsageQuery } from './usage-query.ts'
import { createUsageQueue, type UsageQueue } from './usage-queue.ts'
import type { UsageSums } from './usage-sums.ts'

/** Who used how many tokens, and what they cost. */
export interface Usage {
  readonly observer: RequestObserver
  /** What a request costs, failed attempts included, in US dollars; `undefined`: no price is known, or not yet. */
  costOf(done: DoneRequest): number | undefined
  /** What a target costs; see {@link blendOf}. */
  priceOf(compiled: CompiledConfig, target: { readonly provider: string; readonly model: string }): number | null
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

/** What cannot be written by then is lost with the process. */
const CLOSE_MS = 3_000

export function createUsage(deps: UsageDeps): Usage {
  const { clock, log, current } = deps
  const startedMs = clock.epochMs()
  const processId = deps.newId('lb')
  const client = createUsageClient(deps)
  const prices = createPrices({
    lookUp: (priced) => client.ask({ kind: 'price', priced, epochMs: clock.epochMs() }),
    nowMs: clock.nowMs,
  })
  const ledger = createLedger({ ...deps, prices, epochMs: clock.epochMs })
  const spending = createSpending()
  const entries = rememberLast(ledger)
  const loadPast = pastSpending(spending, client, startedMs, log)
  const late = createLatePrices(prices, ledger.price, spend)
  const queue = createUsageQueue({
    log,
    write: (batch, rows) => client.ask({ kind: 'write', process: processId, batch, rows }),
    async ready() {
      await client.follow()
      await late.settled()
    },
  })
  const followers = createFollowers((shared, account) => keep(ledger.savedOf(shared, account)))

  function spend({ kind, account, atMs, nanoUsd }: UsageEntry): void {
    if (kind !== 'saved' && nanoUsd) spending.add(account.key, atMs, nanoUsd)
  }

  function keep(made: readonly UsageEntry[]): void {
    const { enabled } = current().config.settings.usage
    for (const entry of made) {
      if (entry.nanoUsd === undefined) late.add(entry)
      else spend(entry)
      if (enabled) queue.add(entry)
    }
  }

  return {
    observer: {
      attemptStarted({ candidate }) {
        const compiled = current()
        if (compiled.config.settings.usage.enabled) void loadPast()
        prices.ratesOf(compiled, compiled.providers.get(candidate.provider), candidate.model)
      },
      // Who left before the end, or gave up waiting, was spared nothing.
      followerDone({ request, leader, ending }) {
        if (ending === 'whole') followers.joined(accountOf(request), leader.id)
      },
      requestDone(done) {
        const made = entries.of(done)
        entries.forget()
        if (made.length === 0) return
        keep(made)
        followers.answered(done.request.id, made)
      },
    },
    costOf: (done) => costOf(entries.of(done)),
    priceOf: (compiled, { provider, model }) => blendOf(prices, compiled, compiled.providers.get(provider), model),
    spentSince: (key, sinceMs) => spending.since(key, sinceMs) / NANO_USD,
    sum: (query) => sumOf(query, client, queue),
    async ready() {
      for (const { provider, model } of configuredTargets(current())) prices.ratesOf(current(), provider, model)
      if (current().config.settings.usage.enabled) await loadPast()
      await prices.settled()
    },
    close: () => closeBooks(client, queue, log),
  }
}

/** Those who watch a request ask for its cost one after the other; the books are the last of them. */
function rememberLast(ledger: Ledger): { of(done: DoneRequest): readonly UsageEntry[]; forget(): void } {
  let last: { readonly done: DoneRequest; readonly entries: readonly UsageEntry[] } | undefined
  return {
    of(done) {
      if (done.request.endpoint === 'count-tokens') return []
      if (last?.done !== done) last = { done, entries: ledger.entriesOf(done) }
      return last.entries
    },
    forget() {
      last = undefined
    },
  }
}

function costOf(entries: readonly UsageEntry[]): number | undefined {
  let sum: number | undefined
  for (const { nanoUsd } of entries) if (typeof nanoUsd === 'number') sum = (sum ?? 0) + nanoUsd
  return sum === undefined ? undefined : sum / NANO_USD
}

async function sumOf(query: UsageQuery, client: UsageClient, queue: UsageQueue): Promise<UsageReply> {
  await queue.flush()
  await client.follow()
  const sums = await client.ask({ kind: 'sum', query })
  return { ...sums, pending: queue.pending() }
}

/** What earlier processes spent is read once, with the first request at the latest: a reload may bring budgets at any time. */
function pastSpending(...deps: Parameters<typeof loadSpending>): () => Promise<void> {
  let loading: Promise<void> | undefined
  return () => {
    loading ??= loadSpending(...deps)
    return loading
  }
}

async function loadSpending(spending: Spending, client: UsageClient, startedMs: number, log: Log): Promise<void> {
  try {
    spending.load(await client.ask({ kind: 'spent', sinceMs: startedMs - SPENDING_MS, beforeMs: startedMs }))
  } catch (error) {
    const { message } = error as Error
    const fields = { event: 'usage_not_read', reason: message }
    log.error(fields, `what was spent so far cannot be read: ${message}. Budgets begin at zero`)
  }
}

async function closeBooks(client: UsageClient, queue: UsageQueue, log: Log): Promise<void> {
  await Promise.race([queue.flush(), setTimeout(CLOSE_MS, undefined, { ref: false })])
  const entries = queue.pending()
  if (entries > 0) log.error({ event: 'usage_lost', entries }, `${entries} entries of usage could not be written`)
  await client.end()
}

function configuredTargets({ config, providers }: CompiledConfig) {
  return config.modelRoutes.flatMap(({ pattern, routes }) =>
    routes.map(({ providerId, model }) => ({
      provider: providers.get(providerId),
      model: model === 'passthrough' ? pattern : model,
    })),
  )
}
