import { isJsonObject, type Json, type JsonObject, member, numberMember, stringMember } from '@lb/protocol'

/** How a value is chosen where the schema leaves a choice. */
export interface SampleWishes {
  /** A value for a property of this name, or `undefined`. Used only where its type fits. */
  readonly valueFor: (property: string) => Json | undefined
  /** A text for a string that nothing else is known about. */
  readonly text: string
  /** Whether properties that are not required are filled in too. */
  readonly optional: boolean
}

/** Schemas may refer to themselves; deeper than this only what is required is `null`. */
const MAX_DEPTH = 8

/**
 * A value that satisfies a JSON Schema: types, `required`, `enum`, `const`, bounds, lengths, the usual formats, local `$ref`s.
 * Not read: `pattern`, `not`, `if`; a schema that needs them may get a value it refuses.
 *
 * @see https://json-schema.org/draft/2020-12/json-schema-validation
 */
export function sampleOf(schema: Json, wishes: SampleWishes): Json {
  return sample(schema, schema, wishes, undefined, 0)
}

function sample(given: Json, root: Json, wishes: SampleWishes, property: string | undefined, depth: number): Json {
  if (depth > MAX_DEPTH) return null
  const schema = resolved(given, root)
  if (!isJsonObject(schema)) return wishes.text
  const wish = property === undefined ? undefined : wishes.valueFor(property)
  const type = typeOf(schema)
  if (wish !== undefined && fits(wish, schema, type)) return wish
  if (schema['const'] !== undefined) return schema['const']
  const first = firstOf(schema['enum']) ?? schema['default'] ?? firstOf(schema['examples'])
  if (first !== undefined) return first
  const alternative = firstOf(schema['anyOf']) ?? firstOf(schema['oneOf'])
  if (alternative !== undefined && type === undefined) return sample(alternative, root, wishes, property, depth + 1)
  switch (type) {
    case 'object':
      return sampleObject(schema, root, wishes, depth)
    case 'array':
      return Array.from({ length: numberMember(schema, 'minItems') ?? 0 }, () =>
        sample(schema['items'] ?? {}, root, wishes, property, depth + 1),
      )
    case 'integer':
    case 'number':
      return sampleNumber(schema, type === 'integer')
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return sampleText(schema, wishes.text)
  }
}

function sampleObject(schema: JsonObject, root: Json, wishes: SampleWishes, depth: number): JsonObject {
  const merged = [schema, ...listOf(schema['allOf']).map((each) => resolved(each, root))]
  const properties = new Map(
    merged.flatMap((each) =>
      isJsonObject(member(each, 'properties')) ? Object.entries(member(each, 'properties') ?? {}) : [],
    ),
  )
  const required = new Set(merged.flatMap((each) => listOf(member(each, 'required')).map(String)))
  const wanted = [...new Set([...properties.keys(), ...required])].filter(
    (name) => required.has(name) || wishes.optional || wishes.valueFor(name) !== undefined,
  )
  return Object.fromEntries(
    wanted.map((name) => [name, sample(properties.get(name) ?? {}, root, wishes, name, depth + 1)]),
  )
}

function sampleNumber(schema: JsonObject, whole: boolean): number {
  const step = numberMember(schema, 'multipleOf') ?? (whole ? 1 : undefined)
  const low = numberMember(schema, 'minimum') ?? plus(numberMember(schema, 'exclusiveMinimum'), step ?? 0.5)
  const high = numberMember(schema, 'maximum') ?? plus(numberMember(schema, 'exclusiveMaximum'), -(step ?? 0.5))
  const value = Math.min(Math.max(1, low ?? 1), high ?? Number.POSITIVE_INFINITY)
  return step === undefined ? value : Math.ceil(value / step) * step
}

const FORMATS: { readonly [format: string]: string } = {
  date: '2026-01-15',
  time: '12:00:00Z',
  'date-time': '2026-01-15T12:00:00Z',
  duration: 'PT1M',
  email: 'mock@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function sampleText(schema: JsonObject, text: string): string {
  const format = FORMATS[stringMember(schema, 'format') ?? '']
  if (format !== undefined) return format
  const padded = text.padEnd(numberMember(schema, 'minLength') ?? 0, '.')
  return Array.from(padded)
    .slice(0, numberMember(schema, 'maxLength') ?? padded.length)
    .join('')
}

/** Follows local references; a chain that does not end is no schema. */
function resolved(schema: Json, root: Json): Json {
  let current = schema
  for (let hops = 0; hops < MAX_DEPTH; hops++) {
    const reference = stringMember(current, '$ref')
    if (reference === undefined) return current
    const path = reference
      .replace(/^#\/?/, '')
      .split('/')
      .filter((step) => step !== '')
    let target: Json | undefined = root
    for (const step of path) target = member(target, step.replaceAll('~1', '/').replaceAll('~0', '~'))
    current = target ?? {}
  }
  return {}
}

function typeOf(schema: JsonObject): string | undefined {
  const { type } = schema
  if (typeof type === 'string') return type
  const first = listOf(type).find((each) => each !== 'null')
  if (typeof first === 'string') return first
  return isJsonObject(schema['properties']) || schema['allOf'] !== undefined ? 'object' : undefined
}

/** Whether a wished value is of the schema's type and among its values. */
function fits(value: Json, schema: JsonObject, type: string | undefined): boolean {
  const allowed = listOf(schema['enum'])
  if (allowed.length > 0 && !allowed.includes(value)) return false
  if (schema['const'] !== undefined && schema['const'] !== value) return false
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === undefined || type === 'object') return type === undefined || isJsonObject(value)
  const longest = numberMember(schema, 'maxLength')
  return typeof value === type && (typeof value !== 'string' || longest === undefined || value.length <= longest)
}

function firstOf(value: Json | undefined): Json | undefined {
  return listOf(value)[0]
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function plus(value: number | undefined, step: number): number | undefined {
  return value === undefined ? undefined : value + step
}
