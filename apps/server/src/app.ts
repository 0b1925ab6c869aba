import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { health, overview } from './admin/health.ts'
import { modelById, modelList } from './admin/models.ts'
import { providerList } from './admin/providers.ts'
import { type Endpoint, endpoints } from './ingress/client-request.ts'
import { handle } from './pipeline.ts'
import type { House } from './state/house.ts'
import { answerUsage } from './usage/usage-route.ts'

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
  app.get('/v1/models', (c) => c.json(modelList(house.current())))
  app.get('/v1/models/:id{.+}', (c) => {
    const found = modelById(house.current(), c.req.param('id'))
    return found === undefined ? c.json(notFound(`model: ${c.req.param('id')}`), 404) : c.json(found)
  })
  // Hono answers HEAD from the GET route; Claude Code probes with `HEAD /`.
  app.get('/', (c) => c.json(overview(house)))
  app.get('/health', (c) => {
    const { status, body } = health(house)
    return c.json(body, status)
  })
  app.get('/providers', (c) => c.json(providerList(house)))
  app.get('/usage', async (c) => {
    const { status, contentType, body } = await answerUsage(house, new URL(c.req.url), c.req.header('accept') ?? '')
    return c.body(body, status, { 'content-type': contentType, 'cache-control': 'no-store' })
  })
  app.notFound((c) => c.json(notFound(`There is no ${c.req.method} ${c.req.path} here.`), 404))
  app.onError((error, c) => {
    house.log.error({ event: 'internal_error', error: error.message, stack: error.stack }, 'a request failed inside lb')
    return c.json({ type: 'error', error: { type: 'api_error', message: 'lb failed to handle this request.' } }, 500)
  })
  return app
}

/** Anthropic's error shape, and FastAPI's `detail` that the predecessor's scripts know. */
function notFound(message: string): object {
  return { type: 'error', error: { type: 'not_found_error', message }, detail: 'Not Found' }
}
