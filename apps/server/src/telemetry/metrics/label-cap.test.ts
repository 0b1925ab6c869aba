import { expect, test } from 'vitest'
import { labelCap } from './label-cap.ts'

test('the first values have their own label, later ones share one', () => {
  const cap = labelCap(2)
  expect(['a', 'b', 'a', 'c', 'b', 'd'].map(cap)).toEqual(['a', 'b', 'a', 'other', 'b', 'other'])
})

test('known values have theirs in any case, and do not use up the others', () => {
  const cap = labelCap(1, ['known', 'too'])
  expect(['x', 'y', 'known', 'too'].map(cap)).toEqual(['x', 'other', 'known', 'too'])
})

test('a value that is too long for a label is no label', () => {
  expect(labelCap(9)('m'.repeat(1_000_000))).toBe('other')
})

test('a client that makes up a million models makes a bounded number of labels', () => {
  const cap = labelCap(64)
  const labels = new Set(Array.from({ length: 1_000_000 }, (_, index) => cap(`model-${index}`)))
  expect(labels.size).toBe(65)
})
