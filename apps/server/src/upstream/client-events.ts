import { type ChatStreamEvent, convertChatUsageToAnthropic, encodeAnthropicEvents, encodeChatEvents } from '@lb/convert'
import { type Anthropic, isJsonObject, type Json, type JsonObject, member, stringMember } from '@lb/protocol'

/** What is different between client dialects, where an answer is written by a conversion. */
export interface ClientEvents<Event> {
  encode(events: readonly Event[]): string
  /** What the attempt loop must know about an event of the client's dialect. */
  roleOf(event: Event): EventRole
  /** Why the answer ended, if this event says so. */
  stopReasonOf(event: Event): string | undefined
  /** The same of a whole answer, and what it used in Anthropic's terms. */
  factsIn(answer: Json): { readonly stopReason: string | undefined; readonly usage: JsonObject }
}

export type EventRole = 'opening' | 'content' | 'block-end' | 'error' | 'plain'

/** For clients that speak Anthropic Messages. */
export const anthropicEvents: ClientEvents<Anthropic.Event> = {
  encode: encodeAnthropicEvents,
  stopReasonOf: (event) => (event.type === 'message_delta' ? (event.delta.stop_reason ?? undefined) : undefined),
  factsIn(answer) {
    const usage = member(answer, 'usage')
    return { stopReason: stringMember(answer, 'stop_reason'), usage: isJsonObject(usage) ? usage : {} }
  },
  roleOf({ type }) {
    return Object.hasOwn(roles, type) ? (roles[type] ?? 'plain') : 'plain'
  },
}

const roles: Readonly<Record<string, EventRole>> = {
  message_start: 'opening',
  content_block_delta: 'content',
  content_block_stop: 'block-end',
  message_delta: 'content',
  error: 'error',
}

/** For clients that speak Chat Completions. Nothing opens an answer: what comes before the content is held with it. */
export const chatEvents: ClientEvents<ChatStreamEvent> = {
  encode: encodeChatEvents,
  stopReasonOf: (event) => (event.type === 'chunk' ? (event.chunk.choices[0]?.finish_reason ?? undefined) : undefined),
  factsIn(answer) {
    const choices = member(answer, 'choices')
    const usage = member(answer, 'usage')
    return {
      stopReason: Array.isArray(choices) ? stringMember(choices[0], 'finish_reason') : undefined,
      usage: isJsonObject(usage) ? ({ ...convertChatUsageToAnthropic(usage).value } as JsonObject) : {},
    }
  },
  roleOf(event) {
    if (event.type !== 'chunk') return event.type === 'error' ? 'error' : 'plain'
    const [choice] = event.chunk.choices
    if (choice === undefined) return 'plain'
    // The first chunk says who speaks, and nothing else.
    const isSilent = choice.finish_reason === null && choice.delta.role !== undefined && !choice.delta.content
    return isSilent ? 'plain' : 'content'
  },
}

/** An Anthropic upstream's own token counts in one of its events, or in a whole answer. */
export const anthropicUsage: UpstreamUsage = {
  ofEvent: (event) => member(event, 'usage') ?? member(member(event, 'message'), 'usage'),
  ofAnswer: (answer) => member(answer, 'usage'),
}

/** Where an upstream says what an answer used. Its own words count: they have more in them than those of another dialect. */
export interface UpstreamUsage {
  ofEvent(event: Json): Json | undefined
  ofAnswer(answer: Json): Json | undefined
}
