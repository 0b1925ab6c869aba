import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ABSENT, settle, unsettled } from './settle.ts'

const identity = fc.constantFrom('a', 'b', 'c', ABSENT)

/** What is told of a row of looks. */
function told(looks: readonly string[]): string[] {
  let state = unsettled
  return looks.flatMap((look) => {
    const step = settle(state, look)
    state = step.state
    return step.tell ? [look] : []
  })
}

test('the same thing is never told twice in a row', () => {
  fc.assert(
    fc.property(fc.array(identity), (looks) => {
      const list = told(looks)
      expect(list.every((one, index) => one !== list[index - 1])).toBe(true)
    }),
  )
})

test('what stands still is told in the end, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(identity), identity, (looks, last) => {
      expect(told([...looks, ...Array<string>(6).fill(last)]).at(-1)).toBe(last)
    }),
  )
})

test('what is there is not told before it stood still for two looks, unless it never does', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 24 }), (looks) => {
      const restless = looks.filter((look, index) => look !== looks[index - 1])
      expect(told(restless)).toEqual([])
    }),
  )
  expect(told(Array.from({ length: 25 }, (_, index) => String(index)))).toEqual(['24'])
})

test('what is gone for a moment only is not missed', () => {
  expect(told(['a', 'a', ABSENT, ABSENT, ABSENT, ABSENT, 'a', 'a'])).toEqual(['a'])
  expect(told(['a', 'a', ...Array<string>(6).fill(ABSENT)])).toEqual(['a', ABSENT])
})
