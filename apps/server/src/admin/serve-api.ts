import type { HttpBindings } from '@hono/node-server'
import { err, ok, type Result } from '@lb/protocol'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import type { House } from '../state/house.ts'
import type { ApiRequest, ApiRoute, Reply } from './api-route.ts'
import { badRequest } from './problem.ts'

type Bindings = { Bindings: HttpBindings }

/** Puts the routes into the app. */
export function serveApi(app: Hono<Bindings>, house: House, routes: readonly ApiRoute[]): void {
  for (const route of routes) {
    // A name may hold slashes (`openrouter/fast`); the part behind it is fixed text.
    const path = route.path.replace(/\{(\w+)\}/g, ':$1{.+}')
    app.on(route.method, path, async (context) => respond(house, route, await replyTo(context, house, route)))
  }
}

async function replyTo(context: Context<Bindings>, house: House, route: ApiRoute): Promise<Reply> {
  const request = readRequest(context, route)
  return request.ok ? route.answer(house, request.value) : badRequest(request.error)
}

/** What lb says about itself is of this moment, and for nobody else's eyes. */
const ownHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function respond(house: House, { replies }: ApiRoute, { status, body, headers }: Reply): Response {
  const type = replies[status]?.contentType ?? 'application/json'
  const text = type === 'application/json' ? JSON.stringify(body) : String(body)
  const id = { 'x-lb-request-id': house.newId('req') }
  return new Response(text, { status, headers: { ...ownHeaders, ...headers, ...id, 'content-type': type } })
}

function readRequest(
  { req }: Context<Bindings>,
  { pathParameters = {}, queryParameters = {} }: ApiRoute,
): Result<ApiRequest, string> {
  const path = readValues(pathParameters, (name) => req.param(name))
  if (!path.ok) return path
  const query = readValues(queryParameters, (name) => req.query(name))
  return query.ok ? ok({ path: path.value, query: query.value }) : query
}

function readValues(
  schemas: Readonly<Record<string, v.GenericSchema>>,
  read: (name: string) => string | undefined,
): Result<Readonly<Record<string, unknown>>, string> {
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    const parsed = v.safeParse(schema, inputOf(schema, read(name)))
    if (!parsed.success) return err(`${name}: ${parsed.issues[0].message}`)
    values[name] = parsed.output
  }
  return ok(values)
}

/** A parameter comes as text; what its schema wants as a number or a switch is read as one, if it can be. */
function inputOf(schema: v.GenericSchema, text: string | undefined): unknown {
  if (text === undefined) return undefined
  const { type } = innermost(schema)
  if (type === 'number') return text.trim() === '' ? text : Number(text)
  // As the predecessor's framework reads a switch.
  if (type === 'boolean') return /^(true|1|yes|on)$/i.test(text) || (/^(false|0|no|off)$/i.test(text) ? false : text)
  return text
}

function innermost(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? innermost(schema.wrapped as v.GenericSchema) : schema
}
