import type { Route, Visit } from '../ingress/route.ts'
import { type Answer, oauthRoutes, type RequestFacts } from '../oauth/index.ts'
import type { House } from '../state/house.ts'

/** The routes of stored logins. They are there always, and say so while stored logins are switched off. */
export function oauthAdminRoutes(house: House): readonly Route[] {
  return oauthRoutes(undefined).map(({ method, path, access, answer }): Route => {
    const current = () => house.oauth()?.routes.find((route) => route.method === method && route.path === path)
    const route: Route = {
      method,
      path,
      // The browser comes from the provider's site without a key of ours: what admits it is the single-use state that it brings.
      access: access === 'state' ? 'open' : 'admin',
      answer: async (visit) => responseOf(house, await (current()?.answer ?? answer)(factsOf(visit))),
    }
    return access === 'state' ? { ...route, byLink: true } : route
  })
}

function factsOf({ c: { req }, body }: Visit): RequestFacts {
  const { pathname, search } = new URL(req.url)
  return { method: req.method, url: `${pathname}${search}`, headers: req.header(), body }
}

function responseOf(house: House, { status, headers, body }: Answer): Response {
  const id = { 'x-lb-request-id': house.newId('req') }
  return new Response(body === '' ? null : body, { status, headers: { ...headers, ...id } })
}
