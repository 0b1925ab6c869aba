/** What the conversions are timed on: requests and streams of any size. */
import { type ConversionContext, convertAnthropicRequestToChat, namedProfiles } from '@lb/convert'
import { anthropicRequestKeep, type JsonTree, parseJsonKeeping, stringifyJson } from '@lb/protocol'

/** The largest request and the longest stream; the others are a half and a quarter of them. */
export const REQUEST_BYTES = 10_000_000
export const STREAM_EVENTS = 100_000

const encoder = new TextEncoder()

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there')
  return value
}

export function parsed(text: string, keep: Parameters<typeof parseJsonKeeping>[1]): JsonTree {
  const read = parseJsonKeeping(text, keep)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

/** Turns of a coding session: a question, a call, its result. About 2 kB each. */
export function anthropicRequest(bytes: number): string {
  const turns: string[] = []
  for (let size = 0, index = 0; size < bytes; index += 1) {
    const input = { path: `/src/file-${index}.ts`, text: 'const x = "y"\n'.repeat(40) }
    const turn = [
      { role: 'user', content: `Please change file ${index}` },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Well.' },
          { type: 'tool_use', id: `toolu_${index}`, name: 'Edit', input },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: `toolu_${index}`, content: 'done\n'.repeat(200) }],
      },
      { role: 'assistant', content: 'It is done.' },
    ]
    const text = JSON.stringify(turn).slice(1, -1)
    turns.push(text)
    size += text.length
  }
  turns.push('{"role":"user","content":"thanks"}')
  const tools = '[{"name":"Edit","input_schema":{"type":"object"}}]'
  return `{"model":"m","max_tokens":1000,"tools":${tools},"messages":[${turns.join(',')}]}`
}

/** As many calls in one answer as there is room for, and their results. About 200 bytes each. */
export function callsInOneTurn(bytes: number): string {
  const ids = Array.from({ length: bytes / 200 }, (_, index) => `toolu_${index}`)
  const calls = ids.map((id) => ({ type: 'tool_use', id, name: 'Edit', input: { path: `/src/${id}` } }))
  const results = ids.map((tool_use_id) => ({ type: 'tool_result', tool_use_id, content: 'done' }))
  const messages = [
    { role: 'user', content: 'go' },
    { role: 'assistant', content: calls },
    { role: 'user', content: results },
  ]
  return JSON.stringify({ model: 'm', max_tokens: 1000, messages })
}

export function chatAnswer(calls: number): object {
  const tool_calls = Array.from({ length: calls }, (_, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name: 'Edit', arguments: '{"path":"/src/a.ts"}' },
  }))
  return { id: 'c', choices: [{ index: 0, message: { role: 'assistant', tool_calls }, finish_reason: 'tool_calls' }] }
}

export function chatRequest(bytes: number): string {
  const profile = must(namedProfiles['openai-compatible'])
  const converted = convertAnthropicRequestToChat(
    parsed(anthropicRequest(bytes), anthropicRequestKeep),
    profile,
    options,
  )
  if (!converted.ok) throw new Error(converted.error.message)
  return stringifyJson(converted.value.value)
}

export const options = { model: 'm', seed: 's', preferResponses: false } as const
export const accepted = (converted: { readonly ok: boolean; readonly value?: unknown }): void => {
  if (!converted.ok) throw new Error('refused')
}

const sse = (events: readonly object[]): Uint8Array =>
  encoder.encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
export const repeat = (count: number, event: (index: number) => object): readonly object[] =>
  Array.from({ length: count }, (_, index) => event(index))

export const chatChunk = (delta: object, finish_reason: string | null = null): object => ({
  id: 'c',
  choices: [{ index: 0, delta, finish_reason }],
})
export const callDelta = (text: string, index = 0): object =>
  chatChunk({ tool_calls: [{ index, id: `call_${index}`, function: { name: 'A', arguments: text } }] })
export const blockDelta = (delta: object): object => ({ type: 'content_block_delta', index: 0, delta })

export interface Case {
  readonly name: string
  readonly size: number
  /** Prepares an input of that size, and gives what is to be timed. */
  readonly prepare: (size: number) => () => void
}

export const requestCase = (name: string, text: (bytes: number) => string, convert: (text: string) => void): Case => ({
  name,
  size: REQUEST_BYTES,
  prepare: (size) => {
    const body = text(size)
    return () => convert(body)
  },
})

export interface Converter {
  push(bytes: Uint8Array): Uint8Array
  end(): Uint8Array
  report(): { readonly phase: string }
}

export const streamCase = (
  name: string,
  events: (count: number) => readonly object[],
  start: () => Converter,
): Case => ({
  name,
  size: STREAM_EVENTS,
  prepare: (size) => {
    const bytes = sse(events(size))
    return () => {
      const stream = start()
      for (let at = 0; at < bytes.length; at += 16_384) stream.push(bytes.subarray(at, at + 16_384))
      stream.end()
      if (stream.report().phase !== 'finished') throw new Error(`${name}: ${stream.report().phase}`)
    }
  },
})

export const chatContext = (): ConversionContext => {
  const converted = convertAnthropicRequestToChat(
    { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
    must(namedProfiles['deepseek']),
    options,
  )
  if (!converted.ok) throw new Error(converted.error.message)
  return converted.value.context
}
export const clientContext = {
  version: 1,
  model: 'm',
  seed: 's',
  renamedTools: {},
  customTools: [],
  includeUsage: true,
  createdEpochS: 0,
} as const
export const messageStart = {
  type: 'message_start',
  message: { id: 'm', usage: { input_tokens: 1, output_tokens: 1 } },
}
export const messageEnd: readonly object[] = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]
