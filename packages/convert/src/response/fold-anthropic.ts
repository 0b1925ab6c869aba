import { type Anthropic, err, ok, RawJson, type Result, rawJson } from '@lb/protocol'
import type { StreamReport } from '../stream/report.ts'
import { anthropicUsage } from '../usage/chat-to-anthropic.ts'
import type { ConvertedAnswer, FailedAnswer } from './answer.ts'
import { completedJson } from './partial-json.ts'

/**
 * Puts the events of an answer together to the whole answer. There is one way to convert an answer, as a stream; a whole
 * answer is its fold.
 *
 * @param events a finished stream in the grammar of the API.
 */
export function foldAnthropicEvents(events: readonly Anthropic.Event[]): Anthropic.Message {
  let message = nobody
  const content: Anthropic.MessageBlock[] = []
  let pieces: string[] = []
  for (const event of events) {
    switch (event.type) {
      case 'message_start':
        message = event.message
        break
      case 'content_block_start':
        content.push(event.content_block)
        pieces = []
        break
      case 'content_block_delta':
        pieces.push(pieceOf(event.delta))
        if (event.delta.type === 'signature_delta') signLast(content, event.delta.signature)
        break
      case 'content_block_stop':
        fillLast(content, pieces.join(''))
        break
      case 'message_delta':
        message = { ...message, ...event.delta, usage: { ...message.usage, ...event.usage } }
        break
    }
  }
  return { ...message, content }
}

/** The outcome of a whole answer that was converted as a stream. */
export function folded(
  events: readonly Anthropic.Event[],
  { error, losses, aside, usage }: StreamReport,
): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer> {
  if (error !== undefined) return err({ ...error, losses })
  const message = foldAnthropicEvents(events)
  return ok({ value: usage === undefined ? message : { ...message, usage }, losses, aside })
}

/** What a stream without a beginning amounts to. */
const nobody: Anthropic.Message = {
  id: '',
  type: 'message',
  role: 'assistant',
  model: '',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  diagnostics: null,
  usage: anthropicUsage({ input: 0, read: 0, written: 0, output: 0, thinking: undefined, tier: null }),
}

function pieceOf(delta: Anthropic.Delta): string {
  switch (delta.type) {
    case 'text_delta':
      return delta.text
    case 'thinking_delta':
      return delta.thinking
    case 'input_json_delta':
      return delta.partial_json
    default:
      return ''
  }
}

/** A signature comes whole; a second one replaces the first. */
function signLast(content: Anthropic.MessageBlock[], signature: string): void {
  const last = content.at(-1)
  if (last?.type === 'thinking') content[content.length - 1] = { ...last, signature }
}

function fillLast(content: Anthropic.MessageBlock[], text: string): void {
  const last = content.at(-1)
  if (last?.type === 'text') content[content.length - 1] = { ...last, text }
  else if (last?.type === 'thinking') content[content.length - 1] = { ...last, thinking: text }
  else if (last?.type === 'tool_use') content[content.length - 1] = { ...last, input: inputOf(text) }
}

/** The arguments as they were written. Only those of a call that was cut off are not whole. */
function inputOf(text: string): RawJson {
  if (text === '') return new RawJson('{}')
  const whole = rawJson(text)
  return whole.ok ? whole.value : (completedJson(text) ?? new RawJson(JSON.stringify({ _raw: text })))
}
