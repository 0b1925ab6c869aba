import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { apiRoutes } from './admin/api.ts'
import { oauthAdminRoutes } from './admin/oauth.ts'
import { served } from './admin/serve-api.ts'
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
    const id = house.newId('req')
    const told = { type: 'api_error', message: 'lb failed to handle this request.' }
    return c.json({ type: 'error', error: told, request_id: id }, 500, { 'x-lb-request-id': id })
  })
  const unguarded = unguardedRoutes(app, routes)
  if (unguarded.length > 0) throw new Error(`nobody has decided who may use ${unguarded.join(', ')}`)
  return app
}

/** Every route, and who may use it. Those of `settings.auth.exempt_paths` are open to everybody. */
export function routesOf(house: House): readonly Route[] {
  return [...modelRoutes(house), ...served(house, apiRoutes), ...oauthAdminRoutes(house)]
}

/** What clients ask models. */
function modelRoutes(house: House): readonly Route[] {
  return (Object.entries(endpoints) as [Endpoint, { path: string }][]).map(([endpoint, { path }]) => ({
    method: 'POST',
    path,
    access: 'client',
    body: 'self',
    answer: async (visit) => {
      await handle(house, endpoint, visit, visit.c.env)
      return RESPONSE_ALREADY_SENT
    },
  }))
}
