import { expect, test } from 'vitest'
import { recentMap } from './recent-map.ts'

test('the newest are remembered, and what is twice as old is not', () => {
  const map = recentMap<number>(10)
  for (let key = 0; key < 100; key += 1) {
    map.set(`${key}`, key)
    for (let recent = Math.max(0, key - 9); recent <= key; recent += 1) expect(map.get(`${recent}`)).toBe(recent)
    expect(map.has(`${key - 20}`)).toBe(false)
  }
})

test('what is set again has its new value, and what is deleted is gone, whatever its age', () => {
  const map = recentMap<string | undefined>(2)
  map.set('a', 'old')
  map.set('b', 'b')
  map.set('c', undefined)
  map.set('a', 'new')
  expect([map.get('a'), map.get('b'), map.has('c'), map.get('c')]).toEqual(['new', 'b', true, undefined])
  map.delete('a')
  map.delete('b')
  expect([map.has('a'), map.has('b')]).toEqual([false, false])
})
