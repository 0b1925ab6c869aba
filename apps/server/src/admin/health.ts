import type { Provider } from '@lb/config'
import { availabilityOf } from '@lb/health'
import type { House } from '../state/house.ts'

/** `GET /`: the predecessor's shape. */
export function overview(house: House): object {
  const { settings } = house.current().config
  return {
    service: settings.appName,
    version: settings.appVersion,
    status: 'healthy',
    providers_available: healthyProviders(house).length,
  }
}

/** `GET /health`: 200 while at least one provider is usable, else 503, as the predecessor's users watch it. */
export function health(house: House): { readonly status: 200 | 503; readonly body: object } {
  if (healthyProviders(house).length > 0) return { status: 200, body: { status: 'healthy' } }
  return { status: 503, body: { status: 'unhealthy', message: 'No healthy providers available' } }
}

/** The providers that may be used now. What concerns one of their models or keys only is not looked at. */
export function healthyProviders(house: House): readonly Provider[] {
  return house.current().config.providers.filter((provider) => isHealthy(house, provider.id))
}

export function isHealthy(house: House, provider: string): boolean {
  const target = { provider, credential: null, model: '' }
  return (
    availabilityOf(house.targets.health(), target, house.clock.nowMs(), house.current().healthPolicy).kind !== 'barred'
  )
}
