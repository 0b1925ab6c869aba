import { functionsOf, lineCount } from '../code.ts'
import type { Law, Violation } from '../law.ts'
import { isCode, isTest, type TextFile } from '../repository.ts'

/** What fits on one screen. Every figure may be exceeded by an exemption, except {@link HARD_FILE_LINES}. */
const SOURCE_LINES = 300
/** No code file is longer, tests included, and nobody is exempted: such a file is not read. */
const HARD_FILE_LINES = 400
/** From the line of its name to its closing brace. */
const FUNCTION_LINES = 70
/** A package's public surface. */
const INDEX_LINES = 50
/** The floor that everybody stands on exports the wire besides: its types as one namespace for each API. */
const FLOOR_INDEX_LINES = 100
/** A README of a package or an app. */
const README_LINES = 60
/** A decision is one page. */
const DECISION_LINES = 60

const isSource = (path: string): boolean => isCode(path) && !isTest(path) && !path.endsWith('.d.ts')
const isWorkspaceReadme = (path: string): boolean => /^(packages|apps)\/[^/]+\/README\.md$/.test(path)
const isFloorIndex = (path: string): boolean => path === 'packages/protocol/src/index.ts'
const isIndex = (path: string): boolean => /^(packages|apps)\/[^/]+\/src\/index\.ts$/.test(path) && !isFloorIndex(path)
const isDecision = (path: string): boolean => /^docs\/decisions\/\d{4}-.*\.md$/.test(path)

/** The budgets of files and functions. */
export const budgetLaws: readonly Law[] = [
  fileBudget(
    'source-lines',
    SOURCE_LINES,
    isSource,
    'split it by idea: one decision per file, the important one first.',
  ),
  {
    ...fileBudget('file-lines', HARD_FILE_LINES, isCode, 'split it: a test file by behaviour, a source by idea.'),
    absolute: true,
  },
  fileBudget(
    'index-lines',
    INDEX_LINES,
    isIndex,
    'export fewer names; what only tests need is imported from its file.',
  ),
  fileBudget(
    'floor-index-lines',
    FLOOR_INDEX_LINES,
    isFloorIndex,
    'a name that is not on the wire belongs to the package that decides about it.',
  ),
  fileBudget('readme-lines', README_LINES, isWorkspaceReadme, 'move the long story to docs/ and link it.'),
  fileBudget('decision-lines', DECISION_LINES, isDecision, 'a decision is one page; the evidence can be a link.'),
  {
    name: 'function-lines',
    says: `A function has at most ${FUNCTION_LINES} lines.`,
    principle: 12,
    wayOut: 'keep the ifs in the parent and the loops in the leaves: name each part, below its caller.',
    check: ({ files }) => files.filter(({ path }) => isCode(path)).flatMap(longFunctions),
  },
]

function longFunctions(file: TextFile): Violation[] {
  return functionsOf(file)
    .filter(({ lines }) => lines > FUNCTION_LINES)
    .map(({ name, line, lines }) => ({ path: file.path, line, found: `${name} has ${lines} lines`, size: lines }))
}

function fileBudget(name: string, limit: number, applies: (path: string) => boolean, wayOut: string): Law {
  return {
    name,
    says: `${name.replace('-lines', '')}: at most ${limit} lines.`,
    principle: name === 'decision-lines' ? 15 : name === 'readme-lines' ? 14 : 12,
    wayOut,
    check: ({ files }) =>
      files
        .filter(({ path, text }) => applies(path) && lineCount(text) > limit)
        .map(({ path, text }) => ({ path, found: `${lineCount(text)} lines`, size: lineCount(text) })),
  }
}
