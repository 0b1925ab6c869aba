import { expect, test } from 'vitest'
import type { ClientView } from '../egress/client-view.ts'
import { createHold } from './hold.ts'

/** A view that keeps what it was shown, and a hold in front of it. */
function held(isSlow = false) {
  const shown: string[] = []
  let replaced = 0
  const view = {
    events(_headers: () => string[], bytes: Uint8Array) {
      shown.push(Buffer.from(bytes).toString())
      return !isSlow
    },
  } as ClientView
  const hold = createHold(
    view,
    () => [],
    () => (replaced += 1),
  )
  return { hold, shown, replaced: () => replaced }
}

test('nothing is shown before the commit, then everything in one piece, then each as it comes', () => {
  const { hold, shown } = held()
  hold.opening(Buffer.from('start '))
  hold.body(Buffer.from('a '))
  hold.body(Buffer.from('b '))
  expect(shown).toEqual([])
  hold.commit('send')
  hold.body(Buffer.from('c'))
  expect(shown).toEqual(['start a b ', 'c'])
})

test('an opening that was released is not shown again, and its own answer keeps its counts', () => {
  const { hold, shown, replaced } = held()
  hold.opening(Buffer.from('start '))
  hold.releaseOpening()
  hold.body(Buffer.from('a '))
  hold.commit('drop')
  expect(shown).toEqual(['start ', 'a '])
  expect(replaced()).toBe(0)
})

test('an answer under another attempt’s opening drops its own and corrects the counts', () => {
  const { hold, shown, replaced } = held()
  hold.opening(Buffer.from('start '))
  hold.body(Buffer.from('a '))
  hold.commit('drop')
  expect(shown).toEqual(['a '])
  expect(replaced()).toBe(1)
})

test('a slow client blocks until it has caught up', () => {
  const { hold } = held(true)
  hold.body(Buffer.from('a'))
  expect(hold.isBlocked()).toBe(false)
  hold.commit('send')
  expect(hold.isBlocked()).toBe(true)
  hold.unblock()
  expect(hold.isBlocked()).toBe(false)
})
