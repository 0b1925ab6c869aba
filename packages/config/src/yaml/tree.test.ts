import { expect, test } from 'vitest'
import { said } from '../testing/load.ts'
import { parseYaml, type Tree } from './tree.ts'

/** A tree as plain data, for comparing. */
function plain(tree: Tree | undefined): unknown {
  if (tree?.kind === 'list') return tree.items.map(plain)
  if (tree?.kind === 'map')
    return Object.fromEntries(Array.from(tree.entries, ([key, { value }]) => [key, plain(value)]))
  return tree?.value
}

test('a text becomes a tree whose nodes know their places', () => {
  const { tree, faults, place } = parseYaml('a: 1\nb:\n  - x\n  - "y z"\n')
  expect(faults).toEqual([])
  expect(plain(tree)).toEqual({ a: 1, b: ['x', 'y z'] })
  const list = tree?.kind === 'map' ? tree.entries.get('b') : undefined
  expect(place(list?.keyAt ?? -1)).toEqual({ line: 2, column: 1 })
  expect(list?.value.kind === 'list' && place(list.value.items[1]?.at ?? -1)).toEqual({ line: 4, column: 5 })
})

test('scalars keep their letters beside their value', () => {
  const { tree } = parseYaml('- 1.10\n- "1.10"\n- 0x1F\n- ~\n- .nan\n- yes\n- |\n  a\n')
  expect(tree?.kind === 'list' && tree.items.map((item) => item.kind === 'scalar' && [item.text, item.plain])).toEqual([
    ['1.10', true],
    ['1.10', false],
    ['0x1F', true],
    ['~', true],
    ['.nan', true],
    ['yes', true],
    ['a\n', false],
  ])
})

test('an empty text is nothing, and keys without value have nothing', () => {
  for (const text of ['', '\n', '# only a comment\n', '---\n', '\ufeff', '~'])
    expect(plain(parseYaml(text).tree)).toBe(null)
  expect(plain(parseYaml('{a, b: }\n').tree)).toEqual({ a: null, b: null })
})

test('places are right with a byte order mark, CRLF and characters beyond the first plane', () => {
  const { tree, place } = parseYaml('\ufeff# 没有\r\na: "😀"\r\nb: x\r\n')
  const b = tree?.kind === 'map' ? tree.entries.get('b') : undefined
  expect(place(b?.keyAt ?? -1)).toEqual({ line: 3, column: 1 })
})

test('an alias stands for the value of the last anchor of its name', () => {
  expect(plain(parseYaml('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').tree)).toEqual({ a: 1, b: 1, c: 2, d: 2 })
  expect(plain(parseYaml('&k a: 1\nb: {*k : 2}\n').tree)).toEqual({ a: 1, b: { a: 2 } })
})

test('an alias without anchor, and one inside of its own anchor, are faults', () => {
  expect(parseYaml('a: *x').faults[0]?.message).toBe('the alias (*name) has no anchor before it')
  expect(parseYaml('a: &x [*x]').faults[0]?.message).toBe('the alias (*name) has no anchor before it')
  expect(said('settings: *x')).toContain(
    '1:11: settings: the alias (*name) has no anchor before it; put it in quotes if it is a text, or mark the value with &name first',
  )
})

test('aliases that stand for a billion values, or for endless depth, are refused', () => {
  const wide = ['a0: &a0 x']
  for (let i = 1; i <= 9; i++)
    wide.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    )
  expect(parseYaml(wide.join('\n')).faults[0]?.message).toBe('the aliases (*name) stand for too much')
  const deep = ['a0: &a0 [x]']
  for (let i = 1; i <= 90; i++) deep.push(`a${i}: &a${i} [*a${i - 1}]`)
  expect(parseYaml(deep.join('\n')).faults[0]?.message).toBe('the aliases (*name) stand for too much')
})

test('a key that stands twice is a fault at the second place that names the first', () => {
  expect(parseYaml('a: 1\nb: 2\na: 3\n').faults).toEqual([
    { at: 10, path: ['a'], message: 'duplicate key', suggestion: 'it is already in line 1; remove one of them' },
  ])
  expect(parseYaml('{__proto__: 1, constructor: 2, __proto__: 3}').faults).toHaveLength(1)
})

test('keys that are no texts, and merge keys, are faults', () => {
  expect(parseYaml('? [a]\n: 1\n').faults[0]?.message).toBe('a key must be a plain text')
  expect(parseYaml(': 1\n').faults[0]?.message).toBe('a key must be a plain text')
  expect(parseYaml('a: &x {b: 1}\nc: {<<: *x}\n').faults[0]?.message).toBe('merge keys (<<) are not read')
  expect(plain(parseYaml('"<<": 1').tree)).toEqual({ '<<': 1 })
  expect(plain(parseYaml('1: 2\ntrue: 3\n').tree)).toEqual({ 1: 2, true: 3 })
})

test('a second document is a fault', () => {
  expect(said('a: 1\n---\nb: 2\n')[0]).toBe('2:1: a second YAML document (---); write one document per file')
})

test('no syntax error repeats what the file says', () => {
  const broken = [
    'a: *canary\n',
    'a: |x canary\n',
    '[canary',
    'a: "b" canary\n',
    '}canary',
    'a: 1\n  canary: 2\n',
    '- canary\nb: c\n',
    '"canary',
    '--- canary\n{',
  ]
  for (const text of broken) expect(said(text).join(), text).not.toContain('canary')
})
