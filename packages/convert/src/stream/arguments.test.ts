import { describe, expect, test } from 'vitest'
import { createArgumentsProgress } from './arguments.ts'

const after = (...pieces: readonly string[]) => {
  const progress = createArgumentsProgress()
  const taken = pieces.map((piece) => progress.push(piece))
  return [progress.state, ...taken]
}

describe('arguments are complete with their last brace', () => {
  test.each([
    ['nothing', [''], ['empty', 0]],
    ['white space', [' \n', '\t'], ['empty', 2, 1]],
    ['an object that has begun', [' {'], ['object', 2]],
    ['an object in pieces', ['{"a"', ':[1,{', '}]', '}'], ['complete', 4, 5, 2, 1]],
    ['braces in strings', ['{"}":"{', '"', '}'], ['complete', 7, 1, 1]],
    ['escaped quotes, cut behind the backslash', ['{"\\', '"}":1', '}'], ['complete', 3, 5, 1]],
    ['an escaped backslash at the end of a string', ['{"\\\\"', ':1}'], ['complete', 5, 3]],
    ['white space behind the end', ['{} \n'], ['complete', 2]],
    ['text behind the end', ['{}{"x":1}', 'y'], ['complete', 2, 0]],
    ['no object', ['12', '3'], ['other', 2, 1]],
    ['a list', ['[', '{}]'], ['other', 1, 3]],
    ['a string', ['"{}"'], ['other', 4]],
  ])('%s', (_what, pieces, expected) => {
    expect(after(...pieces)).toEqual(expected)
  })
})

test.each([
  ['{}', true],
  [' { \n} ', true],
  ['{', false],
  ['', false],
  ['{"a":1}', false],
  ['{x}', false],
  ['{[]}', false],
])('%j has nothing in it: %s', (text, expected) => {
  for (const pieces of [[text], [...text]]) {
    const progress = createArgumentsProgress()
    for (const piece of pieces) progress.push(piece)
    expect(progress.isBlank).toBe(expected)
  }
})

test.each([
  [500, false],
  [501, true],
])('an object that is %i levels deep is too deep: %s', (levels, expected) => {
  const progress = createArgumentsProgress()
  for (let level = 0; level < levels; level += 1) progress.push('{"{":')
  progress.push(`1${'}'.repeat(levels)}`)
  expect(progress).toMatchObject({ state: 'complete', isTooDeep: expected })
})
