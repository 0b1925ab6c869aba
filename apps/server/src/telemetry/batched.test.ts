import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batchedLines } from './batched.ts'

let written: string[] = []
const to = { write: (batch: Buffer) => written.push(batch.toString()) }
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

test('what does not fit any more is written at once, and no line is cut', () => {
  const lines = batchedLines(to)
  const line = `${'ü'.repeat(20_000)}\n`
  lines.write(line)
  expect(written).toEqual([])
  lines.write(line)
  expect(written).toEqual([line])
  lines.flush()
  expect(written).toEqual([line, line])
})

test('a line that is longer than a batch is written by itself, after those before it', () => {
  const lines = batchedLines(to)
  const line = `${'x'.repeat(100_000)}\n`
  lines.write('before\n')
  lines.write(line)
  expect(written).toEqual(['before\n', line])
})

test('a batch that somebody keeps is not written over', () => {
  const kept: Buffer[] = []
  const lines = batchedLines({ write: (batch) => kept.push(batch) })
  for (const line of ['one\n', 'two\n']) {
    lines.write(line)
    lines.flush()
  }
  expect(kept.map(String)).toEqual(['one\n', 'two\n'])
})
