import { expect, test } from 'vitest'
import { present } from './present.ts'

test('only members that are there are there, null and false among them', () => {
  expect(Object.entries(present({ a: undefined, b: null, c: false, d: 'x' }))).toEqual([
    ['b', null],
    ['c', false],
    ['d', 'x'],
  ])
})
