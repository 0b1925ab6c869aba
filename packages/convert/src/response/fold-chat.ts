import type { Chat } from '@lb/protocol'
import type { ChatStreamEvent } from '../stream/chat-events.ts'

/** Puts the chunks of an answer together to the whole answer. */
export function foldChatEvents(events: readonly ChatStreamEvent[]): Chat.Completion {
  const chunks = events.flatMap((event) => (event.type === 'chunk' ? [event.chunk] : []))
  const choices = chunks.flatMap((chunk) => chunk.choices)
  const deltas = choices.map((choice) => choice.delta)
  const content = deltas.map((delta) => delta.content ?? '').join('')
  const reasoning = deltas.map((delta) => delta.reasoning_content ?? '').join('')
  const refusal = deltas.map((delta) => delta.refusal ?? '').join('')
  const legacy = deltas.flatMap((delta) => delta.function_call ?? [])
  const calls = foldCalls(deltas.flatMap((delta) => delta.tool_calls ?? []))
  const details = foldDetails(deltas.flatMap((delta) => delta.reasoning_details ?? []))
  const annotations = deltas.flatMap((delta) => delta.annotations ?? [])
  const finish_reason = choices.findLast((choice) => choice.finish_reason !== null)?.finish_reason ?? 'stop'
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  const message: Chat.CompletionMessage = {
    role: 'assistant',
    content:
      content === '' && (calls.length + legacy.length > 0 || finish_reason === 'content_filter') ? null : content,
    refusal: refusal === '' ? null : refusal,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(legacy.length === 0 ? {} : { function_call: foldFunction(legacy) }),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  }
  return {
    id: chunks[0]?.id ?? '',
    object: 'chat.completion',
    created: chunks[0]?.created ?? 0,
    model: chunks[0]?.model ?? '',
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...(usage ? { usage } : {}),
  }
}

function foldCalls(deltas: readonly Chat.ToolCallDelta[]): readonly Chat.ToolCall[] {
  const calls = new Map<number, Chat.ToolCallDelta[]>()
  for (const delta of deltas) {
    const pieces = calls.get(delta.index)
    if (pieces === undefined) calls.set(delta.index, [delta])
    else pieces.push(delta)
  }
  return [...calls.values()].map(foldCall)
}

function foldCall(pieces: readonly Chat.ToolCallDelta[]): Chat.ToolCall {
  const id = pieces.find((piece) => piece.id)?.id ?? ''
  const custom = pieces.find((piece) => piece.custom !== undefined)?.custom
  if (custom !== undefined)
    return { id, type: 'custom', custom: { name: custom.name ?? '', input: custom.input ?? '' } }
  const name = pieces.find((piece) => piece.function?.name)?.function?.name ?? ''
  const text = pieces.map((piece) => piece.function?.arguments ?? '').join('')
  return { id, type: 'function', function: { name, arguments: text } }
}

function foldFunction(pieces: readonly NonNullable<Chat.Delta['function_call']>[]): {
  readonly name: string
  readonly arguments: string
} {
  const name = pieces.map((piece) => piece.name ?? '').join('')
  return { name, arguments: pieces.map((piece) => piece.arguments).join('') }
}

/** Pieces of one entry become one: its text, and its signature. */
function foldDetails(details: readonly Chat.ReasoningDetail[]): readonly Chat.ReasoningDetail[] {
  const folded = new Map<string, Chat.ReasoningDetail>()
  for (const detail of details) {
    const key = `${detail.type} ${detail.index}`
    const known = folded.get(key)
    folded.set(
      key,
      known === undefined ? detail : { ...known, ...detail, text: (known.text ?? '') + (detail.text ?? '') },
    )
  }
  return [...folded.values()]
}
