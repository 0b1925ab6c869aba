import { expect, test } from 'vitest'
import { createNotes } from './notes.ts'

test('losses of one code with one detail are counted where they happened first', () => {
  const notes = createNotes()
  notes.loss('sampling_dropped', '/top_k', 'top_k')
  notes.loss('sampling_dropped', '/top_p', 'top_p')
  notes.loss('thinking_dropped', '/a')
  notes.loss('thinking_dropped', '/b')
  notes.loss('sampling_dropped', '/x', 'top_p')
  expect(notes.losses()).toEqual([
    { code: 'sampling_dropped', path: '/top_k', detail: 'top_k', count: 1 },
    { code: 'sampling_dropped', path: '/top_p', detail: 'top_p', count: 2 },
    { code: 'thinking_dropped', path: '/a', count: 2 },
  ])
})

test('the first reason to refuse decides', () => {
  const notes = createNotes()
  expect(notes.refused()).toBeUndefined()
  notes.refuse('empty_turn', '/a', 'one')
  notes.refuse('needs_bytes', '/b', 'two')
  expect(notes.refused()).toEqual({ code: 'empty_turn', path: '/a', message: 'one' })
})
