import { CST, Lexer, Parser } from 'yaml'
import type { Fault } from './tree.ts'

/**
 * Limits on a text, kept before anything recursive sees it.
 *
 * The YAML library works in three steps: a lexer and a parser that keep their open collections on an array, and a
 * composer that recurses, once per level. On Node 20 and 22 about 850 open brackets overflow its stack in a way that aborts the
 * process: no `try` helps. So the first two steps run here, token by token, and stop as soon as the
 * parser's array is longer than allowed: the composer never gets what would hurt it. Because this is the parser's own
 * count, it cannot disagree with the parser about quotes, comments, block scalars or broken input, as a scan of our own
 * over brackets and indentation could.
 */
export interface TextLimits {
  /** UTF-8 bytes. */
  readonly bytes: number
  /** Collections inside collections. */
  readonly depth: number
  /** Uses of anchors: `*name`. */
  readonly aliases: number
  /** Lexical tokens; bounds what the parser does with texts made of nothing but punctuation. */
  readonly tokens: number
}

/** A config of a thousand providers stays below a tenth of each. */
export const textLimits: TextLimits = { bytes: 1 << 20, depth: 64, aliases: 100, tokens: 100_000 }

/**
 * The syntax tokens of `text` for the composer, and what was wrong with it. Stops at the first limit that is broken;
 * then `faults` is not empty and what was composed must not be used.
 */
export function* limitedTokens(text: string, faults: Fault[]): Generator<CST.Token, void> {
  if (text.length > textLimits.bytes || new TextEncoder().encode(text).length > textLimits.bytes) {
    faults.push({
      at: 0,
      path: [],
      message: `the file is larger than ${textLimits.bytes} bytes`,
      suggestion: 'a configuration has a few kilobytes: is this the right file?',
    })
    return
  }
  const parser = new Parser()
  const count = { tokens: 0, aliases: 0 }
  // After this marker the next lexeme is the text of a plain scalar, whatever it looks like.
  let scalarText = false
  for (const lexeme of new Lexer().lex(text)) {
    const fault = scalarText ? undefined : lexemeFault(lexeme, count)
    if (fault !== undefined) {
      faults.push({ at: parser.offset, path: [], ...fault })
      return
    }
    scalarText = !scalarText && lexeme === CST.SCALAR
    yield* parser.next(lexeme)
    if (openCollections(parser) > textLimits.depth) {
      faults.push({
        at: Math.max(0, parser.offset - lexeme.length),
        path: [],
        message: `nested deeper than ${textLimits.depth} levels`,
        suggestion: 'no key of lb is nested that deep',
      })
      return
    }
  }
  yield* parser.end()
}

/** The document itself is on the stack too, and the scalar that is being read. */
function openCollections(parser: Parser): number {
  const top = parser.stack.at(-1)
  return parser.stack.length - (top !== undefined && CST.isCollection(top) ? 1 : 2)
}

function lexemeFault(
  lexeme: string,
  count: { tokens: number; aliases: number },
): Omit<Fault, 'at' | 'path'> | undefined {
  count.tokens += 1
  if (count.tokens > textLimits.tokens)
    return { message: `more than ${textLimits.tokens} YAML tokens`, suggestion: 'is this the right file?' }
  switch (CST.tokenType(lexeme)) {
    case 'alias':
      count.aliases += 1
      return count.aliases > textLimits.aliases
        ? { message: `more than ${textLimits.aliases} aliases (*name)`, suggestion: 'write the values out' }
        : undefined
    case 'tag':
      return {
        message: 'tags (!name) are not read',
        suggestion: 'remove the tag; put the value in quotes if it must be text',
      }
    case 'directive-line':
      return { message: 'directives (%NAME) are not read', suggestion: 'remove the line; the file is read as YAML 1.2' }
    default:
      return undefined
  }
}
