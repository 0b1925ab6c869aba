import { describe, expect, test } from 'vitest'
import { createAffinity } from './affinity.ts'

const all = (): boolean => true
const except =
  (...gone: string[]) =>
  (key: string): boolean =>
    !gone.includes(key)

describe('a conversation', () => {
  test('stays with its account as long as it is used', () => {
    const affinity = createAffinity({ ttlMs: 100, sessions: 10 })
    expect(affinity.prefer('s', all, 0)).toBeUndefined()
    affinity.bind('s', 'a', 0)
    expect(affinity.prefer('s', all, 100)).toBe('a')
    affinity.bind('s', 'a', 100)
    expect(affinity.prefer('s', all, 200)).toBe('a')
    expect(affinity.prefer('s', all, 201)).toBeUndefined()
  })

  test('goes elsewhere while its account cannot be used, stays there, and comes back while its cache may be warm', () => {
    const affinity = createAffinity({ ttlMs: 100, sessions: 10 })
    affinity.bind('s', 'a', 0)
    expect(affinity.prefer('s', except('a'), 10)).toBeUndefined()
    affinity.bind('s', 'b', 10)
    expect(affinity.prefer('s', except('a'), 20)).toBe('b')
    expect(affinity.prefer('s', except('a', 'b'), 20)).toBeUndefined()
    expect(affinity.prefer('s', all, 30)).toBe('a')
    affinity.bind('s', 'a', 30)
    expect(affinity.prefer('s', except('a'), 40)).toBeUndefined()
  })

  test('stays where it is when its first account comes back too late', () => {
    const affinity = createAffinity({ ttlMs: 100, sessions: 10 })
    affinity.bind('s', 'a', 0)
    affinity.bind('s', 'b', 80)
    expect(affinity.prefer('s', all, 101)).toBe('b')
    affinity.bind('s', 'b', 101)
    affinity.bind('s', 'c', 150)
    expect(affinity.prefer('s', except('b'), 160)).toBe('c')
    expect(affinity.prefer('s', all, 160)).toBe('b')
  })

  test('is forgotten when there are too many, the one used longest ago first', () => {
    const affinity = createAffinity({ ttlMs: 100, sessions: 2 })
    affinity.bind('1', 'a', 0)
    affinity.bind('2', 'a', 1)
    affinity.bind('1', 'a', 2)
    affinity.bind('3', 'a', 3)
    expect(['1', '2', '3'].map((session) => affinity.prefer(session, all, 3))).toEqual(['a', undefined, 'a'])
    expect(affinity.size).toBe(2)
  })

  test('forgets an account that is gone, at home or away', () => {
    const affinity = createAffinity({ ttlMs: 100, sessions: 10 })
    affinity.bind('home', 'a', 0)
    affinity.bind('away', 'b', 0)
    affinity.bind('away', 'a', 1)
    affinity.bind('other', 'c', 0)
    affinity.forget('a')
    expect(affinity.prefer('home', all, 2)).toBeUndefined()
    expect(affinity.prefer('away', except('b'), 2)).toBeUndefined()
    expect(affinity.prefer('away', all, 2)).toBe('b')
    expect(affinity.prefer('other', all, 2)).toBe('c')
  })
})
