import { isJsonObject, type Json, type JsonObject, type JsonTree, RawJson } from '@lb/protocol'
import { nestingProblem } from '../nesting.ts'
import type { SchemaFix } from '../profiles/profile.ts'

/**
 * JSON Schemas of tools and answers.
 *
 * They are data for the model: rewriting them changes what it does, so they pass as they are unless a target is known to
 * refuse them. All rewriting walks schema positions and never looks at the names of properties: a property may be called
 * `type`, `default` or `__proto__`.
 */

/** The parsed schema, for looking inside. */
export function parsedSchema(schema: JsonTree): Json {
  return schema instanceof RawJson ? schema.toJSON() : (schema as Json)
}

/** Whether a schema may be looked through. One that nests too deeply passes as it is. */
export function isWalkable(schema: Json): boolean {
  return nestingProblem(schema) === undefined
}

/** Keywords that strict mode refuses. @see https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
const notInStrict: readonly string[] = [
  'minLength',
  'maxLength',
  'patternProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'contains',
  'minContains',
  'maxContains',
  'uniqueItems',
  'oneOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'default',
]

const strictFormats: ReadonlySet<Json | undefined> = new Set([
  undefined,
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
])

/** Whether a schema may be sent with `strict: true`. A schema that does not comply makes the whole request fail. */
export function isStrictCompliant(schema: Json): boolean {
  return isJsonObject(schema) && schema['type'] === 'object' && isWalkable(schema) && complies(schema)
}

function complies(schema: Json): boolean {
  if (!isJsonObject(schema)) return false
  if (notInStrict.some((keyword) => Object.hasOwn(schema, keyword))) return false
  if (!strictFormats.has(schema['format']) || looksAround(schema['pattern'])) return false
  if (schema['$ref'] !== undefined && Object.keys(schema).length > 1) return false
  if (isObjectSchema(schema) && !isClosed(schema)) return false
  if (schema['type'] === 'array' && !isJsonObject(schema['items'])) return false
  return subschemas(schema).every(complies)
}

function isObjectSchema(schema: JsonObject): boolean {
  const { type } = schema
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || schema['properties'] !== undefined
}

function isClosed(schema: JsonObject): boolean {
  const { properties, required, additionalProperties } = schema
  if (additionalProperties !== false) return false
  const names = isJsonObject(properties) ? Object.keys(properties) : []
  const demanded = new Set(Array.isArray(required) ? required : [])
  return names.every((name) => demanded.has(name))
}

function looksAround(pattern: Json | undefined): boolean {
  return typeof pattern === 'string' && /\(\?<?[=!]/.test(pattern)
}

/** Keywords whose value is a schema, or a list of schemas. */
const holdsSchemas: ReadonlySet<string> = new Set([
  'items',
  'prefixItems',
  'additionalProperties',
  'additionalItems',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
  'unevaluatedItems',
  'anyOf',
  'oneOf',
  'allOf',
])

/** Keywords whose value holds schemas by name. */
const holdsNamedSchemas: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
])

function subschemas(schema: JsonObject): readonly Json[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (holdsNamedSchemas.has(keyword)) return isJsonObject(value) ? Object.values(value) : []
    if (!holdsSchemas.has(keyword)) return []
    // `true` and `false` are schemas without a word in them.
    return typeof value === 'boolean' ? [] : value
  })
}

/** Applies `change` to every schema inside a schema, innermost first. */
export function mapSchema(schema: Json, change: (schema: JsonObject) => JsonObject): Json {
  if (!isJsonObject(schema)) return schema
  const entries = Object.entries(schema).map(([keyword, value]): [string, Json] => [
    keyword,
    mapMember(keyword, value, change),
  ])
  return change(Object.fromEntries(entries))
}

function mapMember(keyword: string, value: Json, change: (schema: JsonObject) => JsonObject): Json {
  if (holdsNamedSchemas.has(keyword) && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapSchema(inner, change)]))
  }
  if (!holdsSchemas.has(keyword)) return value
  return Array.isArray(value) ? value.map((inner) => mapSchema(inner, change)) : mapSchema(value, change)
}

const fixes: Readonly<Record<SchemaFix, (schema: JsonObject) => JsonObject>> = {
  'drop-meta': ({ $schema, $id, $comment, ...rest }) => rest,
  'const-to-enum': (schema) => {
    if (!Object.hasOwn(schema, 'const')) return schema
    const { const: value, ...rest } = schema
    return { ...rest, enum: [value as Json] }
  },
  'nullable-to-any-of': (schema) => {
    const { type, ...rest } = schema
    if (!Array.isArray(type) || !type.includes('null')) return schema
    return { anyOf: type.map((one) => (one === 'null' ? { type: 'null' } : { ...rest, type: one })) }
  },
}

/** The schema with `wanted` fixes applied, or the very same value when they change nothing. */
export function fixSchema(schema: JsonTree, wanted: readonly SchemaFix[]): JsonTree {
  if (wanted.length === 0) return schema
  const parsed = parsedSchema(schema)
  if (!isWalkable(parsed)) return schema
  const fixed = wanted.reduce((value, name) => mapSchema(value, fixes[name]), parsed)
  return JSON.stringify(fixed) === JSON.stringify(parsed) ? schema : fixed
}
