import { closingQuote, endsEscaping, type JsonLimits, type JsonScanProblem, jsonLimits } from './json-scan.ts'

/**
 * Watches JSON text while it arrives, and tells when it is already too deep or too wide to be parsed: whoever receives it need
 * not keep the rest. What is wrong in any other way it does not see; `scanJsonObject` does, once the whole is there.
 */
export interface JsonGuard {
  /**
   * Takes the next bytes, wherever they are cut.
   *
   * @returns what is wrong, from the first time on; `undefined`: nothing so far.
   */
  push(bytes: Uint8Array): JsonScanProblem | undefined
}

const QUOTE = 0x22
const COMMA = 0x2c

/** Watches with the limits of `scanJsonObject`: of a text that both see whole they think the same. */
export function createJsonGuard(given: JsonLimits = {}): JsonGuard {
  const { maxDepth, maxValues, maxMembers } = jsonLimits(given)
  let problem: JsonScanProblem | undefined
  let offset = 0
  let depth = 0
  // The first member has no comma before it.
  let values = 1
  let members = 1
  let isInString = false
  /** The bytes so far end in an odd number of backslashes, inside of a string. */
  let isEscaped = false

  function found(kind: JsonScanProblem['kind'], at: number, message: string): void {
    problem ??= { kind, offset: offset + at, message }
  }

  /** The index after the end of the string that `bytes` are in at `from`, or their length. */
  function passString(bytes: Uint8Array, from: number): number {
    const start = isEscaped ? from + 1 : from
    const quote = closingQuote(bytes, start)
    isInString = quote === -1
    isEscaped = isInString && endsEscaping(bytes, start, bytes.length)
    return isInString ? bytes.length : quote + 1
  }

  function structure(byte: number, at: number): void {
    if (byte === COMMA) {
      values += 1
      if (depth === 1) members += 1
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth >= maxDepth) return found('too-deep', at, `nested deeper than ${maxDepth} levels`)
      if (depth > 0) values += 1
      depth += 1
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
    if (values > maxValues) found('too-wide', at, 'the text holds too many values')
    else if (members > maxMembers) found('too-wide', at, 'the object has too many members')
  }

  return {
    push(bytes) {
      for (let at = 0; at < bytes.length && problem === undefined; at += 1) {
        if (isInString) at = passString(bytes, at)
        if (at >= bytes.length) break
        const byte = bytes[at] as number
        if (byte === QUOTE) isInString = true
        else structure(byte, at)
      }
      offset += bytes.length
      return problem
    },
  }
}
