import type { ConfigDiff, ConfigProblem } from '@lb/config'
import * as v from 'valibot'
import type { House } from '../state/house.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { problemSchema } from './config-problem.ts'
import { healthyProviders } from './health.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const json = v.pipe(v.unknown(), v.description('Any JSON; secrets are `***`'))

const keyChangeSchema = v.pipe(
  v.object({
    key: v.pipe(v.string(), v.description('`timeouts.streaming.read_timeout`')),
    from: v.exactOptional(json),
    to: v.exactOptional(json),
  }),
  v.title('KeyChange'),
)

const names = v.array(v.string())

const diffSchema = v.pipe(
  v.object({
    providers: v.object({
      added: names,
      removed: names,
      changed: v.array(v.object({ provider: v.string(), changes: v.array(keyChangeSchema) })),
    }),
    routes: v.object({
      added: names,
      removed: names,
      changed: v.array(v.object({ route: v.string(), changes: v.array(keyChangeSchema) })),
      reordered: v.pipe(v.boolean(), v.description('The same routes in another order')),
    }),
    settings: v.array(keyChangeSchema),
    restart: v.pipe(names, v.description('Settings among them that count only after a restart')),
    unchanged: v.pipe(v.boolean(), v.description('The file says what was in force already')),
  }),
  v.title('ConfigDiff'),
)

const reloadedSchema = v.pipe(
  v.object({
    status: v.literal('success'),
    message: v.string(),
    providers_count: count,
    healthy_providers: count,
    changes: diffSchema,
    notices: v.pipe(v.array(problemSchema), v.description('What the author of the file should know')),
  }),
  v.title('Reloaded'),
)

const notReloadedSchema = v.pipe(
  v.object({
    status: v.literal('error'),
    message: v.string(),
    problems: v.pipe(v.array(problemSchema), v.description('In the order of the file')),
  }),
  v.title('NotReloaded'),
)

/** Taking up the configuration file, and tidying up. */
export const reloadRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'POST',
      path: '/providers/reload',
      access: 'admin',
      id: 'reload',
      group: 'Providers',
      summary: 'Read the configuration file again',
      description:
        'All of it is taken up but `host` and `port`. Requests on their way finish with the configuration that they began with. A file with problems changes nothing.',
      replies: {
        200: { description: 'The file as it is now is in force.', schema: reloadedSchema },
        400: { description: 'The file cannot be used; nothing has changed.', schema: notReloadedSchema },
        409: { description: 'lb was started without a file.', schema: notReloadedSchema },
      },
    },
    async (house) => {
      const outcome = await house.reloader.reload('request')
      if (outcome.kind === 'no-file') return refused(409, 'lb was started without a configuration file', [])
      if (outcome.kind === 'rejected') return refused(400, outcome.text, outcome.problems)
      return { status: 200, body: reloaded(house, outcome.diff, outcome.notices) }
    },
  ),
  apiRoute(
    {
      method: 'POST',
      path: '/cleanup',
      access: 'admin',
      id: 'cleanup',
      group: 'Requests',
      summary: 'Drop what shared answers have left behind',
      description: 'lb tidies up by itself; this is for scripts that know the route.',
      queryParameters: {
        force: v.optional(v.pipe(v.boolean(), v.description('Give up what waits for a shared answer, too')), false),
      },
      replies: {
        200: { description: 'Done.', schema: v.object({ status: v.literal('cleanup completed') }) },
      },
    },
    (house, { query }) => {
      house.cleanup(query.force)
      return { status: 200, body: { status: 'cleanup completed' } }
    },
  ),
]

function reloaded(house: House, changes: ConfigDiff, notices: readonly ConfigProblem[]) {
  const message = 'Provider configuration reloaded successfully'
  const { restart } = changes
  return {
    status: 'success',
    message: restart.length === 0 ? message : `${message}; ${restart.join(' and ')} count after a restart`,
    providers_count: house.current().config.providers.length,
    healthy_providers: healthyProviders(house).length,
    changes,
    notices,
  } as const
}

/** The predecessor's words first. */
function refused<Status extends number>(status: Status, reason: string, problems: readonly ConfigProblem[]) {
  const message = `Failed to reload configuration: ${reason}`
  return { status, body: { status: 'error', message, problems } } as const
}
