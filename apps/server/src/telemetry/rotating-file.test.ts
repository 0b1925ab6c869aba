import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { rotatingFile } from './rotating-file.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lb-log-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('its folder is made, and lines are appended', async () => {
  const path = join(folder(), 'deep', 'er', 'logs.jsonl')
  for (const line of ['one\n', 'two\n']) {
    const file = rotatingFile(path, 1e6, 6)
    file.write(line)
    await file.close()
  }
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
})

test('a full file moves aside, and the oldest go', async () => {
  const within = folder()
  const path = join(within, 'logs.jsonl')
  for (let index = 0; index < 9; index += 1) {
    const file = rotatingFile(path, 10, 6)
    await expect.poll(() => existsSync(path)).toBe(true)
    file.write(`line ${index}\n`)
    file.write(`more ${index}\n`)
    await file.close()
  }
  const numbers = readdirSync(within).sort()
  expect(numbers.length).toBeGreaterThan(1)
  expect(numbers.length).toBeLessThanOrEqual(6)
  expect(readFileSync(path, 'utf8')).toContain('more 8\n')
})

test('no line is lost when files are rotated, however quickly they come', async () => {
  const within = folder()
  const path = join(within, 'logs.jsonl')
  const file = rotatingFile(path, 1000, 1000)
  const lines = Array.from({ length: 2000 }, (_, index) => `this is line ${index}`)
  for (const [index, line] of lines.entries()) {
    file.write(`${line}\n`)
    if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await file.close()
  const names = readdirSync(within)
  expect(names.length).toBeGreaterThan(3)
  const written = names.flatMap((name) => readFileSync(join(within, name), 'utf8').split('\n')).filter(Boolean)
  expect(new Set(written)).toEqual(new Set(lines))
  expect(written).toHaveLength(lines.length)
})

test('a device is written to and never moved aside', async () => {
  const within = folder()
  const path = join(within, 'logs.jsonl')
  symlinkSync('/dev/null', path)
  const file = rotatingFile(path, 10, 3)
  for (let index = 0; index < 5; index += 1) {
    file.write(`line ${index} and more\n`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await file.close()
  expect(readdirSync(within)).toEqual(['logs.jsonl'])
  expect(lstatSync(path).isSymbolicLink()).toBe(true)
})

test('of a link the file behind it moves aside', async () => {
  const within = folder()
  mkdirSync(join(within, 'large-disk'))
  const path = join(within, 'logs.jsonl')
  symlinkSync(join(within, 'large-disk', 'kept.jsonl'), path)
  const file = rotatingFile(path, 10, 3)
  await expect.poll(() => existsSync(path)).toBe(true)
  for (const line of ['one and more\n', 'two and more\n']) file.write(line)
  await file.close()
  expect(readdirSync(within).sort()).toEqual(['large-disk', 'logs.jsonl'])
  expect(readFileSync(join(within, 'large-disk', 'kept.1.jsonl'), 'utf8')).toBe('one and more\n')
  expect(readFileSync(path, 'utf8')).toBe('two and more\n')
})

test('a named pipe that nobody reads is a trouble, and keeps nobody from ending', async () => {
  const path = join(folder(), 'pipe')
  execFileSync('mkfifo', [path])
  const file = rotatingFile(path, 1e6, 3)
  const told: string[] = []
  file.onTrouble((code) => void told.push(code))
  file.write('one\n')
  await file.close()
  expect(told).toEqual(['ENXIO'])
})

test('a file that cannot be opened is told once, and nothing is thrown', async () => {
  const within = folder()
  writeFileSync(join(within, 'file'), '')
  const file = rotatingFile(join(within, 'file', 'logs.jsonl'), 1e6, 6)
  const told: string[] = []
  file.onTrouble((code) => {
    told.push(code)
    file.write('about the trouble itself\n')
  })
  for (let index = 0; index < 3; index += 1) file.write('lost\n')
  await expect.poll(() => told).toEqual(['EEXIST'])
  for (let index = 0; index < 3; index += 1) file.write('lost\n')
  await file.close()
  expect(told).toEqual(['EEXIST'])
})

test('a trouble that came before somebody listened is told to whoever listens first', async () => {
  const within = folder()
  mkdirSync(join(within, 'logs.jsonl'))
  const file = rotatingFile(join(within, 'logs.jsonl'), 1e6, 6)
  file.write('lost\n')
  await file.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const told: string[] = []
  file.onTrouble((code) => void told.push(code))
  file.onTrouble((code) => void told.push(`again ${code}`))
  expect(told).toEqual(['EISDIR'])
})

test('a file that could not be opened is tried again, and a minute later its trouble is told again', async () => {
  const within = folder()
  const path = join(within, 'logs.jsonl')
  mkdirSync(path)
  let nowMs = 0
  const told: string[] = []
  const file = rotatingFile(path, 1e6, 6, () => nowMs)
  file.onTrouble((code) => void told.push(code))
  await expect.poll(() => told).toHaveLength(1)
  nowMs = 61_000
  file.write('lost\n')
  await expect.poll(() => told).toHaveLength(2)
  rmSync(path, { recursive: true })
  nowMs = 61_001
  file.write('too early\n')
  nowMs = 72_000
  file.write('written\n')
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe('written\n')
})
