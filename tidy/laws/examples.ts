import { canFail, checkExample, examplesIn } from '../examples/blocks.ts'
import type { Law, Violation } from '../law.ts'
import { fileAt, type Repository, type TextFile, type Workspace } from '../repository.ts'

const isExamplePage = (path: string): boolean => /^((packages|apps)\/[^/]+\/README|docs\/guides\/.*)\.md$/.test(path)

/** The examples for newcomers. That they give what they say is tested by the vitest project `examples`. */
export const exampleLaws: readonly Law[] = [
  {
    name: 'readme-examples',
    says: 'Every README of a package or an app has an example that runs: a ```ts block that imports it by its name.',
    principle: 14,
    wayOut: "ten lines: `import { … } from '@lb/…'`, and `// → value` behind what matters.",
    check: (repository) =>
      repository.workspaces
        .filter(({ floor }) => floor !== 'tool')
        .flatMap((workspace) => lacksExample(repository, workspace)),
  },
  {
    name: 'example-checks',
    says: 'Every example checks something, and its arrows are values.',
    principle: 13,
    wayOut: 'write `// → value` behind a statement: a JavaScript value, with … for what does not matter; or throw.',
    check: ({ files }) => files.filter(({ path }) => isExamplePage(path)).flatMap(uncheckedExamples),
  },
]

function lacksExample(repository: Repository, { dir, name }: Workspace): Violation[] {
  const path = `${dir}/README.md`
  const page = fileAt(repository, path)
  // That the page itself is missing is another law's business.
  if (page === undefined) return []
  const isOwn = examplesIn(path, page.text).some(({ code }) => code.includes(`from '${name}'`))
  return isOwn ? [] : [{ path, found: `has no example that imports ${name}` }]
}

function uncheckedExamples(page: TextFile): Violation[] {
  return examplesIn(page.path, page.text).flatMap((example) => {
    const { problems } = checkExample(example)
    const found = canFail(example) ? problems : ['checks nothing']
    return found.map((problem) => ({ path: page.path, line: example.line, found: problem }))
  })
}
