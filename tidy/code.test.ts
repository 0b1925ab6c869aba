import { describe, expect, test } from 'vitest'
import { codeOf, functionsOf, importsOf, lineCount, proseOf } from './code.ts'

const file = (text: string): { path: string; text: string } => ({ path: 'a.ts', text })

describe('codeOf and proseOf', () => {
  test('separate code from comments and literals, and keep every position', () => {
    const text = 'const a = "b" // c\n/* d */ const e = /f/g\nconst h = `i ${j /* k */} l`\n'
    const code = codeOf(file(text))
    const prose = proseOf(file(text))
    expect(code.replace(/\s+/g, ' ').trim()).toBe('const a = const e = const h = j')
    expect(prose.replace(/\s+/g, ' ').trim()).toBe('// c /* d */ /* k */')
    expect([code.length, prose.length]).toEqual([text.length, text.length])
    expect(code.indexOf('e =')).toBe(text.indexOf('e ='))
  })

  test('a division is not a regular expression, a comment sign in a string is not a comment', () => {
    expect(codeOf(file('const a = b / c / d // e'))).toContain('b / c / d')
    expect(codeOf(file("const a = '//' + Date"))).toContain('+ Date')
    expect(codeOf(file('/** Date */\nfunction f() {}')).trim()).toBe('function f() {}')
  })

  test('a page is prose from end to end', () => {
    expect(proseOf({ path: 'a.md', text: 'const a = 1' })).toBe('const a = 1')
  })
})

test('functionsOf counts lines from the name to the brace, nested functions too', () => {
  expect(functionsOf(file('/** Doc. */\nfunction a() {\n  const b = () => 1\n}\n'))).toEqual([
    { name: 'a', line: 2, lines: 3 },
    { name: 'b', line: 3, lines: 1 },
  ])
})

test('importsOf sees all four ways to import', () => {
  const text = "import 'a'\nexport { b } from 'b'\nconst c = import('c')\ntype D = import('d').D\n"
  expect(importsOf(file(text)).map(({ specifier, line }) => `${specifier}${line}`)).toEqual(['a1', 'b2', 'c3', 'd4'])
})

test('lineCount counts a final newline as an end, not as a line', () => {
  expect([lineCount(''), lineCount('a'), lineCount('a\n'), lineCount('a\n\n')]).toEqual([0, 1, 1, 2])
})
