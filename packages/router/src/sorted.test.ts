import { expect, it } from 'vitest'
import { sortedBy } from './sorted.ts'

const byCost = (items: readonly { readonly cost: number }[]) => sortedBy(items, ({ cost }) => cost)

it('puts the cheapest first, and leaves the list that it was given as it was', () => {
  const items = [{ cost: 3 }, { cost: 1 }, { cost: Number.POSITIVE_INFINITY }, { cost: 2 }]
  expect(byCost(items).map(({ cost }) => cost)).toEqual([1, 2, 3, Number.POSITIVE_INFINITY])
  expect(items.map(({ cost }) => cost)).toEqual([3, 1, Number.POSITIVE_INFINITY, 2])
})

it('leaves equals in their order, infinite ones too', () => {
  const [a, b] = [{ cost: Number.POSITIVE_INFINITY }, { cost: Number.POSITIVE_INFINITY }]
  const [c, d] = [{ cost: 1 }, { cost: 1 }]
  const sorted = byCost([a, b, c, d])
  expect(sorted[0]).toBe(c)
  expect(sorted[1]).toBe(d)
  expect(sorted[2]).toBe(a)
  expect(sorted[3]).toBe(b)
})

it('gives back a list that is in order as it is', () => {
  for (const items of [[], [{ cost: 1 }], [{ cost: -1 }, { cost: 2 }, { cost: 2 }]]) expect(byCost(items)).toBe(items)
})
