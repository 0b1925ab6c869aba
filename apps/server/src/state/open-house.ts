import type { Config } from '@lb/config'
import { TransientMap } from '@lb/protocol'
import { isHealthy } from '../admin/health.ts'
import { createBursts } from '../bursts.ts'
import { systemClock } from '../clock.ts'
import { type CountingDeps, createCounting } from '../counting/counting.ts'
import { createFlightKeys } from '../flights/flight-keys.ts'
import { Flights } from '../flights/flights.ts'
import { createPaceWatch } from '../ingress/pace.ts'
import type { Costs } from '../keys/costs.ts'
import { createLimits } from '../keys/limits.ts'
import type { Accounts } from '../oauth/index.ts'
import { newId, roll } from '../random.ts'
import { internalErrors } from '../telemetry/internal-errors.ts'
import type { Log } from '../telemetry/log.ts'
import { logObserver } from '../telemetry/log-observer.ts'
import { type LoopLag, watchLoop } from '../telemetry/loop-lag.ts'
import { createMetrics, type Metrics, type PresentState } from '../telemetry/metrics/metrics.ts'
import { allOf, toldInBursts } from '../telemetry/observer.ts'
import { openTraces } from '../telemetry/traces/traces.ts'
import { startThread } from '../threads/start-thread.ts'
import { createPools } from '../upstream/pools.ts'
import { createUsage, type Usage } from '../usage/usage.ts'
import { createAnswerStores } from './answer-stores.ts'
import { type CompiledConfig, compileConfig, logLiteralPatterns } from './compiled-config.ts'
import type { ConfigSource } from './config-source.ts'
import { createDecisionRecords } from './decision-records.ts'
import { createHealthFile, type HealthFile } from './health-file.ts'
import type { House, Phase, Stoppable } from './house.ts'
import { createListeners } from './listeners.ts'
import { createLiveConfig, type LiveConfig } from './live-config.ts'
import { createLogins } from './logins.ts'
import { createReloader } from './reload.ts'
import { createScoreboard } from './scoreboard.ts'
import { Targets } from './targets.ts'
import { keepInStep } from './upkeep.ts'

/** What a house is made of. */
export interface HouseOptions {
  readonly config: Config
  readonly log: Log
  /** The file that `config` was read from, to be read again while running. Absent: there is none, as in the demo. */
  readonly source?: ConfigSource
  /** What relative paths in the config are relative to: the folder of its file. Default: the working directory. */
  readonly folder?: string
  /** Of lb, for metrics and traces. */
  readonly version?: string
  /** Who knows prices. Default: lb's own books. */
  readonly costs?: Costs
  /**
   * Judges instead of lb whether this process is overloaded: for whoever embeds lb in a process that does other work, as tests
   * do.
   */
  readonly isOverloaded?: () => boolean
  /** Starts lb's own threads. Default: as worker threads of this process. */
  readonly startThread?: typeof startThread
}

/** A house, and what must be done with it at the end. */
export interface OpenHouse {
  readonly house: House
  /** Opens the stored logins, now that it is known where browsers find lb. */
  openLogins(publicUrl: string): Promise<void>
  /** Writes what is not written yet, and lets go of everything. */
  close(): Promise<void>
}

