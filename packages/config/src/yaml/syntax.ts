import type { YAMLParseError } from 'yaml'
import type { Place } from './place.ts'
import type { Fault } from './tree.ts'

/** More syntax errors than this are consequences of the first ones. */
const syntaxErrorLimit = 20

/**
 * What the parser found wrong, in words that say what to do. A mistake has one message: where the parser stumbles over a
 * known one, only that is told, where it was made; else the first error of each line.
 */
export function syntaxFaults(
  text: string,
  errors: readonly YAMLParseError[],
  place: (offset: number) => Place,
): readonly Fault[] {
  const [first] = errors
  if (first === undefined) return []
  const known = knownMistake(text, first.pos[0])
  if (known !== undefined) return [known]
  const lines = new Set<number>()
  const telling = errors.filter((error) => {
    const { line } = place(error.pos[0])
    // Once a document has ended too early, every token behind it is an error of its own.
    const follows = error !== first && error.message.includes(' in YAML stream')
    return !follows && !lines.has(line) && lines.add(line)
  })
  return telling.slice(0, syntaxErrorLimit).map((error) => syntaxFault(text, error))
}

/**
 * A mistake that is so common in files of lb, and so badly described by the grammar, that it has words of its own. The parser
 * notices it in the line where it stands, or in the next one.
 */
function knownMistake(text: string, at: number): Fault | undefined {
  if (text.startsWith('${', at - 1)) {
    const suggestion = `write "\${NAME}" there`
    return { at: at - 1, path: [], message: 'inside of { } and [ ] a variable needs quotes', suggestion }
  }
  const lineAt = startOfLine(text, at)
  for (const from of [lineAt, startOfLine(text, lineAt - 1)]) {
    const line = text.slice(from, endOfLine(text, from))
    const starred = /(?:^\s*(?:- +)?|[{,]\s*)(?=\*[^\s,]*:(?:\s|$))/.exec(line)
    if (starred !== null) {
      const message = 'a name that begins with * needs quotes'
      return { at: from + starred.index + starred[0].length, path: [], message, suggestion: 'write "*": there' }
    }
    const odd = /[\u00a0\u2000-\u200b\u3000\ufeff]/.exec(line)
    if (odd !== null && from + odd.index > 0) {
      const message = 'this is a space to the eye and a letter to YAML'
      return { at: from + odd.index, path: [], message, suggestion: 'replace it by an ordinary space' }
    }
  }
  return undefined
}

const sameColumn = 'keys of the same level begin in the same column'

const hints: { readonly [code: string]: string } = {
  BAD_INDENT: 'align it with the lines of the same level',
  BAD_SCALAR_START: 'put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'write "key: value", with a colon and a space',
  TAB_AS_INDENT: 'indent with spaces',
}

function syntaxFault(text: string, error: YAMLParseError): Fault {
  // What follows the colon of this one is a piece of the file, and might be of a secret.
  const message = error.code === 'UNEXPECTED_TOKEN' ? error.message.replace(/: .*/s, '') : error.message
  const suggestion = hintFor(text, error)
  const fault = { at: error.pos[0], path: [], message: `not valid YAML: ${message}` }
  return suggestion === undefined ? fault : { ...fault, suggestion }
}

function hintFor(text: string, { code, message, pos: [at] }: YAMLParseError): string | undefined {
  if (message.startsWith('Sequence item without')) return sameColumn
  if (code !== 'BLOCK_AS_IMPLICIT_KEY') return hints[code]
  if (message.startsWith('A block')) return 'the line before it lacks a colon at its end'
  const rest = text.slice(at, endOfLine(text, at))
  return /:\s/.test(rest) ? 'a value that contains ": " must be in quotes' : sameColumn
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
