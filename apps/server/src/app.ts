import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { apiRoutes } from './admin/api.ts'
import { notFound } from './admin/problem.ts'
import { serveApi } from './admin/serve-api.ts'
import { type Endpoint, endpoints } from './ingress/client-request.ts'
import { handle } from './pipeline.ts'
import type { House } from './state/house.ts'

/**
 * The routes. Hono finds the handler; a request that leads to a model then talks to Node's own request and response, because
 * a web stream for every answer costs more than everything else that lb does (docs/performance.md).
 */
export function createApp(house: House): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  for (const [endpoint, { path }] of Object.entries(endpoints) as [Endpoint, { path: string }][]) {
    app.post(path, async ({ env }) => {
      await handle(house, endpoint, env.incoming, env.outgoing)
      return RESPONSE_ALREADY_SENT
    })
  }
  serveApi(app, house, apiRoutes)
  app.notFound((c) => {
    const { status, body } = notFound(`There is no ${c.req.method} ${c.req.path} here.`)
    return c.json(body, status, { 'x-lb-request-id': house.newId('req') })
  })
  app.onError((error, c) => {
    const id = house.newId('req')
    const { message, stack } = error
    house.log.error({ event: 'internal_error', request_id: id, error: message, stack }, 'a request failed inside lb')
    const told = { type: 'api_error', message: 'lb failed to handle this request.' }
    return c.json({ type: 'error', error: told, request_id: id }, 500, { 'x-lb-request-id': id })
  })
  return app
}
