import { encodeSseData, isJsonObject, type Json, type JsonObject } from '@lb/protocol'

/**
 * The event stream of a whole chat completion, for upstreams that answer a stream request with JSON: for each choice one
 * chunk with what it says and one with why it ended, and the end mark. Members that nobody knows go with them.
 *
 * The usage stands in the last chunk, not in one without choices: a client that has not asked for such a chunk may look
 * for a choice in every one.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function explodeCompletion(completion: JsonObject): string {
  const { choices, usage, ...rest } = completion
  const head: JsonObject = { ...rest, object: 'chat.completion.chunk' }
  const list = Array.isArray(choices) ? choices.filter(isJsonObject) : []
  const chunks = list.flatMap((choice, at) => chunksOf(choice, at).map((part) => ({ ...head, choices: [part] })))
  const last = chunks.pop() ?? { ...head, choices: [] }
  const all = [...chunks, usage === undefined ? last : { ...last, usage }]
  return [...all.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map(encodeSseData).join('')
}

function chunksOf(choice: JsonObject, at: number): JsonObject[] {
  const { message, finish_reason = null, index = at, ...rest } = choice
  const delta = isJsonObject(message) ? withCallIndexes(message) : {}
  return [
    { ...rest, index, delta, finish_reason: null },
    { index, delta: {}, finish_reason },
  ]
}

/** In a stream every call says which one it is. */
function withCallIndexes(message: JsonObject): JsonObject {
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  const indexed = calls.map((call: Json, index) => (isJsonObject(call) ? { index, ...call } : call))
  return { ...message, tool_calls: indexed }
}
