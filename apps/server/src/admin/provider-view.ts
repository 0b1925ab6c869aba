import type { Provider } from '@lb/config'
import { nodesOf } from '@lb/health'
import { onlyCredential } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'
import type { Score } from '../state/scoreboard.ts'
import { isHealthy } from './health.ts'
import { countOf, healthNodes, type Watch } from './provider-health.ts'
import type { CredentialView, Figures, HealthNode, ProviderView } from './provider-shape.ts'

/** One provider as `/providers` shows it. Keys are named and never shown; a proxy is shown without its credentials. */
export function providerView(house: House, provider: Provider): ProviderView {
  const { id, name, type, dialect, baseUrl, proxy, auth, accountEmail, weight } = provider
  const watch: Watch = { nowMs: house.clock.nowMs(), epochMs: house.clock.epochMs() }
  const nodes = [...healthNodes(house, id, watch)]
  const score = house.scoreboard.score(id)
  const whole = nodes.find(({ credential, model }) => credential === null && model === null)
  const enabled = whole?.state !== 'disabled'
  const healthy = isHealthy(house, id)
  const counted = failureCount(house, id)
  return {
    name,
    type,
    base_url: baseUrl,
    enabled,
    healthy,
    failure_count: counted,
    last_failure_time: score.lastFailure === null ? 0 : score.lastFailure.atEpochMs / 1000,
    proxy: proxy?.origin ?? null,
    models: routesTo(house, id),
    status: enabled ? (healthy ? 'healthy' : 'unhealthy') : 'disabled',
    id,
    dialect,
    auth: auth.kind,
    account_email: accountEmail ?? null,
    weight,
    count: `${counted}/${house.current().healthPolicy.threshold}`,
    health: nodes,
    cooldown_until: whole?.until ?? null,
    cooldown_seconds_left: whole?.seconds_left ?? null,
    ...figures(score),
    successes: score.successes,
    failures: score.failures,
    credentials: credentialsOf(provider).map((credential) => credentialView(house, id, credential, nodes)),
  }
}

function routesTo(house: House, id: string): ProviderView['models'] {
  return house
    .current()
    .config.modelRoutes.flatMap(({ pattern, routes }) =>
      routes.filter(({ providerId }) => providerId === id).map(({ model, priority }) => ({ pattern, model, priority })),
    )
}

function failureCount(house: House, id: string): number {
  const { healthPolicy } = house.current()
  const counts = nodesOf(house.targets.health())
    .filter(({ path }) => path.provider === id)
    .map(({ node }) => countOf(node, healthPolicy))
  return Math.max(0, ...counts)
}

function credentialsOf({ auth }: Provider): readonly string[] {
  if (auth.kind === 'api-key' || auth.kind === 'bearer') return auth.keys.map(({ id }) => id)
  return auth.kind === 'none' || auth.kind === 'passthrough' ? [] : [onlyCredential]
}

function credentialView(house: House, id: string, name: string, nodes: readonly HealthNode[]): CredentialView {
  const node = nodes.find(({ credential, model }) => credential === name && model === null)
  const isOut = node !== undefined && node.state !== 'closed'
  const status = node?.state === 'disabled' ? 'disabled' : isOut ? 'unhealthy' : 'healthy'
  return { name, status, ...figures(house.scoreboard.score(id, name)) }
}

function figures({ inFlight, ttftMs, successRatio, lastFailure }: Score): Figures {
  return {
    in_flight: inFlight,
    ttft_ms: ttftMs === null ? null : Math.round(ttftMs * 10) / 10,
    success_ratio: successRatio === null ? null : Math.round(successRatio * 1000) / 1000,
    last_failure:
      lastFailure === null
        ? null
        : { kind: lastFailure.kind, status: lastFailure.status, at: lastFailure.atEpochMs / 1000 },
  }
}
