/**
 * Puts the scores of the last mutation runs into docs/proofs/mutation.md, from the reports that Stryker left:
 *
 *   pnpm proof:mutation     after `pnpm --filter @lb/router mutate` and the like
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What one folder of a package came to. */
export interface Score {
  readonly mutants: number
  /** A test failed, or ran without end. */
  readonly detected: number
  readonly survived: number
}

/** As Stryker writes it. @see https://github.com/stryker-mutator/mutation-testing-elements/tree/master/packages/report-schema */
export interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>
}

/** The score of all files whose path begins with `folder`. What could not be run at all does not count, as with Stryker. */
export function scoreOf(report: Report, folder: string): Score {
  const mutants = Object.entries(report.files).flatMap(([path, file]) => (path.startsWith(folder) ? file.mutants : []))
  const count = (...statuses: string[]): number => mutants.filter(({ status }) => statuses.includes(status)).length
  const detected = count('Killed', 'Timeout')
  const survived = count('Survived', 'NoCoverage')
  return { mutants: detected + survived, detected, survived }
}

/** One line of the table. */
export function scoreLine(what: string, { mutants, detected, survived }: Score): string {
  const percent = mutants === 0 ? '–' : `${((100 * detected) / mutants).toFixed(2)} %`
  return `| ${what} | ${mutants} | ${detected} | ${survived} | ${percent} |`
}

/** What is asked for a score of 90 % at least. */
const rows = [
  { what: '`@lb/convert`, stream', package: 'convert', folder: 'src/stream/' },
  { what: '`@lb/convert`, request', package: 'convert', folder: 'src/request/' },
  { what: '`@lb/health`', package: 'health', folder: 'src/' },
  { what: '`@lb/router`', package: 'router', folder: 'src/' },
  { what: '`@lb/protocol`, failure table', package: 'protocol', folder: 'src/failure/' },
]

function write(root: string): void {
  const lines = rows.flatMap(({ what, package: name, folder }) => {
    const path = `${root}packages/${name}/reports/mutation.json`
    return existsSync(path) ? [scoreLine(what, scoreOf(JSON.parse(readFileSync(path, 'utf8')) as Report, folder))] : []
  })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  const table = ['| what | mutants | detected | not detected | score |', '|---|---|---|---|---|', ...lines].join('\n')
  const page = `${root}docs/proofs/mutation.md`
  const text = `<!-- scores -->\nCommit ${commit}, Node ${process.version}.\n\n${table}\n<!-- /scores -->`
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(/<!-- scores -->[\s\S]*<!-- \/scores -->/, () => text),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) write(fileURLToPath(new URL('../../', import.meta.url)))
