import { isJsonObject, type Json, RawJson } from '@lb/protocol'

/** What an answer says, whatever its dialect: enough to see whether something was lost, doubled or moved. */
export interface Meaning {
  readonly text: string
  readonly thinking: string
  readonly calls: readonly { readonly name: string; readonly input: Json }[]
}

// Tests read JSON of unknown shape freely; the meaning of what they read is checked by comparison.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any

/** The meaning of an Anthropic message. */
export function meaningOfMessage(message: Any): Meaning {
  const content: Any[] = message.content
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    thinking: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, input: plain(block.input) }] : [],
    ),
  }
}

function plain(input: unknown): Json {
  return input instanceof RawJson ? input.toJSON() : (JSON.parse(JSON.stringify(input)) as Json)
}

/** The meaning of a whole Chat answer. */
export function meaningOfCompletion(body: Any): Meaning {
  return meaningOfChunks([{ choices: [{ index: 0, delta: body.choices[0].message }] }])
}

/** The meaning of a Chat stream, read as permissively as can be. */
export function meaningOfChunks(chunks: readonly Any[]): Meaning {
  const deltas = chunks.flatMap((chunk) => chunk.choices ?? []).filter((choice: Any) => (choice.index ?? 0) === 0)
  const said: Any[] = deltas.map((choice: Any) => choice.delta ?? {})
  const texts = said.map((delta) => textIn(delta.content) + (delta.refusal || ''))
  const sources = [
    said.map((delta) =>
      (delta.reasoning_details ?? []).map((entry: Any) => entry.text ?? entry.summary ?? '').join(''),
    ),
    said.map((delta) => delta.reasoning_content ?? ''),
    said.map((delta) => (typeof delta.reasoning === 'string' ? delta.reasoning : '')),
    said.map((delta) => thinkingIn(delta.content)),
  ]
  const hasDetails = said.some((delta) => (delta.reasoning_details ?? []).length > 0)
  const used = hasDetails ? sources[0] : sources.find((source) => source?.join('') !== '')
  return { text: texts.join(''), thinking: used?.join('') ?? '', calls: callsIn(said) }
}

function textIn(content: Any): string {
  if (!Array.isArray(content)) return content ?? ''
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

function thinkingIn(content: Any): string {
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (part.type === 'thinking' ? part.thinking.map((piece: Any) => piece.text).join('') : ''))
    .join('')
}

function callsIn(said: readonly Any[]): Meaning['calls'] {
  const calls = new Map<string, { name: string; text: string }>()
  let last = ''
  for (const delta of said) {
    for (const [place, entry] of (delta.tool_calls ?? []).entries()) {
      last =
        typeof entry.index === 'number' ? `i${entry.index}` : entry.id || `${last}/${entry.function?.name ? place : ''}`
      const call = calls.get(last) ?? { name: '', text: '' }
      call.name ||= entry.function?.name || entry.custom?.name || ''
      call.text += entry.function?.arguments ?? (entry.custom ? JSON.stringify({ input: entry.custom.input }) : '')
      calls.set(last, call)
    }
    if (delta.function_call?.name)
      calls.set('fc', { name: delta.function_call.name, text: delta.function_call.arguments })
  }
  return [...calls.values()].map(({ name, text }) => ({ name, input: inputOf(text) }))
}

function inputOf(text: string): Json {
  const value: Json = text.trim() === '' ? {} : (JSON.parse(text) as Json)
  return isJsonObject(value) ? value : { value }
}

/** The meaning of a whole Responses answer. */
export function meaningOfResponse(body: Any): Meaning {
  const items: Any[] = body.output
  const texts = items.filter((item) => item.type === 'message').flatMap((item) => item.content)
  const thoughts = items
    .filter((item) => item.type === 'reasoning')
    .map((item) => {
      const summary = (item.summary ?? []).map((part: Any) => part.text)
      return (summary.length > 0 ? summary : (item.content ?? []).map((part: Any) => part.text))
        .filter(Boolean)
        .join('\n\n')
    })
  const calls = items.filter((item) => item.type === 'function_call' || item.type === 'custom_tool_call')
  return {
    text: texts.map((part) => part.text ?? part.refusal).join(''),
    thinking: thoughts.join(''),
    calls: calls.map((item) => ({
      name: item.name,
      input: item.type === 'function_call' ? inputOf(item.arguments) : { input: item.input },
    })),
  }
}

/** The data of all events of a recorded stream, without the end mark. */
export function dataOf(sse: string): readonly Any[] {
  return sse
    .split(/\r\n\r\n|\n\n/)
    .flatMap((frame) => frame.split(/\r?\n/).filter((line) => line.startsWith('data:')))
    .map((line) => line.slice('data:'.length).trim())
    .filter((data) => data !== '[DONE]' && data !== '')
    .map((data) => JSON.parse(data))
}
