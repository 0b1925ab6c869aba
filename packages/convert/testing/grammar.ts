import type { Anthropic } from '@lb/protocol'
import type { ChatStreamEvent } from '../src/index.ts'

/** What is wrong with a stream of Anthropic events, by the grammar of the API. Empty: nothing. Written apart from the code. */
export function anthropicGrammarProblems(events: readonly Anthropic.Event[]): readonly string[] {
  const problems: string[] = []
  let state: 'before' | 'between' | 'inside' | 'ending' | 'after' = 'before'
  let index = -1
  let kind = ''
  for (const [at, event] of events.entries()) {
    const wrong = (what: string): unknown => problems.push(`event ${at} (${event.type}): ${what}`)
    if (state === 'after') wrong('something follows the end')
    switch (event.type) {
      case 'message_start':
        if (state !== 'before') wrong('a second start')
        if (event.message.content.length > 0) wrong('content in the start')
        if (event.message.stop_reason !== null) wrong('a stop reason in the start')
        state = 'between'
        break
      case 'content_block_start':
        if (state !== 'between') wrong(`a block starts ${state}`)
        if (event.index !== index + 1) wrong(`index ${event.index} behind ${index}`)
        index = event.index
        kind = event.content_block.type
        state = 'inside'
        break
      case 'content_block_delta':
        if (state !== 'inside') wrong(`a delta ${state}`)
        if (event.index !== index) wrong(`a delta for block ${event.index} in block ${index}`)
        if (!fits(kind, event.delta.type)) wrong(`${event.delta.type} in a block of type ${kind}`)
        break
      case 'content_block_stop':
        if (state !== 'inside') wrong(`a block stops ${state}`)
        if (event.index !== index) wrong(`block ${event.index} stops in block ${index}`)
        state = 'between'
        break
      case 'message_delta':
        if (state !== 'between') wrong(`the message ends ${state}`)
        if (event.delta.stop_reason === null) wrong('no stop reason')
        if (typeof event.usage.output_tokens !== 'number') wrong('no output_tokens')
        state = 'ending'
        break
      case 'message_stop':
        if (state !== 'ending') wrong(`message_stop ${state}`)
        state = 'after'
        break
      case 'error':
        if (state === 'before') wrong('an error before anything was written')
        state = 'after'
        break
    }
  }
  if (events.length > 0 && state !== 'after') problems.push(`the stream stops ${state}`)
  return problems
}

function fits(kind: string, delta: string): boolean {
  if (kind === 'text') return delta === 'text_delta' || delta === 'citations_delta'
  if (kind === 'thinking') return delta === 'thinking_delta' || delta === 'signature_delta'
  return kind === 'tool_use' && delta === 'input_json_delta'
}

/** What is wrong with a stream of Chat events. */
export function chatGrammarProblems(events: readonly ChatStreamEvent[], includeUsage: boolean): readonly string[] {
  const problems: string[] = []
  const chunks = events.flatMap((event) => (event.type === 'chunk' ? [event.chunk] : []))
  const ends = events.filter((event) => event.type === 'done' || event.type === 'error')
  if (events.length === 0) return problems
  if (ends.length !== 1 || events.at(-1) !== ends[0]) problems.push('there is not exactly one end, at the end')
  if (new Set(chunks.map(({ id, model, created }) => `${id} ${model} ${created}`)).size > 1)
    problems.push('the head changes')
  if (chunks[0]?.choices[0]?.delta.role !== 'assistant') problems.push('the first chunk has no role')
  const finishes = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.finish_reason !== null)
  const isWhole = events.at(-1)?.type === 'done'
  if (isWhole && finishes.length !== 1) problems.push(`${finishes.length} finish reasons`)
  const calls = new Set<number>()
  for (const call of chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.delta.tool_calls ?? []))) {
    if (!calls.has(call.index)) {
      if (call.index !== calls.size) problems.push(`call ${call.index} behind ${calls.size} calls`)
      if (!call.id || !(call.function?.name || call.custom?.name))
        problems.push(`call ${call.index} begins without id or name`)
    }
    calls.add(call.index)
  }
  const last = chunks.at(-1)
  if (isWhole && includeUsage && (last?.choices.length !== 0 || !last.usage))
    problems.push('the last chunk has no usage')
  if (!includeUsage && chunks.some((chunk) => 'usage' in chunk))
    problems.push('a chunk has usage that nobody asked for')
  return problems
}
