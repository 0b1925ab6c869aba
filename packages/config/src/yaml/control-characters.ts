import type { Fault } from './tree.ts'

/** More of them say that this is no text at all. */
const faultLimit = 20

/**
 * Control characters in a text: YAML allows none but tab and line ends, people do not see them, and in a key, a URL or a
 * header they mean something to somebody. The parser would take them as letters.
 *
 * @see https://yaml.org/spec/1.2.2/#51-character-set
 */
export function controlFaults(text: string): Fault[] {
  const faults: Fault[] = []
  for (let at = 0; at < text.length && faults.length < faultLimit; at++) {
    const code = text.charCodeAt(at)
    if (isControl(code)) faults.push({ at, path: [], message: messageOf(code), suggestion: 'remove it' })
  }
  return faults
}

function isControl(code: number): boolean {
  if (code < SPACE) return code !== TAB && code !== LF && code !== CR
  return code >= DELETE && code <= LAST_CONTROL && code !== NEXT_LINE
}

function messageOf(code: number): string {
  const name = names[code]
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return `a control character, ${name === undefined ? number : `${number} (${name})`}`
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DELETE = 0x7f
const NEXT_LINE = 0x85
const LAST_CONTROL = 0x9f

/** Those that have a name which people know. */
const names: Readonly<Record<number, string>> = { 0: 'NUL', 7: 'BEL', 8: 'backspace', 27: 'escape', 127: 'DEL' }
