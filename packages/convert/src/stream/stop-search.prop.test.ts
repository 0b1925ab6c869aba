import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStopSearch } from './stop-search.ts'

/** Texts and sequences of few letters, so that they meet. */
const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 })
const sequences = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
  maxLength: 3,
})

test('what is given out is the text up to the earliest sequence, however it is cut', () => {
  fc.assert(
    fc.property(letters, sequences, fc.array(fc.nat(4), { minLength: 1 }), (text, wanted, steps) => {
      const search = createStopSearch(wanted)
      let out = ''
      let at = 0
      for (let step = 0; at < text.length; step += 1) {
        const end = at + 1 + (steps[step % steps.length] ?? 0)
        out += search.push(text.slice(at, end))
        at = end
      }
      out += search.flush()
      const found = search.found()
      if (found === undefined) expect([out, wanted.some((sequence) => text.includes(sequence))]).toEqual([text, false])
      else expect(text.startsWith(out + found)).toBe(true)
      for (const sequence of wanted) expect(out).not.toContain(sequence)
    }),
  )
})

test('nothing waits that cannot be the beginning of a sequence', () => {
  fc.assert(
    fc.property(letters, sequences, (text, wanted) => {
      const search = createStopSearch(wanted)
      const out = search.push(text)
      if (search.found() !== undefined) return
      const held = text.slice(out.length)
      expect(held === '' || wanted.some((sequence) => sequence.startsWith(held))).toBe(true)
    }),
  )
})
