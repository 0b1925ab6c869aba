import type { ClientRequest } from '../ingress/client-request.ts'

/**
 * Whether a Chat client may have asked in the words of another dialect, as Cursor does: in those of Responses, or with tools and
 * blocks of Anthropic's. A hit means that the body must be looked into, no more.
 *
 * Asked for every request that is relayed, so it must cost next to nothing: only the tools are looked at. Whoever sends blocks of
 * calls and results sends the tools that they belong to, in the same words.
 */
export function maySpeakOtherwise({ body, outline }: Pick<ClientRequest, 'body' | 'outline'>): boolean {
  let hasMessages = false
  for (const { name, start, end } of outline.members) {
    if (name === 'messages') hasMessages = true
    else if (name === 'tools' && areOdd(body.subarray(start, end))) return true
  }
  return !hasMessages
}

/** Tools of Chat Completions have a `function`; those of free text have a name for their kind that others use, too. */
function areOdd(tools: Buffer): boolean {
  return !tools.includes(FUNCTION) || tools.includes(CUSTOM) || tools.includes(ANTHROPIC_SCHEMA)
}

const FUNCTION = Buffer.from('"function":')
const CUSTOM = Buffer.from('"custom"')
const ANTHROPIC_SCHEMA = Buffer.from('_schema":')
