import type { Json, JsonObject } from '@lb/protocol'
import { toJsonSchema } from '@valibot/to-json-schema'
import type { Entry, Item, Keys, Obsolete } from './keys/entry.ts'
import { rootKeys } from './keys/root-keys.ts'
import { boundsOf, schemaOf, type ValueRule } from './read/kinds.ts'

/**
 * The configuration file as a JSON Schema, from the same entries as the reader, so that editors complete keys, explain them
 * and mark mistakes.
 *
 * Draft 7, because that is what the YAML extensions of editors have supported longest. It is a little stricter than the
 * reader: a text must be written as one, while the reader also takes `app_version: 1.0` by its letters.
 *
 * @see https://github.com/redhat-developer/yaml-language-server
 */
export function configJsonSchema(): JsonObject {
  const root = sectionSchema(rootKeys)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'lb configuration',
    ...root,
    properties: {
      ...(root['properties'] as JsonObject),
      auth: { ...deprecated('read as `settings.auth`; write it there'), $ref: '#/properties/settings/properties/auth' },
    },
  }
}

/** Where a variable stands, a text stands in for any type; what it becomes is checked when the file is loaded. */
const variable = '\\$\\{'

function entrySchema(entry: Entry): JsonObject {
  if (entry.kind === 'obsolete') return deprecated(`no effect: ${entry.instead}`)
  const about: JsonObject = { description: entry.description }
  if ('default' in entry && entry.default !== undefined) about['default'] = toJson(entry.default)
  if ('example' in entry && entry.example !== undefined) about['examples'] = [entry.example]
  return { ...about, ...itemSchema(entry, !('required' in entry)) }
}

/** `optional`: left empty (`key:`), the key is as good as left out. */
function itemSchema(item: Exclude<Entry, Obsolete> | Item, optional: boolean): JsonObject {
  switch (item.kind) {
    case 'section':
      return { ...sectionSchema(item.keys), type: typed('object', optional) }
    case 'list':
      return { type: typed('array', optional), items: itemSchema(item.of, false) }
    case 'dictionary':
      return { type: typed('object', optional), additionalProperties: itemSchema(item.of, true) }
    case 'profile':
      return { type: ['string', 'object', 'null'] }
    default:
      return leafSchema(item, optional)
  }
}

function sectionSchema(keys: Keys): JsonObject {
  const entries = Object.entries(keys)
  const required = entries.filter(([, entry]) => 'required' in entry).map(([name]) => name)
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(entries.map(([name, entry]) => [name, entrySchema(entry)])),
  }
}

function leafSchema(rule: ValueRule, optional: boolean): JsonObject {
  if (rule.kind === 'one-of') {
    const inAnyCase = rule.words.map((word) => `^${word.replace(/[a-z]/gi, eitherCase)}$`).join('|')
    return {
      anyOf: [
        { enum: [...rule.words, ...onlyIf(optional, null)] },
        { type: 'string', pattern: `${inAnyCase}|${variable}` },
      ],
    }
  }
  const { type, pattern } = toJsonSchema(schemaOf(rule), { errorMode: 'ignore', typeMode: 'input' })
  if (type === 'string') {
    return { type: typed('string', optional), ...(pattern === undefined ? {} : { pattern: `${pattern}|${variable}` }) }
  }
  const { min, max } = boundsOf(rule)
  return {
    type: typed(toJson(type), optional, 'string'),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    pattern: variable,
  }
}

/** Patterns of JSON Schema have no flags: `a` → `[aA]`. */
function eitherCase(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`
}

function typed(type: Json, optional: boolean, ...more: string[]): Json {
  const types = [type, ...more, ...onlyIf(optional, 'null')]
  return types.length === 1 ? type : types
}

function onlyIf<T>(condition: boolean, value: T): T[] {
  return condition ? [value] : []
}

/** `deprecationMessage` and `doNotSuggest` are what editors read beside the standard's `deprecated`. */
function deprecated(message: string): JsonObject {
  return { deprecated: true, deprecationMessage: message, description: message, doNotSuggest: true }
}

/** Schemas and defaults are plain data of ours; this says so to the types. */
function toJson(value: unknown): Json {
  return value as Json
}
