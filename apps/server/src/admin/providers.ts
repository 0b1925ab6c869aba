import type { Provider } from '@lb/config'
import type { House } from '../state/house.ts'
import { isHealthy } from './health.ts'

/** `GET /providers`: the predecessor's shape. Secrets and credentials in proxy URLs are never in it. */
export function providerList(house: House): object {
  const { config } = house.current()
  const providers = config.providers.map((provider) => entry(house, provider))
  return {
    total_providers: config.providers.length,
    healthy_providers: providers.filter(({ healthy }) => healthy).length,
    selection_strategy: config.settings.selectionStrategy,
    total_model_routes: config.modelRoutes.length,
    providers,
  }
}

function entry(house: House, { id, name, type, baseUrl, proxy }: Provider) {
  const healthy = isHealthy(house, id)
  const routes = house
    .current()
    .config.modelRoutes.flatMap(({ pattern, routes: list }) =>
      list.filter(({ providerId }) => providerId === id).map(({ model, priority }) => ({ pattern, model, priority })),
    )
  return {
    name,
    type,
    base_url: baseUrl,
    enabled: true,
    healthy,
    failure_count: 0,
    last_failure_time: 0,
    proxy: proxy?.origin ?? null,
    models: routes,
    status: healthy ? 'healthy' : 'unhealthy',
  }
}
