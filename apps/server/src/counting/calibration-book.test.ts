import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { learnedRatio } from '@lb/tokens'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { type CalibrationBook, openCalibrationBook } from './calibration-book.ts'

const target = { provider: 'a', model: 'claude-x', grade: 'fast' } as const

interface Opened {
  readonly book: CalibrationBook
  readonly lines: string[]
}

function openBook(path: string | null): Opened {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const book = openCalibrationBook({ log, path: () => path })
  onTestFinished(() => book.close())
  return { book, lines }
}

function pathInFolder(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'lb-ratios-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, ...names)
}

function teach(book: CalibrationBook, samples = 8, ratio = 1.5): void {
  for (let index = 0; index < samples; index += 1) book.learn(target, 10_000, 10_000 * ratio)
}

test('what was learned is there after a restart', async () => {
  const path = pathInFolder('data', 'token-ratios.json')
  const { book } = openBook(path)
  expect(book.learned(target)).toBe(0)
  teach(book)
  expect(book.learned(target)).toBe(8)
  await book.close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const next = openBook(path)
  await expect.poll(() => next.book.learned(target)).toBe(8)
  expect(learnedRatio(next.book.calibration(), target)).toBeCloseTo(1.5)
  // Nobody sees half of it: it was another file until it was whole.
  expect(readdirSync(join(path, '..'))).toEqual(['token-ratios.json'])
})

test('a file that is not ours is begun anew, with a word about it', async () => {
  const path = pathInFolder('token-ratios.json')
  writeFileSync(path, '{"samples": "many"}')
  const { book, lines } = openBook(path)
  teach(book)
  await book.close()
  expect(lines.join()).toContain('token_ratios_ignored')
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ samples: {} })
})

test('a folder that cannot be written to is said once, and serving goes on', async () => {
  const path = pathInFolder('file')
  writeFileSync(path, '')
  const { book, lines } = openBook(join(path, 'token-ratios.json'))
  teach(book)
  await book.close()
  teach(book)
  await book.close()
  expect(lines.filter((line) => line.includes('token_ratios_not_written'))).toHaveLength(1)
  expect(book.learned(target)).toBeGreaterThan(0)
})

test('where no books are kept, ratios live as long as the process', async () => {
  const { book, lines } = openBook(null)
  teach(book)
  await book.close()
  expect(book.learned(target)).toBe(8)
  expect(lines).toEqual([])
})

test('what makes no sense is not learned', () => {
  const { book } = openBook(null)
  book.learn(target, 0, 100)
  book.learn(target, 100, Number.NaN)
  expect(book.learned(target)).toBe(0)
})
