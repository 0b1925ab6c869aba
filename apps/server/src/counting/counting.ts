import { dirname, join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { FlightKeys } from '../flights/flight-keys.ts'
import type { Lead } from '../flights/lead.ts'
import type { Accounts } from '../oauth/index.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { pathFrom } from '../state/path-from.ts'
import type { Log } from '../telemetry/log.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Thread, ThreadListener } from '../threads/start-thread.ts'
import { createThreadClient } from '../threads/thread-client.ts'
import { credentialHeaders, type SignedIn } from '../upstream/credential-headers.ts'
import type { Pools } from '../upstream/pools.ts'
import { askCounter, askWithLogin, type CountCall } from './ask-counter.ts'
import { openCalibrationBook } from './calibration-book.ts'
import { answerCount, type CountJob, type CountMeans } from './count-job.ts'
import { counters } from './count-request.ts'
import { createCounterRest } from './counter-rest.ts'
import { createEstimator, type Estimator } from './estimator.ts'
import { createLessons } from './lessons.ts'
import type { TokenAnswers, TokenAsk } from './token-messages.ts'

/** Answers `POST /v1/messages/count_tokens`: by the upstream's own counter where there is one, else by an estimate. */
export interface Counting {
  /** Learns from answers how far estimates are off. */
  readonly observer: RequestObserver
  readonly estimator: Estimator
  answer(job: CountJob): Lead
  close(): Promise<void>
}

export interface CountingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly pools: Pools
  readonly keys: FlightKeys
  /** The stored logins; `undefined`: they are switched off. */
  readonly accounts: () => Accounts | undefined
  current(): CompiledConfig
  /** Relative paths are meant from here. */
  readonly folder: string
  startThread(listener: ThreadListener): Thread
}

/** Clients ask before every turn: a count that takes longer is worth less than an estimate. */
const DEFAULT_TIMEOUT_MS = 5_000
/** The same question has the same answer; an hour bounds how long a vendor's correction goes unnoticed. */
const KEPT_COUNTS = { max: 2_000, ttl: 3_600_000 }
/** Beside the books of usage. */
const RATIOS_FILE = 'token-ratios.json'

export function createCounting(deps: CountingDeps): Counting {
  const { clock, log, current, folder } = deps
  const book = openCalibrationBook({
    log,
    path() {
      const { enabled, path } = current().config.settings.usage
      return enabled ? join(dirname(pathFrom(folder, path)), RATIOS_FILE) : null
    },
  })
  const client = createThreadClient<TokenAsk, TokenAnswers>({ start: deps.startThread })
  const estimator = createEstimator({ client, calibration: book.calibration })
  const means = countMeans(deps, estimator)
  return {
    observer: createLessons({ book, estimator, nowMs: clock.nowMs }),
    estimator,
    answer: (job) => answerCount({ ...job, candidates: whoWouldAnswer(job.candidates) }, means),
    async close() {
      await book.close()
      await estimator.close()
    },
  }
}

/** A plan leaves those who must not be asked now in their places; a request goes past them. */
function whoWouldAnswer(planned: CountJob['candidates']): CountJob['candidates'] {
  const first = planned.find(({ availability: { kind } }) => kind === 'available' || kind === 'probe') ?? planned[0]
  return [first, ...planned.filter((candidate) => candidate !== first)]
}

function countMeans({ clock, log, pools, keys, accounts }: CountingDeps, estimator: Estimator): CountMeans {
  const rest = createCounterRest(clock.nowMs)
  const kept = new LRUCache<string, Uint8Array>(KEPT_COUNTS)

  /** Whoever may share a call may share its answer later. `undefined`: nobody may. */
  function keyOf({ compiled, request, candidates: [candidate] }: CountJob): string | undefined {
    const key = keys.keyOf(compiled, request)
    return key.kind === 'shared' ? `${key.key} ${candidate.id}` : undefined
  }

  return {
    nowMs: clock.nowMs,
    known: (job) => kept.get(keyOf(job) ?? ''),
    keep(job, count) {
      const key = keyOf(job)
      if (key !== undefined) kept.set(key, count)
    },
    ask({ compiled, request, session, candidates: [{ credential, model, availability }] }, provider) {
      if (availability.kind === 'barred' && availability.reason === 'disabled') return 'switched off'
      const { appName, tokenCounting } = compiled.config.settings
      const { alwaysUseLocal, timeoutOverrideMs: timeoutMs = DEFAULT_TIMEOUT_MS } = tokenCounting
      if (alwaysUseLocal) return 'always_use_local'
      if (counters[provider.dialect] === undefined) return 'no counter'
      if (!rest.mayAsk(provider.id, model)) return 'the counter rests'
      const ask = (signedIn: SignedIn): CountCall =>
        askCounter({ pools, provider, signedIn, model, request, appName, timeoutMs })
      if (provider.auth.kind !== 'oauth') return ask(credentialHeaders(provider, credential, request))
      const { accountEmail } = provider.auth
      const known = accounts()
      if (known === undefined) return 'no login'
      const whose = accountEmail === undefined ? {} : { pinnedEmail: accountEmail }
      return askWithLogin(known, { model, ...whose, ...(session === null ? {} : { session }) }, ask)
    },
    told({ compiled, candidates: [{ provider, model }] }, count) {
      const policy = compiled.config.settings.tokenCounting
      if (count.kind === 'counted' || count.kind === 'refused') return rest.worked(provider)
      if (count.kind === 'missing') return rest.missing(provider, model, policy)
      if (count.kind !== 'failed') return
      rest.failed(provider, policy)
      const { reason } = count
      log.debug({ event: 'token_count_failed', provider, reason }, `${provider} did not count: ${reason}`)
    },
    async estimate({ request, candidates: [{ provider, model }] }) {
      const { inputTokens } = await estimator.best(request.body, { provider, model })
      return inputTokens
    },
  }
}
