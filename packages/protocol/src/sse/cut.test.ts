import { expect, test } from 'vitest'
import { createSseCutter } from './cut.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const cut = (...pieces: string[]): number[][] => {
  const cutter = createSseCutter()
  return pieces.map((piece) => cutter.push(bytes(piece)))
}

test('an event ends behind its blank line', () => {
  expect(cut('data: 1\n\ndata: 2\n\nda')).toEqual([[9, 18]])
})

test('a blank line that the network cuts ends the event in the next chunk', () => {
  expect(cut('data: 1\n', '\ndata: 2\n\n')).toEqual([[], [1, 10]])
  expect(cut('data: 1', '\n', '\n')).toEqual([[], [], [1]])
})

test('an empty chunk changes nothing', () => {
  expect(cut('data: 1\n', '', '\n')).toEqual([[], [], [1]])
})

test('CRLF belongs together', () => {
  expect(cut('data: 1\r\n\r\ndata: 2\r\n\r\n')).toEqual([[11, 22]])
})

test('CR alone ends an event at once; its line feed may follow in the next chunk', () => {
  expect(cut('data: 1\r\r')).toEqual([[9]])
  expect(cut('data: 1\r\n\r', '\ndata: 2\n\n')).toEqual([[10], [10]])
})

test('a cut between CR and LF of a line that is not blank ends nothing', () => {
  expect(cut('data: 1\r', '\n', 'data: 2\n\n')).toEqual([[], [], [9]])
})

test('stray blank lines are events of their own', () => {
  expect(cut('\n\ndata: 1\n\n\n')).toEqual([[1, 2, 11, 12]])
})
