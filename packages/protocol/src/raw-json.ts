import { type Json, type JsonProblem, parseJson } from './json.ts'
import { ok, type Result } from './result.ts'

/**
 * JSON that keeps chosen members as text.
 *
 * `JSON.parse` forgets: 12345678901234567890 comes back as 12345678901234567000, `1.0` as `1`, `1e400` as `null`; of two
 * members with one key only the last survives; keys that look like numbers change their place. None of that may happen to
 * the arguments of a tool call, whose text belongs to the model and to the tool. So these members are never parsed at all:
 * {@link parseJsonKeeping} leaves them as {@link RawJson}, and {@link stringifyJson} writes their text as it came.
 */
export class RawJson {
  /** JSON text of one value, without white space around it. */
  readonly text: string

  /** @param text must be valid JSON: it is written into documents as it stands. See {@link rawJson} for a text of unknown origin. */
  constructor(text: string) {
    this.text = text
  }

  /** The value behind the text, for code that has to look inside. Whatever `JSON.parse` forgets is missing. */
  toJSON(): Json {
    const parsed = parseJson(this.text)
    return parsed.ok ? parsed.value : null
  }
}

/** A JSON value some of whose parts may still be text. Any {@link Json} is one. */
export type JsonTree =
  | null
  | boolean
  | number
  | string
  | RawJson
  | readonly JsonTree[]
  | { readonly [key: string]: JsonTree | undefined }

/**
 * Which members stay text: a tree of member names that ends in `true`. `*` stands for every element of an array.
 *
 * @example
 *   const keep: KeepPaths = { messages: { '*': { content: { '*': { input: true } } } } }
 */
export interface KeepPaths {
  readonly [name: string]: KeepPaths | true
}

/** Wraps a text as {@link RawJson} after checking that it is JSON. White space around it is dropped. */
export function rawJson(text: string): Result<RawJson, JsonProblem> {
  const parsed = parseJson(text)
  return parsed.ok ? ok(new RawJson(text.trim())) : parsed
}

/**
 * Parses JSON text and leaves the members that `keep` names as {@link RawJson}. Of a duplicated key the last one counts,
 * as in `JSON.parse`. A kept member that is an empty object, array or string is kept, too; `null` is `null`.
 *
 * Costs one native parse and one pass over the text that looks at structure only. As for {@link parseJson}, the text must
 * already be bounded in size and depth.
 *
 * @example
 *   const parsed = parseJsonKeeping('{"input":{"n":1.0}}', { input: true })
 *   parsed.ok && stringifyJson(parsed.value) // → '{"input":{"n":1.0}}'
 */
export function parseJsonKeeping(text: string, keep: KeepPaths): Result<JsonTree, JsonProblem> {
  const parsed = parseJson(text)
  // From here on the text is known to be valid JSON, so the graft need not check anything.
  if (parsed.ok) graft(text, skipSpace(text, 0), parsed.value, keep)
  return parsed
}

/**
 * Writes JSON text as `JSON.stringify` does, and {@link RawJson} as its text. Lone surrogates are written as escapes, so
 * that encoding the text as UTF-8 loses nothing.
 *
 * @param value JSON, or an object of a wire type, which is JSON though TypeScript cannot see it.
 */
export function stringifyJson(value: JsonTree | object): string {
  return write(value)
}

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  let text = ''
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${write(member)}`
  }
  return `{${text}}`
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * Walks the text of a container along `keep` and replaces kept members in its parsed twin.
 *
 * @param at where the value starts.
 * @returns where the value ends.
 */
function graft(text: string, at: number, parsed: Json, keep: KeepPaths): number {
  const code = text.charCodeAt(at)
  if (code === OPEN_BRACE) return graftObject(text, at, parsed as Parsed, keep)
  if (code === OPEN_BRACKET && keep['*'] !== undefined) return graftArray(text, at, parsed as Parsed, keep['*'])
  return valueEnd(text, at)
}

/** A parsed container: arrays are indexed by number here, which is the same thing at run time. */
interface Parsed {
  [key: string | number]: JsonTree
}

function graftObject(text: string, start: number, parsed: Parsed, keep: KeepPaths): number {
  let at = skipSpace(text, start + 1)
  while (text.charCodeAt(at) !== CLOSE_BRACE) {
    const keyEnd = stringEnd(text, at)
    const key = keyOf(text, at, keyEnd)
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const inner = Object.hasOwn(keep, key) ? keep[key] : undefined
    at = graftMember(text, valueStart, parsed, key, inner)
    at = skipSpace(text, at)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return at + 1
}

function graftArray(text: string, start: number, parsed: Parsed, inner: KeepPaths | true): number {
  let at = skipSpace(text, start + 1)
  for (let index = 0; text.charCodeAt(at) !== CLOSE_BRACKET; index += 1) {
    at = skipSpace(text, graftMember(text, at, parsed, index, inner))
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return at + 1
}

function graftMember(
  text: string,
  start: number,
  parsed: Parsed,
  key: string | number,
  inner: KeepPaths | true | undefined,
): number {
  if (inner === undefined) return valueEnd(text, start)
  // Of a duplicated key only the last one is in the parsed twin; an earlier one may have another shape or more elements.
  // Whatever an earlier one leaves in the twin, the last one replaces: it stands behind it.
  const value = Object.hasOwn(parsed, key) ? parsed[key] : undefined
  if (inner !== true) {
    return typeof value === 'object' && value !== null && sameShape(text, start, value)
      ? graft(text, start, value as Json, inner)
      : valueEnd(text, start)
  }
  const end = valueEnd(text, start)
  // `null` has one spelling, and whoever reads it asks for `null`.
  if (value !== undefined && value !== null) parsed[key] = new RawJson(text.slice(start, end))
  return end
}

function sameShape(text: string, start: number, value: object): boolean {
  return text.charCodeAt(start) === (Array.isArray(value) ? OPEN_BRACKET : OPEN_BRACE)
}

/** The key between the quotes. An escape inside is rare and is resolved by the engine. */
function keyOf(text: string, open: number, end: number): string {
  const key = text.slice(open + 1, end - 1)
  if (!key.includes('\\')) return key
  const parsed = parseJson(text.slice(open, end))
  return parsed.ok ? String(parsed.value) : key
}

/** The index after the value that starts at `start`. The text is valid, so counting brackets is enough. */
function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return stringEnd(text, start)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return scalarEnd(text, start)
  let depth = 0
  let at = start
  do {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at)
    else {
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1
      at += 1
    }
  } while (depth > 0)
  return at
}

/** The index after the string that opens at `open`: `indexOf` is native, and most of a prompt is strings. */
function stringEnd(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1)
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote + 1
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1
  while (text.charCodeAt(before) === BACKSLASH) before -= 1
  return (quote - before) % 2 === 0
}

function scalarEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && !isSpace(text.charCodeAt(at)) && !endsScalar(text.charCodeAt(at))) at += 1
  return at
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at += 1
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
