import { isJsonObject, type Json, member } from '@lb/protocol'

/** About four characters of English are one token; a mock needs numbers that add up, not numbers that are billed. */
const CHARACTERS_PER_TOKEN = 4

/** The parts of a request that the model reads, in any dialect. */
const READ_BY_MODEL = ['system', 'messages', 'tools', 'instructions', 'input']

/** Tokens of a text, at least 1 for a text that is not empty. */
export function tokensOfText(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

/** Input tokens of a request: the same number from `count_tokens` as in the usage of the answer. At least 1. */
export function tokensOfRequest(body: Json | undefined): number {
  const characters = READ_BY_MODEL.reduce((sum, part) => sum + charactersIn(member(body, part)), 0)
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN))
}

/** Iterative: a request may be nested deeper than the stack is. */
function charactersIn(root: Json | undefined): number {
  let sum = 0
  const open: (Json | undefined)[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') sum += value.length
    else if (typeof value === 'number' || typeof value === 'boolean') sum += String(value).length
    else if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        sum += key.length
        open.push(item)
      }
    }
  }
  return sum
}
