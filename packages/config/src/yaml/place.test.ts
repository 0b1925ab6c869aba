import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placesIn } from './place.ts'

test('an offset has a line and a column, both counted from one', () => {
  const place = placesIn('ab\n\ncd')
  expect([0, 1, 2, 3, 4, 5, 6].map((offset) => Object.values(place(offset)))).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
    [3, 1],
    [3, 2],
    [3, 3],
  ])
})

test('offsets beyond the text have its nearest place', () => {
  expect(placesIn('a\n')(99)).toEqual({ line: 2, column: 1 })
  expect(placesIn('a\n')(-1)).toEqual({ line: 1, column: 1 })
  expect(placesIn('')(0)).toEqual({ line: 1, column: 1 })
})

test('line and column lead back to the offset, in every text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '没', '😀'), maxLength: 60 })
  fc.assert(
    fc.property(text, fc.nat(80), (sample, offset) => {
      const inside = Math.min(offset, sample.length)
      const { line, column } = placesIn(sample)(offset)
      const before = sample.split('\n').slice(0, line - 1)
      expect(before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1).toBe(inside)
    }),
  )
})
