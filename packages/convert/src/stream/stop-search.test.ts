import { describe, expect, test } from 'vitest'
import { createStopSearch } from './stop-search.ts'

const through = (sequences: readonly string[], ...pieces: readonly string[]) => {
  const search = createStopSearch(sequences)
  return [...pieces.map((piece) => search.push(piece)), search.flush(), search.found() ?? null]
}

describe('a stop sequence', () => {
  test.each([
    ['in one piece', ['END'], ['aENDb', 'c'], ['a', '', '', 'END']],
    ['over pieces', ['END'], ['aE', 'N', 'Db'], ['a', '', '', '', 'END']],
    ['that only began', ['END'], ['aEN', 'x', 'y'], ['a', 'ENx', 'y', '', null]],
    ['that began at the end', ['END'], ['aE'], ['a', 'E', null]],
    ['that overlaps itself', ['aab'], ['aa', 'ab'], ['', 'a', '', 'aab']],
    ['the first of several', ['later', 'b'], ['xb later'], ['x', '', 'b']],
    ['the earliest, whatever its place in the list', ['c', 'b'], ['abc'], ['a', '', 'b']],
    ['of which the longest beginning is held', ['ab1', 'xxab2'], ['xxab'], ['', 'xxab', null]],
    ['that is empty is never found', ['', 'b'], ['ab'], ['a', '', 'b']],
    ['none at all', [], ['abc'], ['abc', '', null]],
  ])('%s', (_what, sequences, pieces, expected) => {
    expect(through(sequences, ...pieces)).toEqual(expected)
  })

  test('says whether it holds something back', () => {
    const search = createStopSearch(['END'])
    search.push('aE')
    expect(search.holds()).toBe(true)
    search.flush()
    expect(search.holds()).toBe(false)
  })
})
