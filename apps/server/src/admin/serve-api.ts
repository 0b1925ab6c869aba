import { err, ok, type Result } from '@lb/protocol'
import * as v from 'valibot'
import type { Route, Visit } from '../ingress/route.ts'
import type { House } from '../state/house.ts'
import type { ApiRequest, ApiRoute, Reply } from './api-route.ts'
import { badRequest } from './problem.ts'

/** The operations as routes of the app. */
export function served(house: House, operations: readonly ApiRoute[]): readonly Route[] {
  return operations.map((operation): Route => {
    const { method, access } = operation
    // A name may hold slashes (`openrouter/fast`); the part behind it is fixed text.
    const path = operation.path.replace(/\{(\w+)\}/g, ':$1{.+}')
    return {
      method,
      path,
      access,
      answer: async (visit) => respond(house, operation, await replyTo(house, operation, visit)),
    }
  })
}

async function replyTo(house: House, operation: ApiRoute, visit: Visit): Promise<Reply> {
  const request = readRequest(visit, operation)
  return request.ok ? operation.answer(house, request.value) : badRequest(request.error)
}

/** What lb says about itself is of this moment, and for nobody else's eyes. */
const ownHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function respond(house: House, { replies }: ApiRoute, { status, body, headers, contentType }: Reply): Response {
  const type = contentType ?? replies[status]?.contentType ?? 'application/json'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const id = { 'x-lb-request-id': house.newId('req') }
  return new Response(text, { status, headers: { ...ownHeaders, ...headers, ...id, 'content-type': type } })
}

function readRequest(
  { c: { req }, caller, compiled }: Visit,
  { access, pathParameters = {}, queryParameters = {} }: ApiRoute,
): Result<ApiRequest, string> {
  const path = readValues(pathParameters, (name) => req.param(name))
  if (!path.ok) return path
  const { searchParams: search } = new URL(req.url)
  const wrong = access === 'client' ? undefined : misspelt(search, Object.keys(queryParameters))
  if (wrong !== undefined) return err(wrong)
  const query = readValues(queryParameters, (name) => req.query(name))
  if (!query.ok) return query
  return ok({ path: path.value, query: query.value, caller, compiled, search, accept: req.header('accept') ?? '' })
}

/**
 * What is wrong with the names of the parameters. Asked of lb's own routes that declare some: a vendor's clients add to the
 * vendor's (`/v1/models?beta=true`), and to a route without any, anybody may add what keeps it out of a cache.
 */
function misspelt(search: URLSearchParams, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  for (const name of search.keys()) {
    if (!names.includes(name)) return `${name}: there is no such parameter. There are: ${names.join(', ')}`
    if (search.getAll(name).length > 1) return `${name}: is given twice`
  }
  return undefined
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
  if (type === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
  // As the predecessor's framework reads a switch.
  if (type === 'boolean') return /^(true|1|yes|on)$/i.test(text) || (/^(false|0|no|off)$/i.test(text) ? false : text)
  return text
}

function innermost(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? innermost(schema.wrapped as v.GenericSchema) : schema
}
