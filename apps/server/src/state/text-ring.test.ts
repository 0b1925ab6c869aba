import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTextRing, type RingLimits } from './text-ring.ts'

const plenty: RingLimits = { maxCount: 100, maxBytes: 1 << 20 }
const textsOf = (ring: ReturnType<typeof createTextRing<string>>): string[] => ring.last(1e9).map(({ text }) => text)

test('the newest come first, and one is found by its label: of several, the newest', () => {
  const ring = createTextRing<string>()
  ring.add('a', 'first', plenty)
  ring.add('b', 'sécond', plenty)
  ring.add('a', 'third', plenty)
  expect(ring.last(2)).toEqual([
    { label: 'a', text: 'third', bytes: 5 },
    { label: 'b', text: 'sécond', bytes: 7 },
  ])
  expect(ring.find((label) => label === 'a')?.text).toBe('third')
  expect(ring.find((label) => label === 'c')).toBeUndefined()
})

test('one that has no room even alone is not kept, and drives out no other', () => {
  const ring = createTextRing<string>()
  ring.add('a', 'x'.repeat(10), { maxCount: 5, maxBytes: 10 })
  ring.add('b', 'x'.repeat(11), { maxCount: 5, maxBytes: 10 })
  expect(textsOf(ring)).toEqual(['x'.repeat(10)])
})

test('who is forgotten is not found', () => {
  const ring = createTextRing<string>()
  for (const label of ['a', 'b', 'c', 'd', 'e']) ring.add(label, label, { maxCount: 4, maxBytes: 100 })
  expect(ring.find((label) => label === 'a')).toBeUndefined()
  expect(ring.find((label) => label === 'b')?.text).toBe('b')
})

test('whatever comes, it keeps as many of the newest as the limits allow, whole, also when the limits change', () => {
  const word = fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.nat(120_000).map((length) => 'é'.repeat(length)) },
  )
  const step = fc.record({
    text: word.map((text) => Buffer.from(text).toString()),
    limits: fc.record({
      maxCount: fc.integer({ min: 1, max: 12 }),
      maxBytes: fc.constantFrom(60, 1_000, 70_000, 500_000),
    }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const ring = createTextRing<number>()
      let model: string[] = []
      for (const [index, { text, limits }] of steps.entries()) {
        const bytes = Buffer.byteLength(text)
        const fits = (kept: readonly string[]): boolean =>
          kept.length < limits.maxCount &&
          kept.reduce((sum, one) => sum + Buffer.byteLength(one), bytes) <= limits.maxBytes
        if (bytes <= limits.maxBytes) {
          while (model.length > 0 && !fits(model)) model = model.slice(1)
          model.push(text)
        }
        ring.add(index, text, limits)
        expect(ring.last(100).map((one) => one.text)).toEqual([...model].reverse())
      }
    }),
  )
})
