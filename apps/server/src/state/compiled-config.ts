import type { Config, Provider, Settings } from '@lb/config'
import {
  type AnswerCachePolicy,
  type CoalescingPolicy,
  defaultCoalescingPolicy,
  defaultFlightPolicy,
  type FingerprintPolicy,
  type FlightOptions,
} from '@lb/dedup'
import { compileUserRules, defaultHealthPolicy, type HealthPolicy, type UserRules } from '@lb/health'
import {
  type AffinityPolicy,
  countPolicy,
  type LoopPolicy,
  matchRules,
  messagePolicy,
  type RouteProvider,
  type RouteRule,
  type RouteTarget,
  type Strategy,
  streamPolicy,
} from '@lb/router'
import { LRUCache } from 'lru-cache'
import type { ClientRequest, Endpoint } from '../ingress/client-request.ts'
import { type HostNames, hostNames } from '../ingress/host.ts'
import { createKeyring, type Keyring } from '../keys/keyring.ts'
import { bootKey } from '../random.ts'
import type { Log } from '../telemetry/log.ts'

/**
 * A configuration in the form in which requests use it. Made once when it is loaded; a request keeps the one it began with.
 */
export interface CompiledConfig {
  readonly config: Config
  readonly rules: readonly RouteRule[]
  readonly routeProviders: readonly RouteProvider[]
  readonly providers: ReadonlyMap<string, Provider>
  readonly healthPolicy: HealthPolicy
  readonly strategy: Strategy
  readonly affinityPolicy: AffinityPolicy
  /** Some route depends on what a request asks for: only then is a request looked into for planning. */
  readonly hasConditions: boolean
  /** What the rules give for a model, where nothing else matters. */
  readonly targetsByModel: LRUCache<string, readonly RouteTarget[]>
  /** What the user calls unhealthy beyond the failure table. */
  readonly userRules: UserRules
  /** Some provider forwards the client's own credential. */
  readonly hasPassThrough: boolean
  /** Which requests may share a call. */
  readonly coalescing: CoalescingPolicy
  readonly fingerprintPolicy: FingerprintPolicy
  /** How the shared call for a request begins to live. */
  flightOptions(request: Pick<ClientRequest, 'model'>): FlightOptions
  /** Whether what is asked of somebody outlives its clients. */
  lifeAt(asked: Pick<RouteTarget, 'provider'> | undefined): FlightOptions['policy']['life']
  readonly answerCache: AnswerCachePolicy
  readonly hostNames: HostNames
  /** `undefined`: `settings.auth` is off, and everybody is let in. */
  readonly keyring: Keyring | undefined
  /** Paths of routes that need no key. */
  readonly openPaths: ReadonlySet<string>
  /** The attempt loop's rules for a request. */
  loopPolicy(endpoint: Endpoint, stream: boolean): LoopPolicy
}

/**
 * Compiles a configuration.
 *
 * @returns also the patterns that no linear-time engine takes, which are searched as plain text instead.
 */
export async function compileConfig(
  config: Config,
): Promise<{ readonly compiled: CompiledConfig; readonly invalidPatterns: readonly string[] }> {
  const { settings } = config
  const { rules: userRules, invalid: invalidPatterns } = await compileUserRules({
    httpCodes: settings.unhealthyHttpCodes,
    exceptionPatterns: settings.unhealthyExceptionPatterns,
    bodyPatterns: settings.unhealthyResponseBodyPatterns.map(({ text }) => text),
  })
  return { compiled: compile(config, userRules), invalidPatterns }
}

/** Says which patterns are not used as their author meant them. */
export function logLiteralPatterns(log: Log, patterns: readonly string[]): void {
  for (const pattern of patterns) {
    log.warn(
      { event: 'pattern_taken_literally', pattern },
      `unhealthy_response_body_patterns: ${pattern} is searched as plain text`,
    )
  }
}

function compile(config: Config, userRules: UserRules): CompiledConfig {
  const { settings } = config
  const routeProviders = config.providers.map(routeProvider)
  return {
    userRules,
    hasPassThrough: config.providers.some(({ auth }) => auth.kind === 'passthrough'),
    coalescing: { ...defaultCoalescingPolicy, enabled: settings.deduplication.enabled },
    fingerprintPolicy: { includeMaxTokens: settings.deduplication.includeMaxTokensInSignature },
    ...flightLives(config),
    answerCache: settings.deduplication.cache,
    affinityPolicy: { lifetimeMs: settings.stickyProviderDurationMs },
    hasConditions: config.modelRoutes.some(({ routes }) => routes.some(({ when }) => when !== undefined)),
    targetsByModel: new LRUCache({ max: 500 }),
    config,
    rules: config.modelRoutes.map(({ pattern, routes }) => ({ pattern, entries: routes.map(routeEntry) })),
    routeProviders,
    providers: new Map(config.providers.map((provider) => [provider.id, provider])),
    healthPolicy: healthPolicy(settings),
    strategy: settings.selectionStrategy,
    hostNames: hostNames(settings),
    keyring: settings.auth.enabled ? createKeyring(settings.auth, routeProviders, bootKey) : undefined,
    openPaths: new Set(settings.auth.exemptPaths),
    loopPolicy: loopPolicies(settings),
  }
}

