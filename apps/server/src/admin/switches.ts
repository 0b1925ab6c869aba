import type { Config, Provider } from '@lb/config'
import type { HealthEvent } from '@lb/health'
import type { House } from '../state/house.ts'

/** What an operator can do with a provider. */
export type Switch = 'enable' | 'disable' | 'reset'

export type Found =
  | { readonly kind: 'found'; readonly providers: readonly Provider[] }
  | { readonly kind: 'unknown' | 'not-loaded'; readonly message: string }

/** The providers that a name means: the one with that id, else all of that name. */
export function findProviders({ providers, disabledProviders }: Config, name: string): Found {
  const exact = providers.filter(({ id }) => id === name)
  const found = exact.length > 0 ? exact : providers.filter((provider) => provider.name === name)
  if (found.length > 0) return { kind: 'found', providers: found }
  if (disabledProviders.includes(name)) {
    const message = `${name} has enabled: false in the configuration file. Set it to true and reload.`
    return { kind: 'not-loaded', message }
  }
  const known = providers.map(({ id }) => id).join(', ')
  return { kind: 'unknown', message: `There is no provider ${name}. There are: ${known}.` }
}

/** Throws a switch, and says so in the log. */
export function throwSwitch(house: House, action: Switch, providers: readonly Provider[]): void {
  for (const { id } of providers) {
    house.targets.tell(house.current(), { type: events[action], path: { provider: id, credential: null, model: null } })
    house.log.warn({ event: `provider_${action}`, provider: id }, `An operator said: ${action} provider ${id}`)
  }
}

const events: Readonly<Record<Switch, Extract<HealthEvent, { path: unknown }>['type']>> = {
  enable: 'enabled',
  disable: 'disabled',
  reset: 'cleared',
}
