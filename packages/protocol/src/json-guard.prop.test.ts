import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createJsonGuard } from './json-guard.ts'
import { scanJsonObject } from './json-scan.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const object = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.jsonValue({ maxDepth: 5 }))
const limits = fc.record({
  maxDepth: fc.integer({ min: 1, max: 6 }),
  maxValues: fc.integer({ min: 1, max: 30 }),
  maxMembers: fc.integer({ min: 1, max: 5 }),
})

/** The bytes in pieces of these lengths, over and over. */
function pieces(whole: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1
    cut.push(whole.subarray(at, at + length))
    at += length
  }
  return cut
}

test('however a text is cut, what is watched on its way is what the scan says of the whole', () => {
  fc.assert(
    fc.property(object, limits, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (value, given, lengths) => {
      const whole = encode(JSON.stringify(value))
      const scanned = scanJsonObject(whole, given)
      const guard = createJsonGuard(given)
      const seen = pieces(whole, lengths).map((piece) => guard.push(piece))
      expect(seen.at(-1)?.kind).toBe(scanned.ok ? undefined : scanned.error.kind)
    }),
    { numRuns: 2000 },
  )
})
