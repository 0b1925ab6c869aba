import * as v from 'valibot'
import type { House } from '../state/house.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { errorSchema, notFound } from './problem.ts'
import { providerListSchema, providerSchema } from './provider-schema.ts'
import type { ProviderList } from './provider-shape.ts'
import { providerView } from './provider-view.ts'
import { type Found, findProviders, type Switch, throwSwitch } from './switches.ts'

const name = v.pipe(
  v.string(),
  v.description('Name of a provider; of several accounts of one name all are meant, `name (account)` is one'),
)

const switchedSchema = v.pipe(
  v.object({
    status: v.literal('success'),
    message: v.string(),
    providers: v.pipe(v.array(providerSchema), v.description('As they are now')),
  }),
  v.title('Switched'),
)

/** Looking at the providers, and switching them. */
export const providerRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/providers',
      access: 'admin',
      id: 'listProviders',
      group: 'Providers',
      summary: 'How every provider is doing',
      replies: { 200: { description: 'All of them.', schema: providerListSchema } },
    },
    (house) => ({ status: 200, body: providerList(house) }),
  ),
  switchRoute(
    'enable',
    'Use a provider again that was switched off',
    'What the configuration file has with `enabled: false` is not loaded at all: change the file for that.',
  ),
  switchRoute(
    'disable',
    'Do not use a provider',
    'Requests on their way are not touched. The switch stays as it is when the configuration is reloaded; a restart forgets it, unless `settings.health_state_path` keeps it.',
  ),
  switchRoute(
    'reset',
    'Forget what health knows about a provider',
    'Cooldowns and counts of the provider, its keys and its models. What is disabled stays so.',
  ),
]

function switchRoute(action: Switch, summary: string, description: string): ApiRoute {
  return apiRoute(
    {
      method: 'POST',
      path: `/providers/{name}/${action}`,
      access: 'admin',
      id: `${action}Provider`,
      group: 'Providers',
      summary,
      description,
      pathParameters: { name },
      replies: {
        200: { description: 'Done.', schema: switchedSchema },
        404: { description: 'There is no such provider.', schema: errorSchema },
        409: { description: 'It is disabled in the configuration file.', schema: errorSchema },
      },
    },
    (house, { path }) => {
      const found = findProviders(house.current().config, path.name)
      if (found.kind !== 'found') return refusal(found)
      throwSwitch(house, action, found.providers)
      const now = found.providers.map((provider) => providerView(house, provider))
      const message = `${now.map(({ id, status }) => `${id} is ${status}`).join(', ')} (${action})`
      return { status: 200, body: { status: 'success', message, providers: now } }
    },
  )
}

function refusal(found: Exclude<Found, { kind: 'found' }>) {
  if (found.kind === 'unknown') return notFound(found.message)
  const error = { type: 'invalid_request_error', message: found.message }
  return { status: 409, body: { type: 'error', error } } as const
}

function providerList(house: House): ProviderList {
  const { config } = house.current()
  const providers = config.providers.map((provider) => providerView(house, provider))
  return {
    total_providers: config.providers.length,
    healthy_providers: providers.filter(({ healthy }) => healthy).length,
    selection_strategy: config.settings.selectionStrategy,
    total_model_routes: config.modelRoutes.length,
    providers,
    disabled_providers: config.disabledProviders.map((disabled) => ({
      name: disabled,
      enabled: false,
      status: 'disabled',
    })),
  }
}
