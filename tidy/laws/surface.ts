import type { Law, Violation } from '../law.ts'
import { fileAt, filesUnder, isCode, isTest, type Repository } from '../repository.ts'
import { declarationsOf, type PublicName, publicNames } from '../surface.ts'

const WIRE = 'packages/protocol/src'
const WIRE_FOLDERS = ['anthropic', 'openai', 'gemini']

/** What a package shows to others. */
export const surfaceLaws: readonly Law[] = [
  {
    name: 'doc-blocks',
    says: 'Every public name of a package has a doc block.',
    principle: 10,
    wayOut: 'say what it is, its shape and unit, its default, how it fails, and where that is written (`@see`).',
    check: (repository) =>
      publicNamesOfPackages(repository)
        .filter(({ kind, doc }) => kind === 'unknown' || doc === '')
        .map(({ path, line, name, kind }) => ({
          path,
          line,
          found: kind === 'unknown' ? `${name} is declared nowhere` : `${name} has no doc block`,
        })),
  },
  {
    name: 'wire-sources',
    says: "Every wire type of the protocol package links the provider's page (`@see`).",
    principle: 10,
    wayOut: 'a wire type must be visible in a packet capture: link the API page that describes it.',
    check: (repository) => WIRE_FOLDERS.flatMap((folder) => unsourced(repository, `${WIRE}/${folder}`)),
  },
]

function publicNamesOfPackages(repository: Repository): PublicName[] {
  return repository.workspaces.flatMap(({ dir, floor }) => {
    const index = fileAt(repository, `${dir}/src/index.ts`)
    return floor !== 'pure' || index === undefined ? [] : publicNames(repository, index)
  })
}

/** Functions (guards, parsers) and constants are ours, not the wire's: only types need a source. */
function unsourced(repository: Repository, folder: string): Violation[] {
  return filesUnder(repository, folder)
    .filter(({ path }) => isCode(path) && !isTest(path))
    .flatMap(declarationsOf)
    .filter(({ kind, doc }) => (kind === 'interface' || kind === 'type') && !/@see\s+https?:/.test(doc))
    .map(({ path, line, name }) => ({ path, line, found: `${name} has no @see` }))
}
