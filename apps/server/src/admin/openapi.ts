import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { version } from '../version.ts'
import { groups, type Operation, type ReplySpec } from './api-route.ts'
import { type NamedSchemas, namedSchemas } from './named-schemas.ts'
import { errorSchema } from './problem.ts'

/**
 * The API as an OpenAPI 3.1 document, out of the very schemas that inputs are checked with and answers are typed by.
 *
 * @param openPaths those that need no key by configuration.
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApi(operations: readonly Operation[], openPaths: ReadonlySet<string>): JsonObject {
  const all = operations.map((operation) => withCommonReplies(asConfigured(operation, openPaths)))
  const named = namedSchemas(all.flatMap(schemasOf))
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of all) {
    const path = paths[operation.path] ?? {}
    paths[operation.path] = { ...path, [operation.method.toLowerCase()]: operationObject(operation, named) }
  }
  const used = Object.keys(groups).filter((name) => all.some(({ group }) => group === name))
  return {
    openapi: '3.1.1',
    info: {
      title: 'lb',
      version,
      summary: 'One dependable model endpoint out of many undependable ones.',
      description:
        'Every answer has the header `x-lb-request-id`. Which routes need a key is settled by `settings.auth`: without it none does, and lb listens on this machine only.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This lb' }],
    tags: Object.entries(groups)
      .filter(([name]) => used.includes(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: componentSchemas(named), headers: { RequestId: requestIdHeader }, securitySchemes },
  }
}

const requestIdHeader = { description: 'The id of the request, as in the log', schema: { type: 'string' } }

const securitySchemes = {
  key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  bearer: { type: 'http', scheme: 'bearer' },
}

function asConfigured(operation: Operation, openPaths: ReadonlySet<string>): Operation {
  return openPaths.has(operation.path) ? { ...operation, access: 'open' } : operation
}

/** What the front door says before an operation is asked. */
function withCommonReplies(operation: Operation): Operation {
  const { queryParameters = {}, replies } = operation
  const asked = Object.keys(queryParameters).length === 0 ? replies : { 400: wrongParameter, ...replies }
  if (operation.access === 'open') return { ...operation, replies: asked }
  const denied = operation.access === 'admin' ? 'The admin key is missing or wrong.' : 'The key is missing or wrong.'
  return { ...operation, replies: { ...asked, 401: { description: denied, schema: errorSchema } } }
}

const wrongParameter: ReplySpec = { description: 'A parameter cannot be used.', schema: errorSchema }

function schemasOf({ pathParameters, queryParameters, body, replies }: Operation): v.GenericSchema[] {
  const parameters = { ...pathParameters, ...queryParameters }
  return [
    ...Object.values(parameters),
    ...(body === undefined ? [] : [body]),
    ...Object.values(replies).flatMap(({ schema }) => (schema === undefined ? [] : [schema])),
  ]
}

function operationObject(operation: Operation, named: NamedSchemas): JsonObject {
  const {
    id,
    group,
    summary,
    description,
    access,
    pathParameters = {},
    queryParameters = {},
    body,
    replies,
  } = operation
  const parameters = [
    ...Object.entries(pathParameters).map((entry) => parameter('path', entry, named)),
    ...Object.entries(queryParameters).map((entry) => parameter('query', entry, named)),
  ]
  return {
    operationId: id,
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'open' ? [] : [{ key: [] }, { bearer: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(schemaObject(body, named)) } }),
    responses: Object.fromEntries(
      Object.entries(replies).map(([status, spec]) => [status, responseObject(spec, named)]),
    ),
  }
}

function parameter(place: 'path' | 'query', [name, schema]: [string, v.GenericSchema], named: NamedSchemas): Json {
  const { description, ...rest } = schemaObject(schema, named)
  return {
    name,
    in: place,
    required: place === 'path',
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }
}

function responseObject({ description, schema, contentType, stream }: ReplySpec, named: NamedSchemas): JsonObject {
  const json = schema === undefined ? {} : jsonContent(schemaObject(schema, named))
  const text =
    contentType === undefined ? {} : { [contentType.split(';')[0] ?? contentType]: { schema: { type: 'string' } } }
  const events = stream === undefined ? {} : { 'text/event-stream': { schema: { type: 'string' } } }
  return {
    description,
    headers: { 'x-lb-request-id': { $ref: '#/components/headers/RequestId' } },
    content: { ...json, ...text, ...events },
  }
}

function jsonContent(schema: JsonObject): JsonObject {
  return { 'application/json': { schema } }
}

const conversion = {
  target: 'draft-2020-12',
  typeMode: 'input',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  // Objects whose members are described elsewhere.
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? { type: 'object' } : undefined),
} as const satisfies Parameters<typeof toJsonSchemaDefs>[1]

function schemaObject(schema: v.GenericSchema, named: NamedSchemas): JsonObject {
  const {
    $schema: _dialect,
    $defs: _definitions,
    ...own
  } = asJson(toJsonSchema(schema, { ...conversion, definitions: named }))
  return own
}

function componentSchemas(named: NamedSchemas): JsonObject {
  return asJson(toJsonSchemaDefs(named, conversion))
}

/** A schema is plain JSON; its type does not say so. */
function asJson(schema: object): JsonObject {
  const copy: Json = JSON.parse(JSON.stringify(schema))
  return isJsonObject(copy) ? copy : {}
}
