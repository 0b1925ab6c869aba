import { type Json, type JsonObject, member } from '@lb/protocol'
import type { ChatForm } from '../script/course.ts'
import { chatCallId, chatThinking, chatWholeThinking } from './chat-vendor.ts'
import { hexOf } from './seeded.ts'
import type { SpokenReply } from './spoken-reply.ts'
import { jsonEvent, type Phase, type StreamPart } from './stream-part.ts'

/**
 * A whole answer of the Chat Completions API.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export function chatCompletion(reply: SpokenReply, form: ChatForm): JsonObject {
  const calls = reply.calls.map((call, index) => ({
    id: chatCallId(call, index, form),
    type: 'function',
    function: { name: call.name, arguments: call.pieces.join('') },
  }))
  const text = reply.text.join('')
  return {
    id: `chatcmpl-${reply.id}`,
    object: 'chat.completion',
    created: reply.epochSeconds,
    model: reply.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: null,
          ...chatWholeThinking(reply, form),
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
          annotations: [],
        },
        logprobs: null,
        finish_reason: finishReasonOf(reply.stopReason),
      },
    ],
    ...(form.usage === 'none' ? {} : { usage: chatUsage(reply) }),
    service_tier: 'default',
    system_fingerprint: fingerprintOf(reply),
  }
}

/**
 * The chunks of a streamed answer. Usage comes in a chunk of its own with no choices, and only if it was asked for, unless
 * the vendor does otherwise.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function chatStream(reply: SpokenReply, request: Json | undefined, form: ChatForm): readonly StreamPart[] {
  const asked = member(member(request, 'stream_options'), 'include_usage') === true
  const inLastChunk = (form.usage ?? 'last-chunk') === 'last-chunk' ? asked : form.usage === 'always'
  const base = {
    id: `chatcmpl-${reply.id}`,
    object: 'chat.completion.chunk',
    created: reply.epochSeconds,
    model: reply.model,
    service_tier: 'default',
    system_fingerprint: fingerprintOf(reply),
  }
  const usageField = usageBesideChoices(reply, form, inLastChunk)
  const chunk = (phase: Phase, delta: JsonObject, finish: string | null = null): StreamPart => {
    const inChoice = form.usage === 'in-choice' && finish !== null ? { usage: chatUsage(reply) } : {}
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish, ...inChoice }
    return jsonEvent(phase, undefined, { ...base, choices: [choice], ...usageField })
  }
  const finish = finishReasonOf(reply.stopReason)
  const deltas = contentDeltas(reply, form)
  const withFinish = form.finish === 'with-content' && deltas.length > 0
  return [
    ...(form.emptyFirstChunk === true ? [emptyFirstChunk()] : []),
    chunk('start', { role: 'assistant', content: '', refusal: null }),
    ...deltas.map(([phase, delta], index) =>
      chunk(phase, delta, withFinish && index === deltas.length - 1 ? finish : null),
    ),
    ...(withFinish || form.finish === 'missing' ? [] : [chunk('stop', {}, finish)]),
    ...(inLastChunk ? [jsonEvent('stop', undefined, { ...base, choices: [], usage: chatUsage(reply) })] : []),
    ...doneEvents(form),
  ]
}

/** Anthropic's stop reasons in OpenAI's words; what is not listed is `stop`. */
const FINISH_REASONS: { readonly [stopReason: string]: string } = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

function finishReasonOf(stopReason: string): string {
  return FINISH_REASONS[stopReason] ?? 'stop'
}

/** The in-stream end marker. */
export const chatDone: StreamPart = { kind: 'event', phase: 'end', event: undefined, data: '[DONE]' }

type Delta = readonly [phase: Phase, delta: JsonObject]

function contentDeltas(reply: SpokenReply, form: ChatForm): readonly Delta[] {
  return [
    ...chatThinking(reply, form).map((delta): Delta => ['thinking', delta]),
    ...reply.text.map((content): Delta => ['text', { content }]),
    ...reply.calls.flatMap((call, index): readonly Delta[] => {
      const pieces = form.wholeArguments === true ? [call.pieces.join('')] : call.pieces
      const first = form.wholeArguments === true ? (pieces[0] ?? '') : ''
      const start = {
        index,
        id: chatCallId(call, index, form),
        type: 'function',
        function: { name: call.name, arguments: first },
      }
      const rest = form.wholeArguments === true ? [] : pieces
      return [
        ['tool', { tool_calls: [start] }],
        ...rest.map((text): Delta => ['tool', { tool_calls: [{ index, function: { arguments: text } }] }]),
      ]
    }),
  ]
}

function usageBesideChoices(reply: SpokenReply, form: ChatForm, inLastChunk: boolean): JsonObject {
  if (form.usage === 'every-chunk') return { usage: chatUsage(reply) }
  return inLastChunk ? { usage: null } : {}
}

function emptyFirstChunk(): StreamPart {
  return jsonEvent('other', undefined, {
    choices: [],
    created: 0,
    id: '',
    model: '',
    object: '',
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
  })
}

function doneEvents(form: ChatForm): readonly StreamPart[] {
  if (form.done === 'missing') return []
  return form.done === 'twice' ? [chatDone, chatDone] : [chatDone]
}

/** `prompt_tokens` holds the cached ones, unlike Anthropic's `input_tokens`. */
function chatUsage(reply: SpokenReply): JsonObject {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = reply.usage
  const promptTokens = inputTokens + cacheReadTokens + cacheWriteTokens
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: thinkingTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function fingerprintOf(reply: SpokenReply): string {
  return `fp_${hexOf(10, 'fingerprint', reply.model)}`
}
