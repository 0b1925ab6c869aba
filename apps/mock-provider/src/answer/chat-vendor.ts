import type { JsonObject } from '@lb/protocol'
import type { ChatForm } from '../script/course.ts'
import { idOf } from './seeded.ts'
import type { SpokenCall, SpokenReply } from './spoken-reply.ts'

/** Where vendors put reasoning: as deltas, and in a whole message. One row per field, so that a vendor is data. */
const THINKING: {
  readonly [F in NonNullable<ChatForm['thinkingField']>]: {
    readonly deltas: (pieces: readonly string[]) => readonly JsonObject[]
    readonly whole: (text: string) => JsonObject
  }
} = {
  reasoning_content: {
    deltas: (pieces) => pieces.map((reasoning_content) => ({ reasoning_content })),
    whole: (reasoning_content) => ({ reasoning_content }),
  },
  reasoning: {
    deltas: (pieces) => pieces.map((reasoning) => ({ reasoning })),
    whole: (reasoning) => ({ reasoning }),
  },
  reasoning_details: {
    deltas: (pieces) =>
      pieces.map((text) => ({ reasoning: text, reasoning_details: [{ type: 'reasoning.text', text, index: 0 }] })),
    whole: (text) => ({ reasoning: text, reasoning_details: [{ type: 'reasoning.text', text, index: 0 }] }),
  },
  'content-parts': {
    deltas: (pieces) => pieces.map((text) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] })),
    whole: (text) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] }),
  },
  'think-tags': {
    deltas: (pieces) => ['<think>', ...pieces, '</think>'].map((content) => ({ content })),
    whole: () => ({}),
  },
  none: { deltas: () => [], whole: () => ({}) },
}

/** Call ids as vendors form them: Mistral's have nine characters, Kimi's name the function; some vendors send none, or the same ones always. */
const CALL_IDS: { readonly [F in NonNullable<ChatForm['toolIds']>]: (call: SpokenCall, index: number) => string } = {
  openai: (call) => (call.id.startsWith('call_') ? call.id : `call_${call.id}`),
  mistral9: (call) => idOf(9, 'mistral', call.id),
  kimi: (call, index) => `functions.${call.name}:${index}`,
  empty: () => '',
  constant: (_call, index) => `call_${index}`,
}

/** The id of a call, in the vendor's form. */
export function chatCallId(call: SpokenCall, index: number, form: ChatForm): string {
  return CALL_IDS[form.toolIds ?? 'openai'](call, index)
}

/** Reasoning as stream deltas, in the vendor's field. */
export function chatThinking(reply: SpokenReply, form: ChatForm): readonly JsonObject[] {
  if (reply.thinking.length === 0) return []
  return THINKING[form.thinkingField ?? 'reasoning_content'].deltas(reply.thinking)
}

/** Fields of a whole message that hold its reasoning; for parts and tags they replace `content`. */
export function chatWholeThinking(reply: SpokenReply, form: ChatForm): JsonObject {
  if (reply.thinking.length === 0) return {}
  const field = form.thinkingField ?? 'reasoning_content'
  const thinking = reply.thinking.join('')
  const text = reply.text.join('')
  if (field === 'think-tags') return { content: `<think>${thinking}</think>${text}` }
  const whole = THINKING[field].whole(thinking)
  if (field !== 'content-parts') return whole
  return { content: [...(Array.isArray(whole['content']) ? whole['content'] : []), { type: 'text', text }] }
}
