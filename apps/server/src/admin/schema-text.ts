import { isJsonObject, type Json, member, stringMember } from '@lb/protocol'
import { html } from 'hono/html'

/** A piece of a page, escaped. */
export type Piece = ReturnType<typeof html>

/** One member of an object. */
export interface Member {
  readonly name: string
  readonly schema: Json
  readonly isRequired: boolean
}

/** A text with `code` in backquotes. */
export function prose(text: string): Piece {
  const parts = text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
  return html`${parts}`
}

/** The members of an object schema, in its order. */
export function membersOf(schema: Json): readonly Member[] {
  const properties = member(schema, 'properties')
  if (!isJsonObject(properties)) return []
  const required = member(schema, 'required')
  return Object.entries(properties).map(([name, own]) => ({
    name,
    schema: own ?? null,
    isRequired: Array.isArray(required) && required.includes(name),
  }))
}

/** The type of a schema in words: `list of Provider`, `number or null`, `"healthy" | "unhealthy"`. */
export function typeText(schema: Json): Piece {
  const ref = stringMember(schema, '$ref')
  if (ref !== undefined) {
    const name = ref.slice(ref.lastIndexOf('/') + 1)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  const choices = member(schema, 'anyOf')
  if (Array.isArray(choices)) return joined(choices.map(typeText), ' or ')
  const words = member(schema, 'enum')
  if (Array.isArray(words)) return joined(words.map(wordText), ' | ')
  const only = member(schema, 'const')
  if (only !== undefined) return wordText(only)
  return plainText(schema)
}

function plainText(schema: Json): Piece {
  const type = stringMember(schema, 'type')
  if (type === 'array') return html`list of ${typeText(member(schema, 'items') ?? null)}`
  if (type === 'object') return objectText(schema)
  return html`${type === undefined ? 'anything' : `${type}${rangeText(schema)}`}`
}

function objectText(schema: Json): Piece {
  const members = membersOf(schema)
  if (members.length === 0) return html`object`
  return html`{ ${joined(
    members.map(({ name, schema: own }) => html`<code>${name}</code>: ${typeText(own)}`),
    ', ',
  )} }`
}

function rangeText(schema: Json): string {
  const [min, max, standard] = [member(schema, 'minimum'), member(schema, 'maximum'), member(schema, 'default')]
  const range = min === undefined ? '' : max === undefined ? ` ≥ ${min}` : ` ${min}–${max}`
  return `${range}${standard === undefined ? '' : `, default ${String(standard)}`}`
}

function wordText(word: Json): Piece {
  return html`<code>${JSON.stringify(word)}</code>`
}

function joined(pieces: readonly Piece[], between: string): Piece {
  return html`${pieces.map((piece, index) => html`${index === 0 ? '' : between}${piece}`)}`
}
