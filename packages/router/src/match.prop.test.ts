import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesGlob } from './match.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '['), maxLength: 12 })
const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', '*', '?'), maxLength: 8 })

test('a glob means what the regular expression with the same meaning means', () => {
  fc.assert(
    fc.property(glob, text, (pattern, name) => {
      const source = pattern.replace(/[.[]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')
      expect(matchesGlob(pattern, name)).toBe(new RegExp(`^${source}$`, 's').test(name))
    }),
    { numRuns: 2000 },
  )
})
