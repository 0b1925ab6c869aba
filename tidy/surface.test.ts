import { expect, test } from 'vitest'
import { repositoryOf } from './repository.ts'
import { publicNames } from './surface.ts'

const index = { path: 'packages/a/src/index.ts', text: '' }

function namesOf(text: string): string[] {
  const files = [
    { ...index, text },
    { path: 'packages/a/src/b.ts', text: '/** B. */\nexport function b() {}\nexport type { C } from "./d/c.ts"\n' },
    {
      path: 'packages/a/src/d/c.ts',
      text: '/** C. */\nexport interface C {}\nexport type D = 1\nexport const e = 1, f = 2\n',
    },
  ]
  const repository = repositoryOf(files)
  return publicNames(repository, { ...index, text }).map(({ kind, name, path, line, doc }) =>
    `${kind} ${name} ${path.slice('packages/a/src/'.length)}:${line} ${doc}`.trim(),
  )
}

test('an export is followed to its declaration, through renames and other files', () => {
  expect(namesOf("export { b as bee, type C } from './b.ts'")).toEqual([
    'interface C d/c.ts:2 /** C. */',
    'function bee b.ts:2 /** B. */',
  ])
})

test('an import that is exported again is followed too', () => {
  expect(namesOf("import { b } from './b.ts'\nexport { b }")).toEqual(['function b b.ts:2 /** B. */'])
})

test('a namespace shows its members', () => {
  const members = [
    'interface Wire.C d/c.ts:2 /** C. */',
    'type Wire.D d/c.ts:3',
    'const Wire.e d/c.ts:4',
    'const Wire.f d/c.ts:4',
  ]
  expect(namesOf("import type * as Wire from './d/c.ts'\nexport type { Wire }")).toEqual(members)
  expect(namesOf("export * as Wire from './d/c.ts'")).toEqual(members)
})

test('declarations of the index itself count; a name without a declaration is unknown', () => {
  expect(namesOf('/** G. */\nexport class G {}')).toEqual(['class G index.ts:2 /** G. */'])
  expect(namesOf("export { gone } from './b.ts'")).toEqual(['unknown gone index.ts:1'])
})
