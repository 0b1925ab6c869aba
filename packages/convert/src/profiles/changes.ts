import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'

/** What is wrong with a change of a profile, and where. */
export interface ProfileProblem {
  /** The field; inside the rules for single models with the way there: `models[0].set.images`. */
  readonly field: string
  readonly message: string
}

/** Which values a field takes. Without a rule: anything of the kind that its default has. */
export type FieldRule =
  | { readonly oneOf: readonly (string | null)[] }
  | { readonly listOf: readonly string[] }
  /** A list of any texts, or `null`. */
  | { readonly texts: 'or null' }
  /** A regular expression, or `null`. */
  | { readonly pattern: 'or null' }

/** The fields of a kind of profile. */
export interface ProfileFields {
  /** A profile that has all of them. */
  readonly defaults: object
  readonly rules: Readonly<Record<string, FieldRule>>
}

/** All that is wrong with changes of a profile, those for single models included. */
export function problemsWithChanges(changes: JsonObject, fields: ProfileFields, at = ''): readonly ProfileProblem[] {
  return Object.entries(changes).flatMap(([name, value]) => {
    const field = at + name
    if (!Object.hasOwn(fields.defaults, name)) {
      const known = Object.keys(fields.defaults).join(', ')
      return [{ field, message: `there is no such field; there are ${known}` }]
    }
    if (name === 'models' && at === '') return problemsWithModels(value, fields)
    const message = expectation(fields, name, value)
    return message === undefined ? [] : [{ field, message: `expected ${message}` }]
  })
}

function problemsWithModels(models: Json, fields: ProfileFields): readonly ProfileProblem[] {
  if (!Array.isArray(models)) return [{ field: 'models', message: 'expected a list' }]
  return models.flatMap((rule, index) => {
    const field = `models[${index}]`
    if (!isJsonObject(rule) || !isTexts(rule['match']) || !isJsonObject(rule['set']))
      return [{ field, message: 'expected { match: [name, …], set: { field: value, … } }' }]
    return problemsWithChanges(rule['set'], fields, `${field}.set.`)
  })
}

/** What was expected, if it is not what there is. */
function expectation({ defaults, rules }: ProfileFields, name: string, value: Json): string | undefined {
  const rule = rules[name]
  if (rule === undefined) return likeDefault(new Map<string, unknown>(Object.entries(defaults)).get(name), value)
  if ('oneOf' in rule) return rule.oneOf.some((word) => word === value) ? undefined : quoted(rule.oneOf)
  if ('listOf' in rule) {
    const isList = isTexts(value) && value.every((word) => rule.listOf.includes(word))
    return isList ? undefined : `a list of ${quoted(rule.listOf)}`
  }
  if (value === null) return undefined
  if ('texts' in rule) return isTexts(value) ? undefined : 'a list of texts, or null'
  return typeof value === 'string' && isPattern(value) ? undefined : 'a regular expression, or null'
}

/** Where the default is `null`, there is no telling. */
function likeDefault(known: unknown, value: Json): string | undefined {
  return kindOf(known) === kindOf(value) || known === null || value === null ? undefined : kindOf(known)
}

function quoted(words: readonly (string | null)[]): string {
  return words.map((word) => JSON.stringify(word)).join(', ')
}

function isTexts(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
