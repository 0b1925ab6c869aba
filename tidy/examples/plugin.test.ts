import { expect, test } from 'vitest'
import { testFile } from './plugin.ts'

const page =
  "# A page\n\nProse.\n\n```ts\nimport { ok } from '@lb/protocol'\n\nok(1) // → { ok: true, … }\n```\n\nMore.\n"

test('a page becomes a test file, line for line', () => {
  const lines = testFile('README.md', page).split('\n')
  expect(lines).toHaveLength(page.split('\n').length)
  expect(lines[4]).toBe("__test('line 6', async () => {")
  expect(lines[5]).toBe("const { ok } = await import('@lb/protocol')")
  expect(lines[7]).toMatch(/^__check\(\(ok\(1\)\), .*README\.md:8.* \/\/ →/)
  expect(lines[8]).toBe('})')
})

test('an arrow that is no value fails the example instead of vanishing', () => {
  expect(testFile('README.md', page.replace('{ ok: true, … }', 'SseEvent[]'))).toContain('throw new Error(')
})
