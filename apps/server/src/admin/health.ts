import type { ConfigProblem, Provider } from '@lb/config'
import { availabilityOf } from '@lb/health'
import * as v from 'valibot'
import type { House } from '../state/house.ts'
import type { ReloadStatus } from '../state/reload.ts'
import { version } from '../version.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { problemSchema } from './config-problem.ts'

const overviewSchema = v.pipe(
  v.object({
    service: v.pipe(v.string(), v.description('`settings.app_name`')),
    version: v.pipe(v.string(), v.description('`settings.app_version`, else that of lb')),
    status: v.literal('healthy'),
    providers_available: v.pipe(v.number(), v.integer(), v.description('Providers that may be used now')),
  }),
  v.title('Overview'),
)

const configStateSchema = v.pipe(
  v.object({
    status: v.pipe(
      v.picklist(['rejected', 'needs-restart']),
      v.description(
        '`rejected`: the file has problems, and what was read before stays in force. `needs-restart`: all of it is in force but the address.',
      ),
    ),
    loaded_at: v.pipe(v.number(), v.description('When the configuration in force was taken up, in epoch seconds')),
    problems: v.exactOptional(
      v.pipe(v.array(problemSchema), v.description('The first of the problems, when the file was rejected')),
    ),
    restart: v.exactOptional(v.pipe(v.array(v.string()), v.description('Keys that wait for a restart'))),
  }),
  v.title('ConfigState'),
  v.description('What keeps the file from being in force as it is; absent: nothing does'),
)

const healthSchema = v.pipe(
  v.object({
    status: v.picklist(['healthy', 'unhealthy']),
    message: v.exactOptional(v.string()),
    config: v.exactOptional(configStateSchema),
  }),
  v.title('Health'),
)

const probeSchema = v.pipe(v.object({ status: v.string() }), v.title('Probe'))

/** How lb itself is. */
export const healthRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/',
      access: 'client',
      id: 'getOverview',
      group: 'Health',
      summary: 'What this is',
      replies: { 200: { description: 'lb runs.', schema: overviewSchema } },
    },
    (house) => {
      const { appName, appVersion } = house.current().config.settings
      const providers_available = healthyProviders(house).length
      const body = { service: appName, version: appVersion ?? version, status: 'healthy', providers_available } as const
      return { status: 200, body }
    },
  ),
  apiRoute(
    {
      method: 'GET',
      path: '/health',
      access: 'client',
      id: 'getHealth',
      group: 'Health',
      summary: 'Whether a request could be served now',
      description:
        'For people and dashboards. Let an orchestrator ask `/health/live` and `/health/ready` instead: a restart of lb does not make its upstreams healthy.',
      replies: {
        200: { description: 'At least one provider is usable.', schema: healthSchema },
        503: { description: 'No provider is usable.', schema: healthSchema },
      },
    },
    (house) => {
      const state = configState(house.reloader.status())
      const config = state === undefined ? {} : { config: state }
      if (healthyProviders(house).length > 0) return { status: 200, body: { status: 'healthy', ...config } }
      return { status: 503, body: { status: 'unhealthy', message: 'No healthy providers available', ...config } }
    },
  ),
  apiRoute(
    {
      method: 'GET',
      path: '/health/live',
      access: 'open',
      id: 'getLiveness',
      group: 'Health',
      summary: 'Whether the process runs',
      replies: { 200: { description: 'It does.', schema: probeSchema } },
    },
    () => ({ status: 200, body: { status: 'alive' } }),
  ),
  apiRoute(
    {
      method: 'GET',
      path: '/health/ready',
      access: 'open',
      id: 'getReadiness',
      group: 'Health',
      summary: 'Whether new requests should be sent to this process',
      description:
        'Says nothing about upstreams: when they are down, every instance of lb is in the same position, and the client is told the truth by any of them.',
      replies: {
        200: { description: 'It takes requests.', schema: probeSchema },
        503: { description: 'It is starting, or finishing its last requests.', schema: probeSchema },
      },
    },
    (house) => {
      const phase = house.phase()
      return phase === 'ready' ? { status: 200, body: { status: phase } } : { status: 503, body: { status: phase } }
    },
  ),
]

/** The providers that may be used now. What concerns one of their models only is not looked at. */
export function healthyProviders(house: House): readonly Provider[] {
  return house.current().config.providers.filter((provider) => isHealthy(house, provider.id))
}

/** Whether a provider may be used now: it as a whole, with one of its keys at least. */
export function isHealthy(house: House, provider: string): boolean {
  const { healthPolicy, routeProviders } = house.current()
  const state = house.targets.health()
  const nowMs = house.clock.nowMs()
  const credentials = routeProviders.find(({ name }) => name === provider)?.credentials ?? []
  return credentials.some(
    ({ name: credential }) =>
      availabilityOf(state, { provider, credential, model: '' }, nowMs, healthPolicy).kind !== 'barred',
  )
}

/** Whoever asks for health need not be an operator: a few problems are enough to see what is wrong. */
const SHOWN_PROBLEMS = 5

type ConfigState = v.InferOutput<typeof configStateSchema>

/** `undefined`: all is well, and the answer is the predecessor's to the letter. */
function configState({ loadedAtEpochMs, trouble, restart }: ReloadStatus): ConfigState | undefined {
  const loaded_at = loadedAtEpochMs / 1000
  const waits = restart.length === 0 ? {} : { restart: [...restart] }
  if (trouble === undefined) return restart.length === 0 ? undefined : { status: 'needs-restart', loaded_at, ...waits }
  const isError = ({ severity }: ConfigProblem): boolean => severity === 'error'
  return {
    status: 'rejected',
    loaded_at,
    problems: trouble.problems.filter(isError).slice(0, SHOWN_PROBLEMS),
    ...waits,
  }
}
