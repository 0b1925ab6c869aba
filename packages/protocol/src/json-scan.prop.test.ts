import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editJsonObject, scanJsonObject } from './json-scan.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (found: Uint8Array): string => new TextDecoder().decode(found)
const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
const spaces = fc.constantFrom(undefined, 1, '\t', '  ')

test('the outline of any JSON object has the members that a parser sees', () => {
  fc.assert(
    fc.property(object, spaces, (value, indent) => {
      const whole = encode(JSON.stringify(value, null, indent))
      const scanned = scanJsonObject(whole)
      if (!scanned.ok) throw new Error(scanned.error.message)
      const read = scanned.value.members.map(({ name, start, end }) => [
        name,
        JSON.parse(decode(whole.subarray(start, end))),
      ])
      expect(read).toEqual(Object.entries(JSON.parse(decode(whole))))
    }),
    { numRuns: 1000 },
  )
})

test('an edited object parses to the edited value', () => {
  const name = fc.constantFrom('model', 'provider', 'stream', 'x', '')
  const small = fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 6 })
  fc.assert(
    fc.property(small, fc.subarray(['model', 'provider', 'x']), fc.option(fc.jsonValue()), (entries, remove, set) => {
      const whole = encode(
        `{${entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(' ,')}}`,
      )
      const scanned = scanJsonObject(whole)
      if (!scanned.ok) throw new Error(scanned.error.message)
      const edited = editJsonObject(whole, scanned.value, { set: { stream: JSON.stringify(set) }, remove })
      const kept = entries.filter(([key]) => !remove.includes(key))
      const expected = kept.map(([key, value]) => [key, key === 'stream' ? set : value])
      expect(JSON.parse(decode(edited))).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(expected))))
    }),
    { numRuns: 1000 },
  )
})

test('no bytes make it throw', () => {
  const noise = fc.oneof(
    fc.uint8Array(),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', 'a', '1'))
      .map((parts) => encode(`{${parts.join('')}`)),
  )
  fc.assert(
    fc.property(noise, (whole) => {
      const scanned = scanJsonObject(whole)
      if (scanned.ok) for (const { start, end } of scanned.value.members) expect(start).toBeLessThan(end)
      else expect(scanned.error.offset).toBeLessThanOrEqual(whole.length)
    }),
    { numRuns: 2000 },
  )
})
