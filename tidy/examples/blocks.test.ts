import { describe, expect, test } from 'vitest'
import { canFail, checkExample, type Example, examplesIn } from './blocks.ts'
import { __check, __rest } from './check.ts'

const example = (code: string): Example => ({ path: 'README.md', line: 10, code })

describe('examplesIn', () => {
  test('finds the blocks that import from @lb, with their lines', () => {
    const page = "# a\n\n```ts\nimport { a } from '@lb/a'\n```\n\n```ts\nconst sketch = 1\n```\n\n```sh\nls\n```\n"
    expect(examplesIn('README.md', page)).toEqual([{ path: 'README.md', line: 4, code: "import { a } from '@lb/a'\n" }])
  })
})

/** Runs an example without imports. Throws what it throws. */
function run(code: string): void {
  const { body, problems } = checkExample(example(code))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  new Function('__check', '__rest', body)(__check, __rest)
}

describe('an arrow', () => {
  test.each([
    ['1 + 1 // → 2'],
    ['const a = [1, 2, 3] // → [1, 2, 3]'],
    ['const a = [1, 2, 3] // → [1, …]'],
    ['const { a, b } = { a: 1, b: 2 } // → { a: 1, b: 2 }'],
    ['const [a, b] = [1, 2] // → { a: 1, b: 2 }'],
    ["const a = { kind: 'closed', failures: 0 } // → { kind: 'closed', … }"],
    ['({ a: { b: 1, c: 2 }, d: 3 }) // → { a: { b: 1, … }, … }'],
    ['console.log(3) // → 3'],
    ["'a…b' // → 'a…b'"],
    ['const a = { b: undefined } // → {}'],
    ['const a = 1\n// → 1'],
    ['const a = [1, 2]\n// → [\n//   1,\n//   2,\n// ]'],
    ['new Map([[1, 2]]) // → new Map([[1, 2]])'],
    ['new Uint8Array([1, 2]) // → new Uint8Array([1, 2])'],
    ['undefined // → undefined'],
    ['for (const a of [1, 1]) {\n  a // → 1\n}'],
    ['const a = 1 // one\nconst b = a // → 1\n// done'],
  ])('holds: %s', (code) => {
    expect(() => run(code)).not.toThrow()
  })

  test.each([
    ['1 + 1 // → 3'],
    ['const a = [1, 2, 3] // → [1, 2]'],
    ['const a = [1] // → [1, 2, …]'],
    ['const a = { b: 1, c: 2 } // → { b: 1 }'],
    ['const a = { b: 1 } // → { b: 2, … }'],
    ['const a = [] // → {}'],
    ['new Map([[1, 2]]) // → new Map([[1, 3]])'],
    ['new Set([1]) // → new Set([1, 2])'],
    ['console.log(3) // → 4'],
    ['null // → {}'],
    ["'1' // → 1"],
  ])('does not hold: %s', (code) => {
    expect(() => run(code)).toThrow(/^README\.md:10: the comment says .*, the code gives /)
  })

  test('that is no value is a problem, not a pass', () => {
    expect(checkExample(example('f() // → SseEvent[]')).problems).toEqual([
      'README.md:10: what stands after → is not a value',
    ])
    expect(checkExample(example('f() // →')).problems).toHaveLength(1)
  })

  test('that follows nothing with a value is a problem', () => {
    expect(checkExample(example('function f() {} // → 1')).problems).toHaveLength(1)
    expect(checkExample(example('f()\n\n// → 1')).problems).toHaveLength(1)
  })
})

test('imports become dynamic, types vanish, lines stay', () => {
  const code = [
    'import a, {',
    '  b,',
    '  type C,',
    '  d as e,',
    "} from '@lb/a'",
    "import type { F } from '@lb/f'",
    "import * as g from '@lb/g'",
    "import { type H } from '@lb/h'",
    'e()',
  ].join('\n')
  expect(checkExample(example(code)).body.split('\n')).toEqual([
    "const { default: a, b, d: e } = await import('@lb/a')",
    '',
    '',
    '',
    '',
    '',
    "const g = await import('@lb/g')",
    '',
    'e()',
  ])
})

test('canFail: an arrow or a throw', () => {
  expect(canFail(example('f()'))).toBe(false)
  expect(canFail(example('f() // → 1'))).toBe(true)
  expect(canFail(example("if (!f()) throw new Error('no')"))).toBe(true)
})
