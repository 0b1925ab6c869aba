import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scanJsonObject } from './json-scan.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (found: Uint8Array): string => new TextDecoder().decode(found)
const object = fc.dictionary(
  fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[AaBbc]{0,3}$/)),
  fc.jsonValue(),
)
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
