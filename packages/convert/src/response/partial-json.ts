import { type RawJson, rawJson } from '@lb/protocol'
import { MAX_LEVELS } from '../nesting.ts'

/**
 * The JSON that a cut text began: everything up to the last value that is surely whole, with its brackets closed. A string
 * or number at the very end may have been longer, so it is left out, and with it its key.
 *
 * The official SDK reads the arguments of a call that was cut off by the same rule, so a whole answer and the same answer
 * streamed mean the same.
 *
 * @returns `undefined` when what is whole of the text is no JSON, or nests too deeply.
 */
export function completedJson(text: string): RawJson | undefined {
  const closers: string[] = []
  let wholeUntil = 0
  let isKey = false
  let at = 0
  const token = /[-+.\w]+/y
  while (at < text.length) {
    const character = text.charAt(at)
    if (character === '"') {
      const end = stringEnd(text, at)
      if (end === -1) break
      at = end
      if (!isKey) wholeUntil = at
      isKey = false
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']')
      if (closers.length > MAX_LEVELS) return undefined
      isKey = character === '{'
      at += 1
      wholeUntil = at
    } else if (character === '}' || character === ']') {
      if (closers.pop() !== character) return undefined
      at += 1
      wholeUntil = at
    } else if (character === ',') {
      isKey = closers.at(-1) === '}'
      at += 1
    } else {
      token.lastIndex = at
      const word = token.exec(text)?.[0] ?? ''
      at += Math.max(1, word.length)
      if (word !== '' && (at < text.length || isWord(word))) wholeUntil = at
    }
  }
  const completed = rawJson(text.slice(0, wholeUntil) + closers.reverse().join(''))
  return completed.ok ? completed.value : undefined
}

/** These cannot go on, unlike a number. */
function isWord(token: string): boolean {
  return token === 'true' || token === 'false' || token === 'null'
}

function stringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '\\') at += 1
    else if (character === '"') return at + 1
  }
  return -1
}
