import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AccountChoice,
  type AccountStrategy,
  type AccountView,
  chooseAccount,
  reservedHeadroom,
} from './select.ts'

const view = (key: string, more: Partial<AccountView> = {}): AccountView => ({
  key,
  email: key,
  usable: true,
  uses: 0,
  lastTurn: 0,
  headroom: 1,
  ...more,
})

const keyOf = (choice: AccountChoice): string => (choice.kind === 'chosen' ? choice.key : choice.kind)
const none = { tried: [] }

describe('a new conversation', () => {
  test.each<[AccountStrategy, string]>([
    ['round-robin', 'waited'],
    ['least-used', 'idle'],
    ['most-headroom', 'roomy'],
  ])('by %s goes to %s', (strategy, expected) => {
    const views = [
      view('waited', { lastTurn: 1, uses: 5, headroom: 0.2 }),
      view('idle', { lastTurn: 2, uses: 1, headroom: 0.1 }),
      view('roomy', { lastTurn: 3, uses: 9, headroom: 0.9 }),
    ]
    expect(chooseAccount(views, none, strategy)).toEqual({ kind: 'chosen', key: expected, by: 'strategy' })
  })

  test('between equals goes to the one that has waited longest', () => {
    const views = [view('a', { lastTurn: 2 }), view('b', { lastTurn: 1 })]
    for (const strategy of ['least-used', 'most-headroom'] as const) {
      expect(keyOf(chooseAccount(views, none, strategy))).toBe('b')
    }
  })
})

describe('a conversation', () => {
  test('goes on with its account, unless that cannot be used, was tried, or is being rejected while another is not', () => {
    const wish = { tried: [], bound: 'b' }
    expect(chooseAccount([view('a'), view('b', { lastTurn: 9 })], wish, 'round-robin')).toMatchObject({
      key: 'b',
      by: 'affinity',
    })
    expect(keyOf(chooseAccount([view('a'), view('b', { usable: false })], wish, 'round-robin'))).toBe('a')
    expect(keyOf(chooseAccount([view('a'), view('b', { rejectedUntilMs: 5 })], wish, 'round-robin'))).toBe('a')
    expect(keyOf(chooseAccount([view('a'), view('b')], { tried: ['b'], bound: 'b' }, 'round-robin'))).toBe('a')
  })
})

describe('a pin', () => {
  test('takes that account in any case of letters, or none', () => {
    const views = [view('a@x.com'), view('b@x.com', { lastTurn: 9 })]
    expect(chooseAccount(views, { tried: [], pinnedEmail: 'B@X.com' }, 'round-robin')).toEqual({
      kind: 'chosen',
      key: 'b@x.com',
      by: 'pin',
    })
    expect(chooseAccount(views, { tried: [], pinnedEmail: 'c@x.com' }, 'round-robin')).toEqual({ kind: 'no-account' })
    expect(chooseAccount(views, { tried: ['b@x.com'], pinnedEmail: 'b@x.com' }, 'round-robin')).toEqual({
      kind: 'all-tried',
    })
  })
})

describe('where nothing is good', () => {
  test('the one whose rejection ends first is taken, and that is said', () => {
    const views = [view('a', { rejectedUntilMs: 9, lastTurn: 1 }), view('b', { rejectedUntilMs: 5, lastTurn: 2 })]
    expect(chooseAccount(views, none, 'round-robin')).toEqual({
      kind: 'chosen',
      key: 'b',
      by: 'strategy',
      rejectedUntilMs: 5,
    })
    const even = [view('a', { rejectedUntilMs: 5, lastTurn: 2 }), view('b', { rejectedUntilMs: 5, lastTurn: 1 })]
    expect(keyOf(chooseAccount(even, none, 'round-robin'))).toBe('b')
  })

  test('the accounts that would do are named', () => {
    const views = [view('a', { usable: false }), view('b', { usable: false })]
    expect(chooseAccount(views, { tried: ['a'] }, 'round-robin')).toEqual({ kind: 'none-usable', keys: ['b'] })
    expect(chooseAccount([], none, 'round-robin')).toEqual({ kind: 'no-account' })
  })
})

test('requests since the last word about it count against what is left', () => {
  expect(reservedHeadroom(0.5, 0)).toBe(0.5)
  expect(reservedHeadroom(0.5, 10)).toBeCloseTo(0.48)
  expect(reservedHeadroom(0.5, 9_999)).toBe(0)
})

test('a choice is always usable, untried, and unrejected if any such is there', () => {
  const views = fc.uniqueArray(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      usable: fc.boolean(),
      uses: fc.nat(5),
      lastTurn: fc.nat(5),
      headroom: fc.double({ min: 0, max: 1, noNaN: true }),
      rejected: fc.boolean(),
    }),
    { selector: (each) => each.key },
  )
  const strategy = fc.constantFrom<AccountStrategy>('round-robin', 'least-used', 'most-headroom')
  fc.assert(
    fc.property(
      views,
      strategy,
      fc.subarray(['a', 'b', 'c', 'd']),
      fc.option(fc.constantFrom('a', 'b')),
      (drawn, by, tried, bound) => {
        const accounts = drawn.map(({ rejected, ...each }) =>
          view(each.key, rejected ? { ...each, rejectedUntilMs: 1 } : each),
        )
        const choice = chooseAccount(accounts, bound === null ? { tried } : { tried, bound }, by)
        const possible = accounts.filter((each) => each.usable && !tried.includes(each.key))
        if (choice.kind !== 'chosen') {
          expect(possible).toEqual([])
          return
        }
        const chosen = possible.find((each) => each.key === choice.key)
        expect(chosen).toBeDefined()
        if (chosen?.rejectedUntilMs !== undefined)
          expect(possible.every((each) => each.rejectedUntilMs !== undefined)).toBe(true)
      },
    ),
  )
})
