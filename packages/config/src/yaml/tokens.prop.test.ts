import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textLimits } from './tokens.ts'
import { parseYaml } from './tree.ts'

type Level = 'map' | 'list' | 'key' | 'flow list' | 'flow map' | 'flow pair'

const blockLevel = fc.constantFrom<Level>('map', 'list', 'key')
const flowLevel = fc.constantFrom<Level>('flow list', 'flow map', 'flow pair')
/** Texts that contain what opens and closes collections. */
const decoy = fc.constantFrom('"]}[{- ? "', "'[[[{{'", 'x', '""', "'it''s ['")

/** One text with this nesting, block levels outside. Compact where `compact` says so, else on new lines. */
function nested(block: readonly Level[], flow: readonly Level[], compact: readonly boolean[], leaf: string): string {
  let text = ''
  let column = 0
  for (const [index, level] of block.entries()) {
    const onNewLine = column > 0 && (compact[index % compact.length] === false || block[index - 1] === 'map')
    if (onNewLine) text += `\n${' '.repeat(column)}`
    text += level === 'map' ? 'k:' : level === 'list' ? '- ' : '? '
    column += 2
  }
  const opening = { 'flow list': '[ ', 'flow map': '{ k: ', 'flow pair': '[ k: ' }
  const close = { 'flow list': ' ]', 'flow map': ' }', 'flow pair': ' ]' }
  text += block.at(-1) === 'map' ? ' ' : ''
  for (const level of flow) text += opening[level as keyof typeof opening]
  text += leaf
  for (const level of [...flow].reverse()) text += close[level as keyof typeof close]
  return text
}

test('any mix of nestings is refused exactly when it is deeper than allowed', () => {
  fc.assert(
    fc.property(
      fc.array(blockLevel, { maxLength: 90 }),
      fc.array(flowLevel, { maxLength: 90 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      decoy,
      (block, flow, compact, leaf) => {
        const text = nested(block, flow, compact, leaf)
        const levels = block.length + flow.length
        const { faults } = parseYaml(text)
        const deep = faults.some((fault) => fault.message.startsWith('nested deeper'))
        expect(deep, text).toBe(levels > textLimits.depth)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)

test('no text whatever makes a tree deeper than allowed, or throws', () => {
  const piece = fc.constantFrom(
    ...[
      '[',
      ']',
      '{',
      '}',
      '- ',
      '? ',
      ': ',
      'a: ',
      ',',
      '\n',
      '  ',
      '"',
      "'",
      '#',
      ' #',
      '|',
      '>',
      '&a ',
      '*a ',
      '!t ',
    ],
    ...[
      'a',
      '---\n',
      '...\n',
      '%Y\n',
      '\t',
      '\r\n',
      '\\',
      '<<: ',
      '\ufeff',
      '\0',
      '- - ',
      '? ? ',
      '[[',
      '{{',
      '\n   ',
      '没',
    ],
  )
  const soup = fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 80 })), { maxLength: 30 })
  fc.assert(
    fc.property(soup, (pieces) => {
      const text = pieces.map(([unit, count]) => unit.repeat(count)).join('')
      const { tree, faults, place } = parseYaml(text)
      expect(tree === undefined ? faults.length : 1).toBeGreaterThan(0)
      expect(tree?.depth ?? 0).toBeLessThanOrEqual(textLimits.depth)
      const lines = text.split('\n')
      for (const { at } of faults) {
        const { line, column } = place(at)
        expect(line).toBeLessThanOrEqual(lines.length)
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
      }
    }),
    { numRuns: 300 },
  )
}, 60_000)
