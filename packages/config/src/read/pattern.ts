import type { BodyPattern } from '../keys/entry.ts'

/** A pattern, and when it is not what its author wrote: why. */
export interface ReadPattern {
  readonly pattern: BodyPattern
  readonly reason?: string
}

/**
 * Reads one of `unhealthy_response_body_patterns`. They were written for Python's `re`, and are run by a linear-time engine
 * (a backtracking one can be made to take half a minute by 50 KB of text). What such an engine cannot do, and what is
 * no regular expression at all, is searched as plain text.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function readPattern(text: string): ReadPattern {
  const reason = unsupported(text)
  return reason === undefined ? { pattern: { kind: 'regex', text } } : { pattern: { kind: 'literal', text }, reason }
}

function unsupported(source: string): string | undefined {
  // Escaped characters and classes may look like groups; without them, these are the constructs themselves.
  const bare = source.replace(/\\[^1-9k]/g, '_').replace(/\[\^?\]?[^\]]*\]/g, '_')
  if (/\(\?<?[=!]/.test(bare)) return 'lookaround cannot be matched in linear time'
  if (/\\[1-9k]|\(\?P=/.test(bare)) return 'back references cannot be matched in linear time'
  try {
    new RegExp(inJavaScript(source), 'i')
    return undefined
  } catch {
    return 'this is not a regular expression'
  }
}

/** The same pattern for JavaScript's engine, which here only judges whether the grammar is kept. */
function inJavaScript(source: string): string {
  // Python and the linear-time engines share: named groups with a P, flags at the start, and a bracket that begins a class.
  const renamed = source.replaceAll('(?P<', '(?<').replace(/^\(\?[ims]+\)/, '')
  return renamed.replace(/\[(\^?)\]/g, '[$1\\]')
}
