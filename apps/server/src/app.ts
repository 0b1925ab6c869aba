import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { health, overview } from './admin/health.ts'
import { modelById, modelList } from './admin/models.ts'
import { oauthAdminRoutes } from './admin/oauth.ts'
import { providerList } from './admin/providers.ts'
import { type Endpoint, endpoints } from './ingress/client-request.ts'
import { type App, mount, mountTheRest, type Route, unguardedRoutes } from './ingress/route.ts'
import { handle } from './pipeline.ts'
import type { House } from './state/house.ts'

/**
 * The app. Hono finds the route; a request that leads to a model then talks to Node's own request and response, because a web
 * stream for every answer costs more than everything else that lb does (docs/performance.md).
 */
export function createApp(house: House, routes: readonly Route[] = routesOf(house)): App {
  const app = new Hono<{ Bindings: HttpBindings }>()
  for (const route of routes) mount(app, house, route)
  mountTheRest(app, house, routes)
  app.onError((error, c) => {
    house.internalError(error)
    return c.json({ type: 'error', error: { type: 'api_error', message: 'lb failed to handle this request.' } }, 500)
  })
  const unguarded = unguardedRoutes(app, routes)
  if (unguarded.length > 0) throw new Error(`nobody has decided who may use ${unguarded.join(', ')}`)
  return app
}

/** Every route, and who may use it. Those of `settings.auth.exempt_paths` are open to everybody. */
export function routesOf(house: House): readonly Route[] {
  const models = (Object.entries(endpoints) as [Endpoint, { path: string }][]).map(
    ([endpoint, { path }]): Route => ({
      method: 'POST',
      path,
      access: 'client',
      body: 'self',
      answer: async (visit) => {
        await handle(house, endpoint, visit, visit.c.env)
        return RESPONSE_ALREADY_SENT
      },
    }),
  )
  return [
    ...models,
    {
      method: 'GET',
      path: '/v1/models',
      access: 'client',
      answer: ({ c, compiled, caller }) => c.json(modelList(compiled, caller)),
    },
    {
      method: 'GET',
      path: '/v1/models/:id{.+}',
      access: 'client',
      answer: ({ c, compiled, caller }) => {
        const id = c.req.param('id') ?? ''
        const found = modelById(compiled, caller, id)
        return found === undefined ? c.json(notFound(`model: ${id}`), 404) : c.json(found)
      },
    },
    // Hono answers HEAD from the GET route; Claude Code probes with `HEAD /`.
    { method: 'GET', path: '/', access: 'client', answer: ({ c }) => c.json(overview(house)) },
    {
      method: 'GET',
      path: '/health',
      access: 'client',
      answer: ({ c }) => {
        const { status, body } = health(house)
        return c.json(body, status)
      },
    },
    { method: 'GET', path: '/providers', access: 'admin', answer: ({ c }) => c.json(providerList(house)) },
    ...oauthAdminRoutes(house),
  ]
}

/** Anthropic's error shape, and FastAPI's `detail` that the predecessor's scripts know. */
function notFound(message: string): object {
  return { type: 'error', error: { type: 'not_found_error', message }, detail: 'Not Found' }
}
