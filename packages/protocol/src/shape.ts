import { RawJson } from './raw-json.ts'
import { err, ok, type Result } from './result.ts'

/**
 * The least that must hold before code may believe a type: which members are there, and of what kind. It is a parse edge,
 * not a schema language; what a value means is checked by who reads it.
 */
export type Shape = readonly Member[]

interface Member {
  readonly name: string
  readonly kind: Kind
  readonly isOptional: boolean
}

/** `text` is a string, or an array of blocks. */
type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'text' | 'any'

/** What is wrong with a request, and where. */
export interface ShapeProblem {
  /** JSON pointer into the request, e.g. `/messages/0/content`. */
  readonly path: string
  /** What was expected there, e.g. `a string`. */
  readonly expected: string
}

/**
 * Declares a shape: the kind of each member. With a `?` in front the member may be absent or `null`.
 *
 * @example
 *   shape({ text: 'string', citations: '?array' })
 */
// @__NO_SIDE_EFFECTS__
export function shape(members: Readonly<Record<string, Kind | `?${Kind}`>>): Shape {
  return Object.entries(members).map(([name, wanted]) => {
    const isOptional = wanted.startsWith('?')
    return { name, kind: (isOptional ? wanted.slice(1) : wanted) as Kind, isOptional }
  })
}

/** Checks the members of one object. Members that `wanted` does not name are not looked at. */
export function checkShape(value: unknown, wanted: Shape, path: string): Result<undefined, ShapeProblem> {
  if (!isKind(value, 'object')) return err({ path, expected: kindNames.object })
  const object = value as { readonly [member: string]: unknown }
  for (const { name, kind, isOptional } of wanted) {
    const member = Object.hasOwn(object, name) ? object[name] : undefined
    if (isOptional && (member === undefined || member === null)) continue
    if (!isKind(member, kind)) return err({ path: `${path}/${name}`, expected: kindNames[kind] })
  }
  return ok(undefined)
}

/** The first problem that `check` finds in the elements of `values`. */
export function checkEach(
  values: readonly unknown[],
  path: string,
  check: (value: unknown, path: string) => Result<undefined, ShapeProblem>,
): Result<undefined, ShapeProblem> {
  for (const [index, value] of values.entries()) {
    const checked = check(value, `${path}/${index}`)
    if (!checked.ok) return checked
  }
  return ok(undefined)
}

const kindNames: Readonly<Record<Kind, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
  text: 'a string or an array of blocks',
  any: 'a value',
}

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'object':
      if (value instanceof RawJson) return value.text.startsWith('{')
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'text':
      return typeof value === 'string' || Array.isArray(value)
    case 'any':
      return value !== undefined
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
  }
}
