import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editJsonObject } from './json-edit.ts'
import { scanJsonObject } from './json-scan.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (found: Uint8Array): string => new TextDecoder().decode(found)

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
