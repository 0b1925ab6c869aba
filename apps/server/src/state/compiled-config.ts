import type { Config, Dialect, Provider, Settings } from '@lb/config'
import { defaultHealthPolicy, type HealthPolicy } from '@lb/health'
import {
  countPolicy,
  type LoopPolicy,
  messagePolicy,
  type RouteProvider,
  type RouteRule,
  type Strategy,
  streamPolicy,
} from '@lb/router'
import type { Endpoint } from '../ingress/client-request.ts'
import { type HostNames, hostNames } from '../ingress/host.ts'
import { createKeyring, type Keyring } from '../keys/keyring.ts'
import { bootKey } from '../random.ts'

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
  readonly hostNames: HostNames
  /** `undefined`: `settings.auth` is off, and everybody is let in. */
  readonly keyring: Keyring | undefined
  /** Paths of routes that need no key. */
  readonly openPaths: ReadonlySet<string>
  /** The attempt loop's rules for a request. */
  loopPolicy(endpoint: Endpoint, stream: boolean, background: boolean): LoopPolicy
}

export function compileConfig(config: Config): CompiledConfig {
  const { settings } = config
  const routeProviders = config.providers.map(routeProvider)
  return {
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

function routeEntry({ providerId, model, priority, weight = 1, when }: ConfigRoute): RouteRule['entries'][number] {
  const entry = { provider: providerId, model: model === 'passthrough' ? null : model, priority, weight }
  return when === undefined ? entry : { ...entry, when }
}

/** The name of the one credential of a provider that has no keys of its own. */
export const onlyCredential = 'default'

function routeProvider({ id, auth, weight }: Provider): RouteProvider {
  const keys = auth.kind === 'api-key' || auth.kind === 'bearer' ? auth.keys : []
  const credentials = keys.map((key) => ({ name: key.id, weight: key.weight * weight }))
  return {
    name: id,
    credentials: credentials.length > 0 ? credentials : [{ name: onlyCredential, weight }],
    passThrough: auth.kind === 'passthrough',
    price: null,
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
  return (endpoint, wantsStream, background) => {
    const policy = endpoint === 'count-tokens' ? count : wantsStream ? stream : message
    return background ? { ...policy, background } : policy
  }
}

/** `streaming_mode: auto`: a relay costs nothing to follow directly; a conversion has the whole answer in its hands anyway. */
export function isBackground(mode: Provider['streamingMode'], dialect: Dialect): boolean {
  return mode === 'background' || (mode === 'auto' && dialect !== 'anthropic')
}