type ConfigRoute = Config['modelRoutes'][number]['routes'][number]

function routeEntry({ providerId, model, priority, weight, when }: ConfigRoute): RouteRule['entries'][number] {
  return {
    provider: providerId,
    model: model === 'passthrough' ? null : model,
    priority,
    ...(weight === undefined ? {} : { weight }),
    ...(when === undefined ? {} : { when }),
  }
}

/** The name of the one credential of a provider that has no keys of its own. */
export const onlyCredential = 'default'

/** The name of all accounts of a provider of stored logins: which of them is used is decided when it is needed. */
export const accountsCredential = 'accounts'

function routeProvider({ id, name, auth, weight, timeouts }: Provider): RouteProvider {
  const keys = auth.kind === 'api-key' || auth.kind === 'bearer' ? auth.keys : []
  const credentials = keys.map((key) => ({ name: key.id, weight: key.weight }))
  return {
    name: id,
    ...(name === id ? {} : { sharedName: name }),
    weight,
    credentials:
      credentials.length > 0
        ? credentials
        : [{ name: auth.kind === 'oauth' ? accountsCredential : onlyCredential, weight: 1 }],
    passThrough: auth.kind === 'passthrough',
    // Prices are looked up, and may change with the time of the day: `cheapest` asks for them when it plans.
    price: null,
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
  }
}

function healthPolicy(settings: Settings): HealthPolicy {
  return {
    ...defaultHealthPolicy,
    judge: settings.failoverPolicy === 'threshold' ? 'count-all' : 'by-kind',
    threshold: settings.unhealthyThreshold,
    cooldownMs: settings.failureCooldownMs ?? null,
    resetOnSuccess: settings.unhealthyResetOnSuccess,
    resetTimeoutMs: settings.unhealthyResetTimeoutMs,
  }
}

function loopPolicies({
  timeouts,
  streaming,
  failoverPolicy,
  holdMs,
  maxAttempts,
  maxPaidAttempts,
}: Settings): CompiledConfig['loopPolicy'] {
  const common = { failover: failoverPolicy, holdMaxMs: holdMs, attemptsMax: maxAttempts, paidMax: maxPaidAttempts }
  const stream: LoopPolicy = {
    ...streamPolicy,
    ...common,
    connectTimeoutMs: timeouts.streaming.connectTimeoutMs,
    firstByteTimeoutMs: timeouts.streaming.firstByteTimeoutMs,
    idleTimeoutMs: timeouts.streaming.readTimeoutMs,
    eventTimeoutMs: timeouts.streaming.idleTimeoutMs,
    holdBackMs: streaming.holdBackMs,
    openingHoldMs: streaming.messageStartHoldMs,
    pingEveryMs: streaming.pingIntervalMs,
  }
  const message: LoopPolicy = {
    ...messagePolicy,
    ...common,
    connectTimeoutMs: timeouts.nonStreaming.connectTimeoutMs,
    firstByteTimeoutMs: timeouts.nonStreaming.readTimeoutMs,
    idleTimeoutMs: timeouts.nonStreaming.readTimeoutMs,
  }
  const count: LoopPolicy = { ...countPolicy, failover: failoverPolicy }
  return (endpoint, wantsStream) => (endpoint === 'count-tokens' ? count : wantsStream ? stream : message)
}

function flightLives({ settings, modelRoutes, providers }: Config): Pick<CompiledConfig, 'flightOptions' | 'lifeAt'> {
  const { deduplication, timeouts } = settings
  const direct: FlightOptions = {
    limitBytes: deduplication.maxReplayBytes,
    policy: {
      ...defaultFlightPolicy,
      lingerMs: deduplication.lingerMs,
      failedStallMs: deduplication.sseErrorCleanupDelayMs,
      waitMs: timeouts.caching.deduplicationTimeoutMs,
    },
  }
  const background: FlightOptions = { ...direct, policy: { ...direct.policy, life: 'background' } }
  const inBackground = new Set(providers.filter(isBackground).map(({ id }) => id))
  if (inBackground.size === 0) return { flightOptions: () => direct, lifeAt: () => 'direct' }
  const rules = modelRoutes.map(({ pattern, routes }) => ({
    pattern,
    isBackground: routes.some(({ providerId }) => inBackground.has(providerId)),
  }))
  return {
    flightOptions: ({ model }) => (matchRules(rules, model).some((rule) => rule.isBackground) ? background : direct),
    lifeAt: (asked) => (asked !== undefined && inBackground.has(asked.provider) ? 'background' : 'direct'),
  }
}

/**
 * Whether a provider's calls outlive their clients. `streaming_mode: auto`: a relay costs nothing to follow directly; a
 * conversion has the whole answer in its hands anyway.
 */
function isBackground({ streamingMode, dialect }: Provider): boolean {
  return streamingMode === 'background' || (streamingMode === 'auto' && dialect !== 'anthropic')
}
