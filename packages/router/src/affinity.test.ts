import { describe, expect, test } from 'vitest'
import { type Affinity, homesOf, stepAffinity } from './affinity.ts'

const policy = { lifetimeMs: 300_000 }
const after = (
  affinity: Affinity | null,
  type: 'started' | 'succeeded' | 'released',
  candidate: string,
  nowMs: number,
) => stepAffinity(affinity, { type, candidate }, nowMs, policy)
const home: Affinity = { home: 'a', homeUsedMs: 1_000, lent: null, usedMs: 1_000 }

describe('a conversation', () => {
  test('is at home where its first attempt began, so that concurrent first requests agree', () => {
    expect(homesOf(null, 0, policy)).toEqual([])
    expect(after(null, 'started', 'a', 1_000)).toEqual(home)
    expect(after(home, 'started', 'b', 2_000)).toBe(home)
  })

  test('is at home where its first success was', () => {
    expect(after(null, 'succeeded', 'a', 1_000)).toEqual(home)
    expect(homesOf(home, 2_000, policy)).toEqual(['a'])
  })

  test('renews its home by use', () => {
    expect(after(home, 'succeeded', 'a', 200_000)).toEqual({ ...home, homeUsedMs: 200_000, usedMs: 200_000 })
  })

  test('loses its home when it was not used for its lifetime', () => {
    expect(homesOf(home, 300_999, policy)).toEqual(['a'])
    expect(homesOf(home, 301_000, policy)).toEqual([])
    expect(after(home, 'started', 'b', 301_000)).toMatchObject({ home: 'b' })
    expect(after(home, 'succeeded', 'b', 301_000)).toEqual({
      home: 'b',
      homeUsedMs: 301_000,
      lent: null,
      usedMs: 301_000,
    })
    expect(after(home, 'released', 'b', 301_000)).toBeNull()
  })
})

describe('away from home', () => {
  const lent = after(home, 'succeeded', 'b', 100_000)

  test('it is lent, and would rather be at home while its cache may be warm', () => {
    expect(lent).toEqual({ home: 'a', homeUsedMs: 1_000, lent: 'b', usedMs: 100_000 })
    expect(homesOf(lent, 300_999, policy)).toEqual(['a', 'b'])
  })

  test('it stays where it is once home is cold', () => {
    expect(homesOf(lent, 301_000, policy)).toEqual(['b'])
    expect(after(lent, 'succeeded', 'b', 301_000)).toEqual({
      home: 'b',
      homeUsedMs: 301_000,
      lent: null,
      usedMs: 301_000,
    })
  })

  test('it returns with its next success at home', () => {
    expect(after(lent, 'succeeded', 'a', 200_000)).toEqual({
      home: 'a',
      homeUsedMs: 200_000,
      lent: null,
      usedMs: 200_000,
    })
  })

  test('it may be lent to another', () => {
    expect(after(lent, 'succeeded', 'c', 200_000)).toMatchObject({ home: 'a', lent: 'c', usedMs: 200_000 })
  })

  test('it settles there when its home is gone for good', () => {
    expect(after(lent, 'released', 'a', 150_000)).toEqual({
      home: 'b',
      homeUsedMs: 100_000,
      lent: null,
      usedMs: 100_000,
    })
  })
})

describe('a release', () => {
  test('of the home leaves it without one; of another changes nothing', () => {
    expect(after(home, 'released', 'a', 2_000)).toBeNull()
    expect(after(home, 'released', 'b', 2_000)).toBe(home)
    expect(after(null, 'released', 'a', 2_000)).toBeNull()
  })
})
