import { parseJson } from './json.ts'
import { err, ok, type Result } from './result.ts'

/**
 * Reads the outline of a JSON object from its bytes: where each top-level member stands, and whether the text is small
 * enough in depth and width to be parsed at all. One linear pass that copies nothing.
 *
 * It exists for two reasons. A relay that only needs `model` must not pay for parsing a 150 KB conversation, nor change a
 * byte of it: numbers, key order, duplicate keys and odd unicode survive only if they are never parsed. And a parser that
 * recurses must not be given a text that is 10^7 deep.
 *
 * It is not a validator: brackets and strings must match, but `tru` or `1..2` inside pass. Who parses finds those.
 */
export interface JsonOutline {
  /** Top-level members in the order of the text; a duplicated key appears as often as it stands there. */
  readonly members: readonly JsonMember[]
}

/** Byte positions of one member: `"name": value`. */
export interface JsonMember {
  /** The key, with its escapes resolved. */
  readonly name: string
  /** First byte of the key's opening quote. */
  readonly keyStart: number
  /** First byte of the value. */
  readonly start: number
  /** First byte after the value. */
  readonly end: number
}

/** What a text may be before it is refused. */
export interface JsonLimits {
  /** @defaultValue 200. Real conversations stay under 30; V8's parser aborts near 10,000. */
  readonly maxDepth?: number
  /** Objects, arrays and commas together. @defaultValue 1,000,000: 24 MB of `{}` block V8's parser for seconds. */
  readonly maxValues?: number
  /** Of the object itself. @defaultValue 1,000. No request of any dialect has a hundred. */
  readonly maxMembers?: number
}

/** `given`, and what holds where it says nothing. */
export function jsonLimits({
  maxDepth = 200,
  maxValues = 1_000_000,
  maxMembers = 1_000,
}: JsonLimits): Required<JsonLimits> {
  return { maxDepth: Math.min(maxDepth, DEEPEST), maxValues, maxMembers }
}

/** Why a text has no outline, and where: `offset` counts bytes from 0. */
export interface JsonScanProblem {
  readonly kind: 'syntax' | 'too-deep' | 'too-wide' | 'not-an-object'
  readonly offset: number
  readonly message: string
}

/** No text that has an outline goes deeper: its stack is bounded whatever the limit. */
const DEEPEST = 10_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Scans `bytes`, UTF-8 JSON text whose root must be an object. */
export function scanJsonObject(bytes: Uint8Array, given: JsonLimits = {}): Result<JsonOutline, JsonScanProblem> {
  const first = skipSpace(bytes, startOfText(bytes))
  if (first === bytes.length) return problem('syntax', first, 'the text is empty')
  if (bytes[first] !== OPEN_BRACE) return problem('not-an-object', first, 'the text is not a JSON object')
  const members: JsonMember[] = []
  const { maxDepth, maxValues, maxMembers } = jsonLimits(given)
  const budget: Budget = { maxDepth, valuesLeft: maxValues }
  let at = skipSpace(bytes, first + 1)
  if (bytes[at] !== CLOSE_BRACE) {
    for (;;) {
      const read = readMember(bytes, at, budget)
      if (!read.ok) return read
      members.push(read.value)
      at = skipSpace(bytes, read.value.end)
      if (bytes[at] === CLOSE_BRACE) break
      if (bytes[at] !== COMMA) return problem('syntax', at, 'expected "," or "}"')
      if (members.length >= maxMembers) return problem('too-wide', at, 'the object has too many members')
      at = skipSpace(bytes, at + 1)
    }
  }
  const end = skipSpace(bytes, at + 1)
  return end === bytes.length ? ok({ members }) : problem('syntax', end, 'text after the end of the object')
}

/**
 * The bytes of the first element of the array that `member` holds, e.g. the first message of a conversation.
 *
 * @param member a member of the outline of `bytes`.
 * @returns `undefined` when its value is no array, or an empty one.
 */
export function firstElement(bytes: Uint8Array, member: JsonMember): Uint8Array | undefined {
  return bytes[member.start] === OPEN_BRACKET ? elementAt(bytes, skipSpace(bytes, member.start + 1)) : undefined
}

/**
 * The bytes of the element behind another one of the same array.
 *
 * @param element what {@link firstElement} or this returned for the same `bytes`.
 * @returns `undefined` when that was the last.
 */
export function nextElement(bytes: Uint8Array, element: Uint8Array): Uint8Array | undefined {
  const comma = skipSpace(bytes, element.byteOffset - bytes.byteOffset + element.length)
  return bytes[comma] === COMMA ? elementAt(bytes, skipSpace(bytes, comma + 1)) : undefined
}

function elementAt(bytes: Uint8Array, start: number): Uint8Array | undefined {
  // The outline was read within its limits, and the element is a part of it.
  const end = valueEnd(bytes, start, { maxDepth: DEEPEST, valuesLeft: Number.MAX_SAFE_INTEGER })
  return end.ok ? bytes.subarray(start, end.value) : undefined
}

interface Budget {
  readonly maxDepth: number
  valuesLeft: number
}

