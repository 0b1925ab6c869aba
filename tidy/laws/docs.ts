import { posix } from 'node:path'
import { derivedFiles } from '../derived.ts'
import type { Law, Violation } from '../law.ts'
import { principles } from '../principles.ts'
import { fileAt, type Repository, type TextFile } from '../repository.ts'

const DECISION_PARTS = ['Context', 'Decision', 'Consequences', 'Alternatives']
const isDecision = (path: string): boolean => /^docs\/decisions\/\d{4}-.*\.md$/.test(path)
const isMarkdown = (path: string): boolean => path.endsWith('.md')

/** What is written for people. */
export const docLaws: readonly Law[] = [
  {
    name: 'derived-files',
    says: 'The computed files (docs/graph.md, docs/decisions/README.md, packages/*/api.txt) are up to date.',
    principle: 9,
    wayOut: 'run `pnpm fix:derived`, read the diff, and commit it if you meant it.',
    check: (repository) =>
      derivedFiles(repository).flatMap(({ path, text }) => staleness(fileAt(repository, path)?.text, path, text)),
  },
  {
    name: 'decision-parts',
    says: `Every decision has ${DECISION_PARTS.join(', ')}, a number of its own and a title with it.`,
    principle: 15,
    wayOut: 'follow docs/decisions/0001: four bold words, one page.',
    check: ({ files }) => incompleteDecisions(files.filter(({ path }) => isDecision(path))),
  },
  {
    name: 'links',
    says: 'Every link to a file of this repository leads somewhere.',
    principle: 14,
    wayOut: 'correct the path or the heading behind #.',
    check: (repository) =>
      repository.files.filter(({ path }) => isMarkdown(path)).flatMap((file) => deadLinks(repository, file)),
  },
  {
    name: 'invariants',
    says: 'Every package README has a section *Invariants*: what this package never does.',
    principle: 14,
    wayOut: 'write what is deliberately absent, e.g. "health never sees a request body".',
    check: ({ files }) =>
      files
        .filter(
          ({ path, text }) =>
            /^packages\/[^/]+\/README\.md$/.test(path) && !/^#+ .*invariants|^\*+invariants/im.test(text),
        )
        .map(({ path }) => ({ path, found: 'has no Invariants' })),
  },
  {
    name: 'principle-headings',
    says: 'docs/house-style.md has exactly the principles that the laws name.',
    principle: 15,
    wayOut: 'change tidy/principles.ts and docs/house-style.md together.',
    check: (repository) => differentPrinciples(fileAt(repository, 'docs/house-style.md')?.text ?? ''),
  },
]

function staleness(actual: string | undefined, path: string, expected: string): Violation[] {
  if (actual === expected) return []
  if (actual === undefined) return [{ path, found: 'is missing' }]
  const lines = actual.split('\n')
  const at = expected.split('\n').findIndex((line, index) => line !== lines[index])
  return [{ path, line: at + 1, found: `has "${lines[at] ?? ''}" where "${expected.split('\n')[at] ?? ''}" is due` }]
}

function incompleteDecisions(decisions: readonly TextFile[]): Violation[] {
  const numbers = decisions.map(({ path }) => numberOf(path))
  return decisions.flatMap(({ path, text }) => {
    const number = numberOf(path)
    const missing = DECISION_PARTS.filter((part) => !new RegExp(`^(\\*\\*|#+ )${part}\\b`, 'm').test(text))
    const found = missing.map((part) => `lacks **${part}.**`)
    if (numbers.filter((other) => other === number).length > 1) found.push(`shares the number ${number}`)
    if (!text.startsWith(`# ${Number(number)}. `)) found.push(`does not start with "# ${Number(number)}. "`)
    return found.map((problem) => ({ path, found: problem }))
  })
}

function numberOf(path: string): string {
  return posix.basename(path).slice(0, 4)
}

function deadLinks(repository: Repository, file: TextFile): Violation[] {
  // Code blocks and code spans hold no links; they keep their lines.
  const prose = file.text
    .replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '))
    .replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\((?!\w+:|\/\/)([^)\s]+)[^)]*\)/g)].flatMap(({ index, 1: target = '' }) => {
    const [path = '', anchor] = decodeURI(target).split('#')
    const to = path === '' ? file.path : posix.join(posix.dirname(file.path), path).replace(/\/$/, '')
    const line = prose.slice(0, index).split('\n').length
    const isFolder = repository.files.some((other) => other.path.startsWith(`${to}/`))
    const found = fileAt(repository, to)
    if (found === undefined && !isFolder)
      return [{ path: file.path, line, found: `links ${target}, which is not there` }]
    const isHeading = anchor === undefined || found === undefined || !isMarkdown(to) || slugs(found.text).has(anchor)
    return isHeading ? [] : [{ path: file.path, line, found: `links #${anchor}, and ${to} has no such heading` }]
  })
}

/** The anchors that a Markdown host gives to the headings of `text`. */
function slugs(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ +(.*)$/gm)].map(({ 1: heading = '' }) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  )
}

function differentPrinciples(page: string): Violation[] {
  const headings = [...page.matchAll(/^## (\d+\. .*)$/gm)].map(({ 1: heading }) => heading)
  const expected = Object.entries(principles).map(([number, title]) => `${number}. ${title}`)
  const differences = [
    ...expected.filter((title) => !headings.includes(title)).map((title) => `lacks "## ${title}"`),
    ...headings
      .filter((title) => !expected.includes(title ?? ''))
      .map((title) => `has "## ${title}", which no law knows`),
  ]
  return differences.map((found) => ({ path: 'docs/house-style.md', found }))
}
