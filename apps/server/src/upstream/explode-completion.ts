import { encodeSseData, isJsonObject, type Json, type JsonObject } from '@lb/protocol'

/**
 * The event stream of a whole chat completion, for upstreams that answer a stream request with JSON: chunks with what each
 * choice says, then for each one with why it ended, and the end mark. Members that nobody knows go with them.
 *
 * Choices without a number are parts of one answer: GitHub Copilot gives the text of Claude's answers in one, and their calls
 * in the next. A client looks for both in the first.
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
  const said: JsonObject[] = []
  const answers = new Map<Json, Answer>()
  for (const { index = 0, ...choice } of list) {
    const answer = answers.get(index) ?? { callCount: 0, finishReason: null }
    answers.set(index, answer)
    said.push({ index, ...saidBy(choice, answer) })
  }
  const ends = [...answers].map(([index, { finishReason }]) => ({ index, delta: {}, finish_reason: finishReason }))
  const chunks: JsonObject[] = [...said, ...ends].map((choice) => ({ ...head, choices: [choice] }))
  const last = chunks.pop() ?? { ...head, choices: [] }
  const all = [...chunks, usage === undefined ? last : { ...last, usage }]
  return [...all.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map(encodeSseData).join('')
}

/** How far an answer has come. */
interface Answer {
  callCount: number
  finishReason: Json
}

/** What a choice says; how it ended is kept for the end. Of several reasons for one answer, calls are the one to act on. */
function saidBy({ message, finish_reason = null, ...rest }: JsonObject, answer: Answer): JsonObject {
  if (answer.finishReason !== 'tool_calls' && finish_reason !== null) answer.finishReason = finish_reason
  const delta = isJsonObject(message) ? withCallIndexes(message, answer) : {}
  return { ...rest, delta, finish_reason: null }
}

/** In a stream every call says which one it is. */
function withCallIndexes(message: JsonObject, answer: Answer): JsonObject {
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  const first = answer.callCount
  answer.callCount += calls.length
  const indexed = calls.map((call: Json, at) => (isJsonObject(call) ? { index: first + at, ...call } : call))
  return { ...message, tool_calls: indexed }
}
