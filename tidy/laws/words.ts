import { codeOf, lineAt, proseOf } from '../code.ts'
import type { Law, Violation } from '../law.ts'
import type { Principle } from '../principles.ts'
import { isCode, isPureSource, type Repository, type TextFile } from '../repository.ts'

/**
 * Words that may not be written, as a table: add a row, and the law exists.
 *
 * A `code` row sees neither comments nor the contents of strings, so prose may speak of `Math.random`; a `prose` row sees
 * comments, and the whole of a file that is not code; a `text` row sees everything.
 */
interface Word {
  readonly word: string
  readonly pattern: RegExp
  readonly sees: 'code' | 'prose' | 'text'
  readonly where: (path: string) => boolean
  readonly instead: string
  readonly principle: Principle
}

const CLOCK = 'take the time as an argument: `at: Moment` (monotonic) or `epochMs` (wall clock)'
const TIMER = 'return the next deadline (`nextDeadlineMs`) and let the app wait'
const EFFECT = 'return an effect; only apps reach the outside'
const NARROW = 'narrow `unknown` at the parse edge (`isJsonObject`, `member`), or name the type'
const STRANGE = 'a pure package has no way around its compiler: take what you need as an argument'

const views = { code: codeOf, prose: proseOf, text: (file: TextFile): string => file.text }

const HOME = /(?<![\w.*}])(?:\/(?:home|Users)\/\w+\/|\/root\/|[A-Z]:\\Users\\)/

const pure = isPureSource
const everywhere = (): boolean => true

const words: readonly Word[] = [
  row('Date', /\bDate\b/, pure, CLOCK, 2),
  row('Math.random', /\bMath\b(?!\s*\.\s*(?!random\b)\w)/, pure, 'take `at.roll`, or a seeded generator as state', 2),
  row('performance', free('performance\\b'), pure, CLOCK, 2),
  row('setTimeout', free('(?:setTimeout|setInterval|setImmediate|queueMicrotask)\\b'), pure, TIMER, 2),
  row('process.', free('process\\s*[.[]'), pure, 'take what you need as an argument', 1),
  row('console.', free('console\\s*[.[]'), pure, 'return what happened; apps log', 1),
  row('fetch(', free('fetch\\s*\\('), pure, EFFECT, 1),
  row('globalThis', free('globalThis\\b'), pure, STRANGE, 1),
  row('eval(', free('eval\\b'), pure, STRANGE, 1),
  row('new Function', free('Function\\s*\\('), pure, STRANGE, 1),
  row('.constructor', /\.\s*constructor\b/, pure, STRANGE, 1),
  row(
    'declare',
    /^\s*(?:export\s+)?declare\b/m,
    pure,
    `${STRANGE}; a missing global belongs in tidy/pure-globals.d.ts`,
    1,
  ),
  row('any', /(?:\bas|[:<,|&(=])\s*any\b(?!\s*[(.:?])/, pure, NARROW, 5),
  row('as unknown as', /\bas\s+unknown\s+as\b/, pure, NARROW, 5),
  row('JSON.parse', free('JSON\\s*\\.\\s*parse\\b'), notJsonFile, '`parseJson` of @lb/protocol returns a `Result`', 5),
  row(
    'top-level let',
    /^(?:export\s+)?(?:let|var)\b/m,
    pure,
    'state is an argument, or lives inside what a `create…` returns',
    1,
  ),
  row('export *', /\bexport\s*\*/, isCode, 'name what is exported, one name at a time', 9),
  row('ForTest', /\w+ForTests?\b/, isCode, 'test through the public door; if that is hard, the state is hidden', 13),
  row('.only(', /\.\s*only\s*(?:\(|\.each)/, isCode, 'take it out before you commit', 13),
  row(
    '.skip(',
    /\b(?:test|it|describe|suite)\s*\.\s*(?:skip|todo)\b/,
    isCode,
    'finish it, delete it, or `skipIf` with a loud message',
    13,
  ),
  prose('@ts-ignore', /@ts-(?:ignore|nocheck)/, isCode, 'make the types say what is true', 5),
  prose('@ts-expect-error', /@ts-expect-error/, notTypeTest, 'only type tests may expect an error', 5),
  prose('/// <reference', /^\s*\/\/\/\s*<reference/m, pure, STRANGE, 1),
  prose('FIXME', /\bFIXME\b/, everywhere, 'fix it, or file an issue', 11),
  prose('TODO', /\bTODO\b/, everywhere, 'do it, or file an issue', 11),
  text('a home folder', HOME, everywhere, 'write a path relative to the repository', 14),
  text(
    'a registry host',
    /\bregistry\.\w[\w-]*\.\w/,
    everywhere,
    'name the package; its client knows where to ask',
    14,
  ),
]

/** Every row of the table as a law, and one for the folders of this machine. */
export const wordLaws: readonly Law[] = [...words.map(lawOf), machinePathLaw()]

function lawOf({ word, pattern, sees, where, instead, principle }: Word): Law {
  return {
    name: `word: ${word}`,
    says: `\`${word}\` is not written here.`,
    principle,
    wayOut: `${instead}.`,
    check: ({ files }) =>
      files.filter(({ path }) => where(path)).flatMap((file) => matches(file, views[sees](file), pattern)),
  }
}

/** The folders that this machine happens to use. Which those are is found out, not written down. */
function machinePathLaw(): Law {
  return {
    name: 'word: a machine path',
    says: 'No file names a folder of the machine it was written on.',
    principle: 14,
    wayOut: 'write a path relative to the repository, or take it from an environment variable.',
    check: ({ files, machinePaths }: Repository) =>
      files.flatMap((file) => machinePaths.flatMap((path) => matches(file, file.text, literally(path)))),
  }
}

function matches(file: TextFile, text: string, pattern: RegExp): Violation[] {
  const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`)
  return [...text.matchAll(all)].map(({ index, 0: found }) => {
    const start = index + (found.length - found.trimStart().length)
    const line = lineAt(text, start)
    return { path: file.path, line, found: (file.text.split('\n')[line - 1] ?? '').trim().slice(0, 100) }
  })
}

/** `word` where it is a name of its own and not a member of something. */
function free(word: string): RegExp {
  return new RegExp(`(?<![.\\w$])${word}`)
}

function literally(path: string): RegExp {
  return new RegExp(`(?<![\\w.])${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)
}

function notTypeTest(path: string): boolean {
  return isCode(path) && !path.endsWith('.test-d.ts')
}

function notJsonFile(path: string): boolean {
  return isPureSource(path) && !path.endsWith('/json.ts')
}

function row(word: string, pattern: RegExp, where: Word['where'], instead: string, principle: Principle): Word {
  return { word, pattern, sees: 'code', where, instead, principle }
}

function prose(word: string, pattern: RegExp, where: Word['where'], instead: string, principle: Principle): Word {
  return { ...row(word, pattern, where, instead, principle), sees: 'prose' }
}

function text(word: string, pattern: RegExp, where: Word['where'], instead: string, principle: Principle): Word {
  return { ...row(word, pattern, where, instead, principle), sees: 'text' }
}
