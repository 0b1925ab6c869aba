import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { errorResponse } from '../egress/error-response.ts'
import { type Admitted, admit } from '../keys/admission.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'
import { logTurnedAway } from '../telemetry/refusal-log.ts'
import { isFromForeignPage } from './origin.ts'
import { readBody } from './read-body.ts'
import { dialectOf, type Refusal } from './refusal.ts'

/** lb's Hono: Node's own request and response are at hand. */
export type App = Hono<{ Bindings: HttpBindings }>

/**
 * Who may use a route while `settings.auth` is on; while it is off, everybody may.
 *
 * - `open`: everybody.
 * - `client`: whoever has a key.
 * - `admin`: whoever may manage lb.
 */
export type Access = 'open' | 'client' | 'admin'

/** One route: what it answers to, and who may ask. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As Hono writes it. */
  readonly path: string
  readonly access: Access
  /** A link on a page of another site may lead here, e.g. back from a login. Only for a GET that changes nothing of itself. */
  readonly byLink?: true
  /** `self`: the route reads its body from the connection. Absent: it is read, bounded, and handed over as text. */
  readonly body?: 'self'
  answer(visit: Visit): Response | Promise<Response>
}

/** A request that has been let in. */
export interface Visit extends Admitted {
  readonly c: Context<{ Bindings: HttpBindings }>
  /** The configuration that this request uses, to its end. */
  readonly compiled: CompiledConfig
  /** The request body, empty when there is none. */
  readonly body: string
}

/** Nothing that manages lb is longer. */
const MANAGEMENT_BODY_BYTES = 1 << 20

/** Adds a route to the app, behind its door. There is no other way in: see `unguardedRoutes`. */
export function mount(app: App, house: House, route: Route): void {
  app.on(route.method, route.path, (c) => visit(house, route, c))
}

/** Answers what no route answers to. Whoever may not use lb is not told what is there. */
export function mountTheRest(app: App, house: House, routes: readonly Route[]): void {
  const rest: Entered = {
    path: '',
    access: 'client',
    body: 'self',
    answer: ({ c }) => elsewhere(app, house, routes, c),
  }
  app.notFound((c) => visit(house, rest, c))
}

/** Routes of the app that nobody has decided about. lb does not start while there are any. */
export function unguardedRoutes(app: App, routes: readonly Route[]): readonly string[] {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`))
  return app.routes.map(({ method, path }) => `${method} ${path}`).filter((name) => !known.has(name))
}

type Entered = Omit<Route, 'method'>

function visit(house: House, route: Entered, c: Visit['c']): Response | Promise<Response> {
  const compiled = house.current()
  const { headers } = c.env.incoming
  if (isFromForeignPage(headers, headers.host ?? '', route.byLink === true)) return refuse(house, c, foreignPage)
  const access = compiled.openPaths.has(route.path) ? 'open' : route.access
  const admitted = admit(compiled.keyring, access, headers)
  if (!admitted.ok) return refuse(house, c, admitted.error)
  const entered: Visit = { c, compiled, caller: admitted.value.caller, lbKeys: admitted.value.lbKeys, body: '' }
  return route.body === 'self' || !hasBody(c.env.incoming) ? route.answer(entered) : answerBody(house, route, entered)
}

/**
 * A body that is not JSON by its own account is refused: it is what a form or a script on another site's page can send
 * without asking first.
 */
async function answerBody(house: House, route: Entered, entered: Visit): Promise<Response> {
  const { c } = entered
  const { incoming } = c.env
  if (!/^application\/json\s*(;|$)/i.test(incoming.headers['content-type'] ?? '')) return refuse(house, c, notJson)
  const body = await readBody(incoming, { limitBytes: MANAGEMENT_BODY_BYTES, paces: house.paces, bursts: house.bursts })
  return body.ok ? route.answer({ ...entered, body: body.value.toString('utf8') }) : refuse(house, c, body.error)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function refuse(house: House, { env }: Visit['c'], refusal: Refusal): Response {
  const id = house.newId('req')
  logTurnedAway(house.log, id, env.incoming.method, refusal)
  const { status, headers, body } = errorResponse(dialectOf(env.incoming.url), refusal, id)
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : []))
  return new Response(body, { status, headers: Object.fromEntries(pairs) })
}

/** A path that answers to other methods, or to none. */
function elsewhere(app: App, house: House, routes: readonly Route[], c: Visit['c']): Response {
  const { method, path } = c.req
  const answers = (one: string): boolean => app.router.match(one, path)[0].length > 0
  const methods = [...new Set(routes.map((route) => route.method))].filter(answers)
  if (methods.length === 0) {
    const message = `There is no ${method} ${path} here.`
    return refuse(house, c, { status: 404, type: 'not_found_error', message, detail: 'Not Found' })
  }
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
  const message = `${path} does not answer to ${method}. It answers to ${allow}.`
  const headers = ['allow', allow]
  return refuse(house, c, {
    status: 405,
    type: 'invalid_request_error',
    message,
    detail: 'Method Not Allowed',
    headers,
  })
}

const foreignPage: Refusal = {
  status: 403,
  type: 'permission_error',
  message: 'This request comes from a page of another site. lb answers to programs and to its own pages only.',
}

const notJson: Refusal = {
  status: 415,
  type: 'invalid_request_error',
  message: 'Send the request body as JSON, with content-type: application/json.',
}
