import { err, ok, type Result } from '@lb/protocol'
import * as v from 'valibot'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { scriptSchema } from './schema.ts'
import type { MockScript } from './script.ts'

/** What is wrong with a script file, where, and how to mend it. */
export interface ScriptProblem {
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** The field, e.g. `rules[0].answer.fault`; empty for the whole file. */
  readonly path: string
  readonly message: string
}

/** A script is written by hand or by a test; what is larger is a mistake. */
const MAX_SCRIPT_BYTES = 8 * 1024 * 1024

/** The YAML parser recurses, and on Node 20 a stack that overflows there ends the process. */
const MAX_NESTING = 200

/**
 * Reads a script from YAML text; JSON is YAML.
 *
 * @returns the script, or every problem found, in the order of the file.
 */
export function parseScript(source: string): Result<MockScript, readonly ScriptProblem[]> {
  const whole = (message: string): Result<never, readonly ScriptProblem[]> =>
    err([{ line: 1, column: 1, path: '', message }])
  if (source.length > MAX_SCRIPT_BYTES) return whole(`a script has at most ${MAX_SCRIPT_BYTES} characters`)
  if (nestingOf(source) > MAX_NESTING) return whole(`a script is nested at most ${MAX_NESTING} levels deep`)
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, merge: false, prettyErrors: false })
  if (document.errors.length > 0) {
    return err(
      document.errors.map((error) => ({ ...positionAt(lines, error.pos[0]), path: '', message: error.message })),
    )
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {}
  if (Array.isArray(value)) return whole('a script is fields with values, not a list; rules belong under `rules:`')
  const parsed = v.safeParse(scriptSchema, value)
  if (parsed.success) return ok(parsed.output)
  const problems = parsed.issues.map((issue) => problemOf(issue, document, lines))
  return err(problems.sort((a, b) => a.line - b.line || a.column - b.column))
}

/** One line for a person: `mock.yaml:3:5: rules[0].answer.fault: there is no fault …`. */
export function formatProblem(file: string, problem: ScriptProblem): string {
  const where = problem.path === '' ? '' : ` ${problem.path}:`
  return `${file}:${problem.line}:${problem.column}:${where} ${problem.message}`
}

function problemOf(issue: v.BaseIssue<unknown>, document: Document.Parsed, lines: LineCounter): ScriptProblem {
  const keys = (issue.path ?? []).map((item) => item.key).filter(isKey)
  return { ...positionAt(lines, offsetOf(document, keys)), path: pathText(keys), message: messageOf(issue) }
}

const VALIBOT_WORDS: { readonly [word: string]: string } = {
  Array: 'a list',
  Object: 'fields',
  boolean: 'true or false',
}

/** Valibot's messages, without its way of putting things. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  const found = /^Invalid (?:type|value|integer|length|Base64): (?:Expected (.*) but received|Received) (.*)$/s.exec(
    issue.message,
  )
  if (found === null) return issue.message
  const expected = found[1] ?? String(issue.type)
  return `expected ${VALIBOT_WORDS[expected] ?? expected.replace(/^>=/, 'at least ').replace(/^<=/, 'at most ')}, found ${found[2]}`
}

/** Where a field stands: at its key if it has one, so that an unknown field is shown and not its value. */
function offsetOf(document: Document.Parsed, keys: readonly (string | number)[]): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true)
    const key = keys[depth - 1]
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0]
    }
    const node = document.getIn(keys.slice(0, depth), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0
}

function positionAt(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function pathText(keys: readonly (string | number)[]): string {
  return keys.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')
}

function isKey(key: unknown): key is string | number {
  return typeof key === 'string' || typeof key === 'number'
}

/** An upper bound of the nesting, without parsing: open brackets, and the indentation and dashes of any one line. */
function nestingOf(source: string): number {
  let open = 0
  let deepest = 0
  for (const line of source.split('\n')) {
    const indent = /^[\s?-]*/.exec(line)?.[0].length ?? 0
    for (const character of line) {
      if (character === '[' || character === '{') open += 1
      else if (character === ']' || character === '}') open = Math.max(0, open - 1)
      deepest = Math.max(deepest, open + indent / 2)
    }
  }
  return deepest
}
