import { expect, test } from 'vitest'
import { unnamedTypes } from './nameable.ts'

test('a type that only the signature of a public function knows is found', () => {
  const text = `
interface Shown { readonly hidden: Hidden }
interface Hidden {}
interface Policy {}
declare function open(shown: Shown, policy?: Policy): readonly Hidden[];
declare function inside(policy: Policy): Map<string, Hidden>;
export { type Shown, open };
`
  expect(unnamedTypes(text)).toEqual(['open: Policy', 'open: Hidden'])
})

test('names of the language, of a namespace and of type parameters are none', () => {
  const text = `
interface Wire {}
declare namespace index { export { type Wire } }
interface Part {}
declare function take<Policy>(policy: Policy, wire: Wire, part: Part): Promise<void>;
export { index as Anthropic, type Part as Piece, take };
`
  expect(unnamedTypes(text)).toEqual([])
})
