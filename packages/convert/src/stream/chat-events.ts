import { type Chat, encodeSseComment, encodeSseData, type OpenAiErrorBody } from '@lb/protocol'

/** What a Chat client reads: chunks and signs of life, then the end mark, or an error instead of it. */
export type ChatStreamEvent =
  | { readonly type: 'chunk'; readonly chunk: Chat.Chunk }
  | { readonly type: 'comment'; readonly text: string }
  | { readonly type: 'error'; readonly body: OpenAiErrorBody }
  | { readonly type: 'done' }

/** Writes events as OpenAI does. @see https://platform.openai.com/docs/api-reference/chat-streaming */
export function encodeChatEvents(events: readonly ChatStreamEvent[]): string {
  let text = ''
  for (const event of events) text += encoded(event)
  return text
}

function encoded(event: ChatStreamEvent): string {
  switch (event.type) {
    case 'chunk':
      return encodeSseData(JSON.stringify(event.chunk))
    case 'comment':
      return encodeSseComment(event.text)
    case 'error':
      return encodeSseData(JSON.stringify(event.body))
    case 'done':
      return encodeSseData('[DONE]')
  }
}
