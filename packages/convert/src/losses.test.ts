import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lossCodes, lossMeanings } from './losses.ts'
import { refusalMeanings } from './refusal.ts'

const tests = readdirSync(import.meta.dirname, { encoding: 'utf8', recursive: true })
  .filter((path) => path.endsWith('.test.ts') && path !== 'losses.test.ts')
  .map((path) => readFileSync(`${import.meta.dirname}/${path}`, 'utf8'))
/** Whether a test says the code: alone, or with what it was about. */
const isShown = (code: string): boolean => tests.some((text) => new RegExp(`['" \`]${code}[:'" ]`).test(text))

describe('every code is shown by a test', () => {
  test.each(lossCodes)('%s', (code) => {
    expect(isShown(code)).toBe(true)
    expect(lossMeanings[code]).toMatch(/^[a-z].*[^.]$/)
  })

  test.each(Object.entries(refusalMeanings))('%s', (code, meaning) => {
    expect(isShown(code)).toBe(true)
    expect(meaning).toMatch(/^[a-z].*[^.]$/)
  })

  test('and a code that nobody knows is not', () => {
    expect(isShown('no_such_code')).toBe(false)
  })
})