/** Puts together everything that lives longer than one request. @param phase what the process is at. */
export async function openHouse(options: HouseOptions, phase: () => Phase): Promise<OpenHouse> {
  const { config, log, source, folder = process.cwd(), version = 'unknown' } = options
  const clock = systemClock
  const live = await openConfig(config, log)
  const { current } = live
  const pools = createPools()
  const keys = createFlightKeys()
  const watch = watchLoop(clock.nowMs)
  const isOverloaded = options.isOverloaded ?? (() => watch.lag.isOverloaded)
  const common = { clock, log, newId, current, folder }
  const accounts = (): Accounts | undefined => logins.current()?.accounts
  const { counting, usage } = openBooks(options, common, { pools, keys, accounts })
  const costs = options.costs ?? usage
  const metrics = openMetrics(version, live, costs, () => presentState(house, watch.lag))
  const internalError = internalErrors(log, metrics)
  const bursts = createBursts(internalError)
  const traces = await openTraces(process.env, { version, log, upstreamOf: (name) => current().providers.get(name) })
  const limits = createLimits({ clock, costs })
  const scoreboard = createScoreboard(clock)
  const records = createDecisionRecords(clock, current)
  const watchers = [limits, metrics, scoreboard, records, counting]
  // The books are last: whoever asks them what a request costs is told about its end before.
  const told = [...(traces === undefined ? [] : [traces]), ...watchers, usage].map((one) => one.observer)
  const observer = toldInBursts(allOf([logObserver(log), ...told], internalError), bursts)
  const { targets, healthFile } = await openTargets(common, observer.healthChanged, usage.priceOf)
  keepInStep(live, { targets, scoreboard, pools })
  const reloader = createReloader({ live, source, clock, log, reloaded: metrics.reloaded })
  const logins = createLogins(live, folder, log)
  const stores = createAnswerStores()
  const flights = new Flights({ clock, roll, keys, store: stores.of, observer })
  const { add: onCleanup, tell: cleanup } = createListeners<boolean>(log)
  onCleanup(stores.clear)
  const paces = createPaceWatch(clock)
  const running = new TransientMap<string, Stoppable>()
  const own = { clock, roll, newId, log, phase, isOverloaded, internalError, onCleanup, cleanup, running }
  const parts = { bursts, pools, targets, flights, paces, limits, usage, counting, reloader, oauth: logins.current }
  const house: House = { ...live, ...own, ...parts, observer, metrics, traces, scoreboard, records }
  if (needsPrices(current())) await usage.ready()
  live.onReload((now) => void (needsPrices(now) && usage.ready().catch(internalError)))
  return {
    house,
    openLogins: logins.open,
    async close() {
      watch.close()
      bursts.flush()
      await logins.close()
      await Promise.all([pools.close(), usage.close(), counting.close(), healthFile.close(), traces?.close()])
    },
  }
}

async function openConfig(config: Config, log: Log): Promise<LiveConfig> {
  const { compiled, invalidPatterns } = await compileConfig(config)
  logLiteralPatterns(log, invalidPatterns)
  return createLiveConfig(compiled, log)
}

/** What is known about the targets, with what an earlier process has left behind. */
async function openTargets(
  { clock, log, current, folder }: Common,
  onFact: House['observer']['healthChanged'],
  priceOf: Usage['priceOf'],
): Promise<{ readonly targets: Targets; readonly healthFile: HealthFile }> {
  const healthFile = createHealthFile({ clock, log, current, folder, health: () => targets.health() })
  const health = await healthFile.load()
  const targets = new Targets({ clock, roll, onFact, current, health, priceOf, changed: healthFile.changed })
  return { targets, healthFile }
}

type Common = Pick<House, 'clock' | 'log' | 'newId' | 'current'> & { readonly folder: string }

/** Who counts tokens, and who writes down what they cost. Each has a thread, started when there is something to do. */
function openBooks(
  { startThread: start = startThread }: HouseOptions,
  common: Common,
  lent: Pick<CountingDeps, 'pools' | 'keys' | 'accounts'>,
): { readonly counting: House['counting']; readonly usage: Usage } {
  const counting = createCounting({ ...common, ...lent, startThread: (listener) => start('tokens', listener) })
  const usage = createUsage({
    ...common,
    startThread: (listener) => start('usage', listener),
    estimateInput: ({ body }, target) => counting.estimator.now(body, target).inputTokens,
  })
  return { counting, usage }
}

function openMetrics(
  version: string,
  { current }: LiveConfig,
  { costOf }: Costs,
  now: Parameters<typeof createMetrics>[0]['now'],
): Metrics {
  return createMetrics({ version, epochMs: systemClock.epochMs, knownModels: routedModels(current()), costOf, now })
}

function presentState(house: House, { worstMs }: LoopLag): PresentState {
  return {
    providers: house.current().config.providers.map(({ id }) => ({ id, isUsable: isHealthy(house, id) })),
    flights: house.flights.counts(),
    eventLoopLagMs: worstMs,
    isOverloaded: house.isOverloaded(),
    isDraining: house.phase() === 'draining',
  }
}

/** The models that the routes name; what else clients ask for is counted under a few names only. */
function routedModels({ config }: CompiledConfig): string[] {
  return config.modelRoutes.flatMap(({ pattern, routes }) => [
    ...(/[*?]/.test(pattern) ? [] : [pattern]),
    ...routes.map(({ model }) => model).filter((model) => model !== 'passthrough'),
  ])
}

/** What was spent before the start counts for budgets, and what is cheapest is asked with the first request: then it must be known. */
function needsPrices({ config, strategy }: CompiledConfig): boolean {
  if (strategy === 'cheapest') return true
  return config.settings.auth.keys.some(({ limits }) => limits.budget !== undefined)
}
