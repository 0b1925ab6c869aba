import type { Json, JsonObject } from '@lb/protocol'
import type { responsesStream } from './streams.ts'

/** Events of a Responses stream, each as small as it may be. */
export const created = { type: 'response.created', response: { id: 'resp_1', model: 'gpt-up', status: 'in_progress' } }
export const usage = {
  input_tokens: 10,
  output_tokens: 4,
  total_tokens: 14,
  input_tokens_details: { cached_tokens: 3 },
  output_tokens_details: { reasoning_tokens: 1 },
}
export const completed = (output: readonly Json[] = [], more: JsonObject = {}): Json => ({
  type: 'response.completed',
  response: { id: 'resp_1', model: 'gpt-up', status: 'completed', output: [...output], usage, ...more },
})
export const added = (output_index: number, item: JsonObject): Json => ({
  type: 'response.output_item.added',
  output_index,
  item,
})
export const done = (output_index: number, item: JsonObject): Json => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
export const text = (output_index: number, delta: string, content_index = 0): Json => ({
  type: 'response.output_text.delta',
  output_index,
  content_index,
  delta,
})
export const summary = (output_index: number, delta: string, summary_index = 0): Json => ({
  type: 'response.reasoning_summary_text.delta',
  output_index,
  summary_index,
  delta,
})
export const args = (output_index: number, delta: string): Json => ({
  type: 'response.function_call_arguments.delta',
  output_index,
  delta,
})
export const message = (...texts: readonly string[]): JsonObject => ({
  type: 'message',
  id: 'm',
  role: 'assistant',
  content: texts.map((one) => ({ type: 'output_text', text: one, annotations: [] })),
})
export const call = (said: string): JsonObject => ({
  type: 'function_call',
  id: 'fc',
  call_id: 'call_1',
  name: 'Bash',
  arguments: said,
})
export const reasoning = (texts: readonly string[], more: JsonObject = {}): JsonObject => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: texts.map((one) => ({ type: 'summary_text', text: one })),
  ...more,
})
/** The signatures that a stream gave to thinking blocks. */
export const signatures = (events: ReturnType<typeof responsesStream>['events']): string[] =>
  events.flatMap((event) =>
    event.type === 'content_block_delta' && event.delta.type === 'signature_delta' ? [event.delta.signature] : [],
  )

/** What a stream reported as lost. */
export const codes = (outcome: ReturnType<typeof responsesStream>): string[] =>
  outcome.report.losses.map(({ code }) => code)
