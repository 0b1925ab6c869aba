import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { behindDoor } from './door.ts'
import type { StreamReport } from './report.ts'

/** A conversion that says what it was asked to do. */
function machine() {
  const notes = createNotes()
  let said: string[] = []
  let ended = false
  const say = (word: string): void => {
    said.push(word)
  }
  const door = behindDoor({
    notes,
    push: (event) => say(`push ${JSON.stringify(event)}`),
    mark: () => {
      ended = true
      say('mark')
    },
    fail: (error) => say(`fail ${JSON.stringify(error)}`),
    close: () => say('close'),
    isEnded: () => ended,
    take() {
      const taken = said
      said = []
      return taken
    },
    report: () => ({ losses: notes.losses() }) as unknown as StreamReport,
  })
  return door
}

test('what can be walked goes in, and what was said comes out', () => {
  const door = machine()
  expect([door.push({ a: 1 }), door.fail('x'), door.end(), door.done()]).toEqual([
    ['push {"a":1}'],
    ['fail "x"'],
    ['close'],
    ['mark'],
  ])
})

test('behind the end nothing goes in: events are a loss, another end says nothing new', () => {
  const door = machine()
  door.done()
  expect([door.push(1), door.fail(1), door.end(), door.done()]).toEqual([[], [], [], []])
  expect(door.report().losses).toEqual([{ code: 'data_after_end', path: '', count: 2 }])
})

test('what nests too deeply stays outside', () => {
  const door = machine()
  const deep = JSON.parse('['.repeat(501) + ']'.repeat(501))
  const failed = ['fail {"message":"upstream sent JSON that nests deeper than 500 levels"}']
  expect(door.push(deep)).toEqual(failed)
  expect(door.fail(deep)).toEqual(failed)
})
