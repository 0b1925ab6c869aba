import type { JsonMember, JsonOutline } from './json-scan.ts'

/** What to change in an object's text. Everything that is not named stays as it is, byte for byte. */
export interface JsonEdits {
  /** Top-level members to give a new value, as JSON text. All members of that name are set: parsers differ on which counts. */
  readonly set?: Readonly<Record<string, string>>
  /** Top-level members to take out, with the comma that belongs to them. */
  readonly remove?: readonly string[]
}

/**
 * Applies `edits` to the text that `outline` was read from. A name in `set` that the object does not have is ignored.
 *
 * @returns `bytes` itself when nothing is to be changed.
 */
export function editJsonObject(bytes: Uint8Array, outline: JsonOutline, edits: JsonEdits): Uint8Array {
  const { members } = outline
  const parts: Uint8Array[] = []
  let copied = 0
  const cut = (from: number, to: number, replacement?: Uint8Array): void => {
    parts.push(bytes.subarray(copied, from))
    if (replacement !== undefined) parts.push(replacement)
    copied = to
  }
  const isRemoved = (found: JsonMember): boolean => edits.remove?.includes(found.name) ?? false
  const lastKept = members.findLastIndex((found) => !isRemoved(found))
  for (const [index, found] of members.slice(0, lastKept + 1).entries()) {
    if (isRemoved(found)) cut(found.keyStart, members[index + 1]?.keyStart ?? found.end)
    else if (edits.set !== undefined && Object.hasOwn(edits.set, found.name)) {
      cut(found.start, found.end, toUtf8.encode(edits.set[found.name]))
    }
  }
  // The removed tail goes with the comma before it.
  const lastMember = members.at(-1)
  if (lastMember !== undefined && lastKept < members.length - 1) {
    cut(members[lastKept]?.end ?? members[0]?.keyStart ?? 0, lastMember.end)
  }
  if (parts.length === 0) return bytes
  parts.push(bytes.subarray(copied))
  return concat(parts)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const toUtf8 = /* @__PURE__ */ new TextEncoder()
