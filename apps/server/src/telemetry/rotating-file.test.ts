import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
    await expect.poll(() => readFileSync(path, 'utf8')).toContain(line)
    file.close()
  }
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
})

test('a full file moves aside, and the oldest go', async () => {
  const within = folder()
  const path = join(within, 'logs.jsonl')
  const file = rotatingFile(path, 10, 6)
  for (let index = 0; index < 9; index += 1) {
    file.write(`line ${index}\n`)
    await expect.poll(() => readFileSync(path, 'utf8')).toBe(`line ${index}\n`)
  }
  expect(readdirSync(within).sort()).toEqual([
    'logs.1.jsonl',
    'logs.2.jsonl',
    'logs.3.jsonl',
    'logs.4.jsonl',
    'logs.5.jsonl',
    'logs.jsonl',
  ])
  expect(readFileSync(join(within, 'logs.1.jsonl'), 'utf8')).toBe('line 7\n')
})

test('a file that cannot be opened is told once, and nothing is thrown', () => {
  const within = folder()
  writeFileSync(join(within, 'file'), '')
  const file = rotatingFile(join(within, 'file', 'logs.jsonl'), 1e6, 6)
  const told: string[] = []
  file.onTrouble((code) => {
    told.push(code)
    file.write('about the trouble itself\n')
  })
  for (let index = 0; index < 3; index += 1) file.write('lost\n')
  file.close()
  expect(told).toEqual(['EEXIST'])
})

test('a folder in the place of the file is no file either', () => {
  const within = folder()
  mkdirSync(join(within, 'logs.jsonl'))
  const told: string[] = []
  rotatingFile(join(within, 'logs.jsonl'), 1e6, 6).onTrouble((code) => void told.push(code))
  expect(told).toEqual(['EISDIR'])
})