function readMember(bytes: Uint8Array, keyStart: number, budget: Budget): Result<JsonMember, JsonScanProblem> {
  if (bytes[keyStart] !== QUOTE) return problem('syntax', keyStart, 'expected a key in double quotes')
  const keyEnd = stringEnd(bytes, keyStart)
  if (keyEnd === -1) return problem('syntax', keyStart, 'the key does not end')
  const name = readKey(bytes, keyStart, keyEnd)
  if (name === undefined) return problem('syntax', keyStart, 'the key is not a JSON string')
  const colon = skipSpace(bytes, keyEnd)
  if (bytes[colon] !== COLON) return problem('syntax', colon, 'expected ":"')
  const start = skipSpace(bytes, colon + 1)
  const end = valueEnd(bytes, start, budget)
  return end.ok ? ok({ name, keyStart, start, end: end.value }) : end
}

/** The key in `[start, end)`, quotes included. Nearly every key is plain ASCII, and then no parser is asked. */
function readKey(bytes: Uint8Array, start: number, end: number): string | undefined {
  let hash = 0
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] as number
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) {
      const parsed = parseJson(utf8.decode(bytes.subarray(start, end)))
      return parsed.ok && typeof parsed.value === 'string' ? parsed.value : undefined
    }
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  return asciiKey(bytes, start + 1, end - 1, hash & (KNOWN_KEYS - 1))
}

/**
 * Keys that were read before, each at the place that its bytes say: requests have the same few, and to make a string of each anew
 * leaves more behind than all else that the outline of a small request does.
 */
const knownKeys: string[] = []
const KNOWN_KEYS = 256
/** What is longer is the only one of its kind. */
const KNOWN_KEY_MAX = 32

function asciiKey(bytes: Uint8Array, start: number, end: number, place: number): string {
  const known = knownKeys[place]
  if (known !== undefined && isText(bytes, start, end, known)) return known
  let key = ''
  for (let at = start; at < end; at += 1) key += String.fromCharCode(bytes[at] as number)
  if (key.length <= KNOWN_KEY_MAX) knownKeys[place] = key
  return key
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let at = start; at < end; at += 1) if (bytes[at] !== text.charCodeAt(at - start)) return false
  return true
}

/** The index after the value that starts at `start`. */
function valueEnd(bytes: Uint8Array, start: number, budget: Budget): Result<number, JsonScanProblem> {
  budget.valuesLeft -= 1
  if (budget.valuesLeft < 0) return problem('too-wide', start, 'the text holds too many values')
  const byte = bytes[start]
  if (byte === QUOTE) {
    const end = stringEnd(bytes, start)
    return end === -1 ? problem('syntax', start, 'the string does not end') : ok(end)
  }
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return containerEnd(bytes, start, budget)
  const end = scalarEnd(bytes, start)
  return end === start ? problem('syntax', start, 'expected a value') : ok(end)
}

/** The stack of {@link containerEnd}. One for all: a typed array of its own, outside of the heap, is dear beside a small scan. */
const closers = /* @__PURE__ */ new Uint8Array(DEEPEST)

/** The index after the object or array that opens at `start`. A stack of closing brackets stands for recursion. */
function containerEnd(bytes: Uint8Array, start: number, budget: Budget): Result<number, JsonScanProblem> {
  // The root object is one level already.
  let depth = 1
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at)
      if (end === -1) return problem('syntax', at, 'the string does not end')
      at = end - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth >= budget.maxDepth) return problem('too-deep', at, `nested deeper than ${budget.maxDepth} levels`)
      closers[depth] = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
      depth += 1
      budget.valuesLeft -= 1
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (closers[depth] !== byte) return problem('syntax', at, 'the brackets do not match')
      if (depth === 1) return ok(at + 1)
    } else if (byte === COMMA) budget.valuesLeft -= 1
    if (budget.valuesLeft < 0) return problem('too-wide', at, 'the text holds too many values')
  }
  return problem('syntax', bytes.length, 'the text ends early')
}

/** The index after the string whose opening quote is at `open`, or −1. */
function stringEnd(bytes: Uint8Array, open: number): number {
  const quote = closingQuote(bytes, open + 1)
  return quote === -1 ? -1 : quote + 1
}

/** So far is looked byte by byte: `indexOf` is native and fast, but not for each of a million escaped quotes. */
const NEAR = 16

/** The index of the quote that ends a string, or −1. @param from a place in the string that no backslash escapes. */
export function closingQuote(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    let near = at + NEAR
    while (at < near && at < bytes.length) {
      const byte = bytes[at]
      if (byte === QUOTE) return at
      if (byte === BACKSLASH) near = at + 2 + NEAR
      at += byte === BACKSLASH ? 2 : 1
    }
    const quote = bytes.indexOf(QUOTE, at)
    if (quote === -1) return -1
    if (!endsEscaping(bytes, at, quote)) return quote
    at = quote + 1
  }
}

/** Whether `[from, to)` ends in an odd number of backslashes. */
export function endsEscaping(bytes: Uint8Array, from: number, to: number): boolean {
  let before = to - 1
  while (before >= from && bytes[before] === BACKSLASH) before -= 1
  return (to - before) % 2 === 0
}

/** The index after a number or literal: at the first byte that can only stand behind a value. */
function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && !isSpace(bytes[at]) && !closesValue(bytes[at])) at += 1
  return at
}

function closesValue(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && isSpace(bytes[at])) at += 1
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** A byte order mark before the text is not JSON, but clients send it and servers accept it. */
function startOfText(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

function problem(kind: JsonScanProblem['kind'], offset: number, message: string): Result<never, JsonScanProblem> {
  return err({ kind, offset, message })
}

const utf8 = /* @__PURE__ */ new TextDecoder()
