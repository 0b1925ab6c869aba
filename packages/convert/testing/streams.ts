import type { Anthropic, Json } from '@lb/protocol'
import {
  type AnswerOptions,
  type ConversionContext,
  createChatToAnthropicStream,
  createResponsesToAnthropicStream,
  namedProfiles,
  type Profile,
  type StreamConverter,
  type StreamReport,
} from '../src/index.ts'
import { contextFor } from './context.ts'

/** The events of a whole stream, and the report at its end. */
export interface Outcome<Event> {
  readonly events: readonly Event[]
  readonly report: StreamReport
}

/** Pushes all events, then the end mark if `isMarked`, then the end. */
export function feed<Event>(stream: StreamConverter<Event>, events: readonly Json[], isMarked = true): Outcome<Event> {
  const out = events.flatMap((event) => stream.push(event))
  const rest = isMarked ? [...stream.done(), ...stream.end()] : stream.end()
  return { events: [...out, ...rest], report: stream.report() }
}

/** The conservative profile. */
export const plainProfile: Profile = namedProfiles['openai-compatible'] as Profile

/** Converts a Chat stream given by its chunks. */
export function chatStream(
  chunks: readonly Json[],
  changes: Partial<ConversionContext> = {},
  options: AnswerOptions & { readonly isMarked?: boolean } = {},
): Outcome<Anthropic.Event> {
  return feed(createChatToAnthropicStream(contextFor(plainProfile, changes), options), chunks, options.isMarked ?? true)
}

/** Converts a Responses stream given by its events. */
export function responsesStream(
  events: readonly Json[],
  changes: Partial<ConversionContext> = {},
  options: AnswerOptions = {},
): Outcome<Anthropic.Event> {
  const profile = namedProfiles['openai-responses'] as Profile
  return feed(createResponsesToAnthropicStream(contextFor(profile, changes), options), events, false)
}

/** A chunk with one choice. */
export function chunk(
  delta: Json,
  finish_reason: string | null = null,
  more: { readonly [name: string]: Json } = {},
): Json {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'up',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  }
}

/** A chunk that carries only usage. */
export function usageChunk(
  prompt_tokens: number,
  completion_tokens: number,
  more: { readonly [name: string]: Json } = {},
): Json {
  return {
    id: 'chatcmpl-1',
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ...more },
  }
}

/** One delta of a tool call. */
export function toolDelta(
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  said: string | undefined,
): Json {
  const fn = { ...(name === undefined ? {} : { name }), ...(said === undefined ? {} : { arguments: said }) }
  return {
    tool_calls: [
      {
        ...(index === undefined ? {} : { index }),
        ...(id === undefined ? {} : { id }),
        type: 'function',
        function: fn,
      },
    ],
  }
}

/** A short form of Anthropic events, so that a stream can be read at a glance. */
export function brief(events: readonly Anthropic.Event[]): readonly string[] {
  return events.map(briefly)
}

function briefly(event: Anthropic.Event): string {
  switch (event.type) {
    case 'message_start':
      return 'start'
    case 'content_block_start':
      return `${event.index} ${headOf(event.content_block)}`
    case 'content_block_delta':
      return `${event.index} + ${saidIn(event.delta)}`
    case 'content_block_stop':
      return `${event.index} .`
    case 'message_delta':
      return `end ${event.delta.stop_reason}${event.delta.stop_sequence === null ? '' : ` ${event.delta.stop_sequence}`}`
    case 'message_stop':
      return 'stop'
    case 'error':
      return `error ${event.error.type}: ${event.error.message}`
    case 'ping':
      return 'ping'
  }
}

function headOf(block: Anthropic.MessageBlock): string {
  return block.type === 'tool_use' ? `tool_use ${block.id} ${block.name}` : block.type
}

function saidIn(delta: Anthropic.Delta): string {
  switch (delta.type) {
    case 'text_delta':
      return delta.text
    case 'thinking_delta':
      return delta.thinking
    case 'input_json_delta':
      return delta.partial_json
    case 'signature_delta':
      return `signature ${delta.signature.slice(0, 4)}`
    case 'citations_delta':
      return 'citation'
  }
}
