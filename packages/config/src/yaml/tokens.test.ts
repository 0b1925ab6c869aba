import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { said } from '../testing/load.ts'
import { textLimits } from './tokens.ts'
import { parseYaml } from './tree.ts'

/** Texts that open `levels` collections, of every kind that YAML has. */
const nestings: { readonly [kind: string]: (levels: number) => string } = {
  'flow lists': (levels) => '['.repeat(levels),
  'closed flow lists': (levels) => '['.repeat(levels) + ']'.repeat(levels),
  'flow maps': (levels) => '{a: '.repeat(levels),
  'flow lists with pairs': (levels) => '[a: '.repeat(levels),
  'compact lists': (levels) => `${'- '.repeat(levels)}a`,
  'compact complex keys': (levels) => `${'? '.repeat(levels)}a`,
  'lists and complex keys': (levels) => `${'- ? '.repeat(levels / 2)}a`,
  'maps on one line': (levels) => `${'a: '.repeat(levels)}b`,
  'nameless maps on one line': (levels) => `${': '.repeat(levels)}b`,
  'indented maps': (levels) =>
    Array.from({ length: Math.min(levels, 1400) }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  'indented lists': (levels) =>
    Array.from({ length: Math.min(levels, 1400) }, (_, i) => `${' '.repeat(i)}-`).join('\n'),
  'brackets inside of a block': (levels) => `a:\n - b:\n    ${'['.repeat(levels)}`,
  'brackets after a text that looks closed': (levels) => `"]]]]": '}}}'\n"a": ${'[ "]" ,'.repeat(levels)}`,
}

test('the YAML library by itself does not survive two kilobytes of brackets on Node 20 and 22', () => {
  const yaml = JSON.stringify(createRequire(import.meta.url).resolve('yaml'))
  const texts = [850, 1000].map((levels) => nestings['closed flow lists']?.(levels) ?? '')
  expect(texts.map((text) => text.length)).toEqual([1700, 2000])
  // Twice each: the second overflow is the one that aborts on some versions.
  const script = `const { parse } = require(${yaml})
    for (const text of ${JSON.stringify([...texts, ...texts])}) try { parse(text) } catch {}`
  const child = spawnSync(process.execPath, ['-e', script], { timeout: 60_000 })
  const isAborted = child.signal === 'SIGABRT' || child.status === 134
  // Newer runtimes throw; there, this only records that the limit is needed for the oldest ones that we support.
  expect(isAborted ? 'aborted' : child.status).toBe(Number.parseInt(process.versions.node, 10) <= 22 ? 'aborted' : 0)
})

test.each(Object.entries(nestings))('too many %s are refused before anything recursive sees them', (_, nest) => {
  for (const levels of [textLimits.depth + 2, 850, 5000, 50_000]) {
    const text = nest(levels)
    if (text.length > textLimits.bytes) continue
    // Twice, because the second overflow is the one that aborts.
    for (let time = 0; time < 2; time++)
      expect(parseYaml(text).faults[0]?.message).toMatch(/nested deeper than 64|tokens/)
  }
})

test('64 levels are read, 65 are not, and the place is that of the 65th', () => {
  const depth = textLimits.depth
  expect(parseYaml('['.repeat(depth) + ']'.repeat(depth)).faults).toEqual([])
  expect(parseYaml(`${'- '.repeat(depth)}a`).faults).toEqual([])
  expect(parseYaml(`${'- '.repeat(depth + 1)}a`).faults[0]).toMatchObject({ at: 2 * depth })
  expect(said('['.repeat(depth + 1) + ']'.repeat(depth + 1))).toEqual([
    '1:65: nested deeper than 64 levels; no key of lb is nested that deep',
  ])
})

test('brackets, dashes and question marks inside of texts and comments are no nesting', () => {
  const many = '[{- ? : '.repeat(500)
  const texts = [
    `a: "${many}"`,
    `a: '${many}'`,
    `a: 1 # ${many}`,
    `# ${many}\na: 1`,
    `a: |\n  ${many}\n  ${many}\n`,
    `a: >-\n  ${many}\n`,
    `a: x${'['.repeat(500)}`,
    `a: [ "${many}", '${many}', b ]`,
    `"${many.slice(0, 900)}": 1`,
    `a: "\\"${'['.repeat(500)}"`,
    `a: 'it''s ${'['.repeat(500)}'`,
  ]
  for (const text of texts) expect(parseYaml(text).faults, text.slice(0, 30)).toEqual([])
})

test('a file of more than one mebibyte is refused, counted in bytes', () => {
  const comment = (bytes: number): string => `# ${'x'.repeat(bytes - 3)}\n`
  expect(parseYaml(comment(textLimits.bytes)).faults).toEqual([])
  expect(said(comment(textLimits.bytes + 1))[0]).toMatch(/^1:1: the file is larger than 1048576 bytes/)
  expect(said(`# ${'没'.repeat(textLimits.bytes / 3)}`)[0]).toMatch(/^1:1: the file is larger/)
})

test('a text of nothing but punctuation is refused before it costs much', () => {
  expect(said(`[${','.repeat(textLimits.tokens)}`)[0]).toMatch(
    /more than 100000 YAML tokens; is this the right file\?$/,
  )
})

test('a hundred aliases are read, one more is not', () => {
  const uses = (count: number): string => `a: &x 1\nb: [${Array(count).fill('*x').join(', ')}]`
  expect(parseYaml(uses(textLimits.aliases)).faults).toEqual([])
  expect(parseYaml(uses(textLimits.aliases + 1)).faults[0]?.message).toBe('more than 100 aliases (*name)')
})

test('tags and directives are refused at their place', () => {
  expect(said('a: 1\nb: !!binary aGk=')).toEqual([
    '2:4: tags (!name) are not read; remove the tag; put the value in quotes if it must be text',
  ])
  expect(said('a: !<tag:yaml.org,2002:js/function> x')[0]).toMatch(/^1:4: tags/)
  expect(said('%YAML 1.1\n---\na: 1')[0]).toMatch(/^1:1: directives \(%NAME\) are not read/)
})

test('what looks like a tag, an alias or a directive inside of a text is none', () => {
  expect(parseYaml('a: x !b\nb: x *c\nc: "!d"\nd: |\n  %e\n  *f\n').faults).toEqual([])
})
