import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { type Answer, oauthRoutes, type RequestFacts } from '../oauth/index.ts'
import type { House } from '../state/house.ts'

/** A management request says little; what says more is none. */
const MAX_BODY_BYTES = 64 * 1024

/** Mounts the routes of stored logins. They are there always, and say so while stored logins are switched off. */
export function mountOAuth(app: Hono<{ Bindings: HttpBindings }>, house: House): void {
  for (const route of oauthRoutes(undefined)) {
    app.on(route.method, route.path, async (context) => {
      const facts = await factsOf(context)
      if (facts === undefined) return context.json({ error: 'The request body is too long.' }, 413)
      const current = house.oauth()?.routes.find(({ method, path }) => method === route.method && path === route.path)
      return responseOf(await (current ?? route).answer(facts))
    })
  }
}

async function factsOf({ req }: Context): Promise<RequestFacts | undefined> {
  const url = new URL(req.url)
  if (Number(req.header('content-length') ?? 0) > MAX_BODY_BYTES) return undefined
  const body = req.method === 'POST' ? await req.text() : ''
  if (body.length > MAX_BODY_BYTES) return undefined
  return { method: req.method, url: `${url.pathname}${url.search}`, headers: req.header(), body }
}

function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers })
}
