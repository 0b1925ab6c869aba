import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJsonKeeping, RawJson, stringifyJson } from './raw-json.ts'

/** JSON text with white space, escapes and odd numbers in it. */
const spaced = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom('', ' ', '\n\t', '\r\n'))
  .map(([text, space]) => text.replace(/([,:[\]{}])(?=([^"\\]|\\.|"([^"\\]|\\.)*")*$)/g, `${space}$1${space}`))

test('whatever JSON a kept member holds, its text comes out as it went in', () => {
  fc.assert(
    fc.property(spaced, spaced, (kept, other) => {
      const text = `{"other":${other},"list":[{"input":${kept}},${other}]}`
      const parsed = parseJsonKeeping(text, { list: { '*': { input: true } } })
      expect(parsed.ok && stringifyJson(parsed.value)).toBe(
        `{"other":${JSON.stringify(JSON.parse(other))},"list":[{"input":${kept.trim()}},${inner(other)}]}`,
      )
    }),
  )
})

/** `other` may itself be an object with an `input`. */
function inner(text: string): string {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'input')) return JSON.stringify(value)
  const parsed = parseJsonKeeping(text, { input: true })
  return parsed.ok ? stringifyJson(parsed.value) : ''
}

test('without kept members the result is that of JSON.parse and JSON.stringify', () => {
  fc.assert(
    fc.property(spaced, (text) => {
      const parsed = parseJsonKeeping(text, { nowhere: true, '*': { nowhere: true } })
      expect(parsed).toEqual({ ok: true, value: JSON.parse(text) })
      expect(parsed.ok && stringifyJson(parsed.value)).toBe(JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('keeping everything at the root keeps every byte of every member', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.json(), { maxKeys: 5 }), (members) => {
      const text = `{${Object.entries(members)
        .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
        .join(',')}}`
      const keep = Object.fromEntries(Object.keys(members).map((key) => [key, true as const]))
      const parsed = parseJsonKeeping(text, keep)
      const expected = JSON.parse(text) as Record<string, unknown>
      for (const key of Object.keys(expected)) {
        const value = parsed.ok ? (parsed.value as Record<string, unknown>)[key] : undefined
        const written = (members[key] as string).trim()
        expect(value).toEqual(written === 'null' ? null : new RawJson(written))
      }
    }),
  )
})
