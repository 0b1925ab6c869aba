import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batchedLines } from './batched.ts'

let written: string[] = []
const to = { write: (text: string) => written.push(text) }
beforeEach(() => {
  written = []
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

test('lines that come together are written together, a moment later', () => {
  const lines = batchedLines(to)
  lines.write('one\n')
  lines.write('two\n')
  expect(written).toEqual([])
  vi.advanceTimersByTime(20)
  lines.write('three\n')
  vi.advanceTimersByTime(20)
  expect(written).toEqual(['one\ntwo\n', 'three\n'])
})

test('at the end nothing waits any more', () => {
  const lines = batchedLines(to)
  lines.write('last\n')
  lines.flush()
  lines.flush()
  vi.advanceTimersByTime(1000)
  expect(written).toEqual(['last\n'])
})

test('much is written at once', () => {
  const lines = batchedLines(to)
  const line = `${'x'.repeat(40_000)}\n`
  lines.write(line)
  expect(written).toEqual([])
  lines.write(line)
  expect(written).toEqual([line + line])
})
