/**
 * Is the time of a conversion proportional to its size? Converts requests and streams of size n, 2n and 4n, and prints the
 * milliseconds, and the time per unit of size against that of the smallest: about 1 if it is.
 *
 *   pnpm --filter @lb/bench convert [--only calls] [--write]     --write puts the table into docs/performance.md
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  convertAnthropicRequestToChat,
  convertAnthropicRequestToResponses,
  convertChatRequestToAnthropic,
  convertChatResponseToAnthropic,
  createAnthropicToChatByteStream,
  createChatToAnthropicByteStream,
  createResponsesToAnthropicByteStream,
  namedAnthropicProfiles,
  namedProfiles,
  sanitizeAnthropicRequest,
} from '@lb/convert'
import { anthropicRequestKeep, chatRequestKeep, type JsonTree, parseJsonKeeping, stringifyJson } from '@lb/protocol'

/** The largest request and the longest stream; the others are a half and a quarter of them. */
const REQUEST_BYTES = 10_000_000
const STREAM_EVENTS = 100_000
const ROUNDS = 3

const encoder = new TextEncoder()

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there')
  return value
}

function parsed(text: string, keep: Parameters<typeof parseJsonKeeping>[1]): JsonTree {
  const read = parseJsonKeeping(text, keep)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

/** Turns of a coding session: a question, a call, its result. About 2 kB each. */
function anthropicRequest(bytes: number): string {
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
function callsInOneTurn(bytes: number): string {
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

function chatAnswer(calls: number): object {
  const tool_calls = Array.from({ length: calls }, (_, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name: 'Edit', arguments: '{"path":"/src/a.ts"}' },
  }))
  return { id: 'c', choices: [{ index: 0, message: { role: 'assistant', tool_calls }, finish_reason: 'tool_calls' }] }
}

function chatRequest(bytes: number): string {
  const profile = must(namedProfiles['openai-compatible'])
  const converted = convertAnthropicRequestToChat(
    parsed(anthropicRequest(bytes), anthropicRequestKeep),
    profile,
    options,
  )
  if (!converted.ok) throw new Error(converted.error.message)
  return stringifyJson(converted.value.value)
}

const options = { model: 'm', seed: 's', preferResponses: false } as const
const accepted = (converted: { readonly ok: boolean; readonly value?: unknown }): void => {
  if (!converted.ok) throw new Error('refused')
}

const sse = (events: readonly object[]): Uint8Array =>
  encoder.encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
const repeat = (count: number, event: (index: number) => object): readonly object[] =>
  Array.from({ length: count }, (_, index) => event(index))

const chatChunk = (delta: object, finish_reason: string | null = null): object => ({
  id: 'c',
  choices: [{ index: 0, delta, finish_reason }],
})
const callDelta = (text: string, index = 0): object =>
  chatChunk({ tool_calls: [{ index, id: `call_${index}`, function: { name: 'A', arguments: text } }] })
const blockDelta = (delta: object): object => ({ type: 'content_block_delta', index: 0, delta })

interface Case {
  readonly name: string
  readonly size: number
  /** Prepares an input of that size, and gives what is to be timed. */
  readonly prepare: (size: number) => () => void
}

const requestCase = (name: string, text: (bytes: number) => string, convert: (text: string) => void): Case => ({
  name,
  size: REQUEST_BYTES,
  prepare: (size) => {
    const body = text(size)
    return () => convert(body)
  },
})

interface Converter {
  push(bytes: Uint8Array): Uint8Array
  end(): Uint8Array
  report(): { readonly phase: string }
}

const streamCase = (name: string, events: (count: number) => readonly object[], start: () => Converter): Case => ({
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

const chatContext = () => {
  const converted = convertAnthropicRequestToChat(
    { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
    must(namedProfiles['deepseek']),
    options,
  )
  if (!converted.ok) throw new Error(converted.error.message)
  return converted.value.context
}
const clientContext = {
  version: 1,
  model: 'm',
  seed: 's',
  renamedTools: {},
  customTools: [],
  includeUsage: true,
  createdEpochS: 0,
} as const
const toAnthropic = (): Converter => createChatToAnthropicByteStream(chatContext())
const messageStart = { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 1 } } }
const messageEnd = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

const cases: readonly Case[] = [
  requestCase('request Anthropic → Chat', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToChat(
        parsed(text, anthropicRequestKeep),
        must(namedProfiles['openai-compatible']),
        options,
      ),
    ),
  ),
  requestCase('request Anthropic → Chat, foreign ids', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToChat(parsed(text, anthropicRequestKeep), must(namedProfiles['mistral']), options),
    ),
  ),
  requestCase('request Anthropic → Responses', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToResponses(
        parsed(text, anthropicRequestKeep),
        must(namedProfiles['openai-responses']),
        options,
      ),
    ),
  ),
  requestCase('request Chat → Anthropic', chatRequest, (text) =>
    accepted(
      convertChatRequestToAnthropic(parsed(text, chatRequestKeep), must(namedAnthropicProfiles['anthropic']), options),
    ),
  ),
  requestCase('request Anthropic → Anthropic', anthropicRequest, (text) =>
    accepted(
      sanitizeAnthropicRequest(parsed(text, anthropicRequestKeep), must(namedAnthropicProfiles['bedrock']), options),
    ),
  ),
  requestCase('request Anthropic → Chat, one turn of calls', callsInOneTurn, (text) =>
    accepted(
      convertAnthropicRequestToChat(parsed(text, anthropicRequestKeep), must(namedProfiles['mistral']), options),
    ),
  ),
  requestCase(
    'answer Chat → Anthropic, calls',
    (bytes) => JSON.stringify(chatAnswer(bytes / 100)),
    (text) => accepted(convertChatResponseToAnthropic(JSON.parse(text), chatContext())),
  ),
  streamCase(
    'stream Chat → Anthropic, text',
    (count) => [...repeat(count, () => chatChunk({ content: 'word ' })), chatChunk({}, 'stop')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, reasoning',
    (count) => [...repeat(count, () => chatChunk({ reasoning_content: 'word ' })), chatChunk({}, 'stop')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, one long call',
    (count) => [
      callDelta('{"a":"'),
      ...repeat(count, () => callDelta('text ')),
      callDelta('"}'),
      chatChunk({}, 'tool_calls'),
    ],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, two calls interleaved',
    (count) => [
      ...[0, 1].map((index) => callDelta('{"a":"', index)),
      ...repeat(count, (index) => callDelta('text ', index % 2)),
      ...[0, 1].map((index) => callDelta('"}', index)),
      chatChunk({}, 'tool_calls'),
    ],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, many calls',
    (count) => [...repeat(count, (index) => callDelta('{}', index)), chatChunk({}, 'tool_calls')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, a stop sequence looked for',
    (count) => [...repeat(count, () => chatChunk({ content: 'word aab ' })), chatChunk({}, 'stop')],
    () => createChatToAnthropicByteStream({ ...chatContext(), emulateStop: true, stopSequences: ['aaab', 'wo!'] }),
  ),
  streamCase(
    'stream Responses → Anthropic, many calls',
    (count) => [
      ...repeat(count, (index) => ({
        type: 'response.output_item.done',
        output_index: index,
        item: { type: 'function_call', call_id: `c${index}`, name: 'A', arguments: '{}' },
      })),
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    ],
    () => createResponsesToAnthropicByteStream(chatContext()),
  ),
  streamCase(
    'stream Responses → Anthropic, text',
    (count) => [
      { type: 'response.created', response: { id: 'r' } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', id: 'm', role: 'assistant', content: [] },
      },
      ...repeat(count, () => ({
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta: 'word ',
      })),
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    ],
    () => createResponsesToAnthropicByteStream(chatContext()),
  ),
  streamCase(
    'stream Anthropic → Chat, text',
    (count) => [
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...repeat(count, () => blockDelta({ type: 'text_delta', text: 'word ' })),
      ...messageEnd,
    ],
    () => createAnthropicToChatByteStream(clientContext),
  ),
  streamCase(
    'stream Anthropic → Chat, one long call',
    (count) => [
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'A', input: {} } },
      ...repeat(count, () => blockDelta({ type: 'input_json_delta', partial_json: 'text ' })),
      ...messageEnd,
    ],
    () => createAnthropicToChatByteStream(clientContext),
  ),
]

/** CPU time, because the machine may have other work; the best of some rounds, because disturbances only ever add. */
function best(run: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage().user
    run()
    return (process.cpuUsage().user - before) / 1000
  })
  return Math.min(...times)
}

/** A quarter, a half and all of the size: milliseconds, and the time per unit of size against that of the quarter. */
function measured({ name, size, prepare }: Case): string {
  best(prepare(size / 4)) // compiles
  const times = [size / 4, size / 2, size].map((one) => best(prepare(one)))
  const growth = times.map((ms, index) => (ms / 2 ** index / (times[0] ?? 1)).toFixed(2))
  const cells = [name, ...times.map((ms) => ms.toFixed(0)), ...growth.slice(1)]
  console.log(cells.join('  '))
  return `| ${cells.join(' | ')} |`
}

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } })
const rows = cases.filter(({ name }) => name.includes(values.only ?? '')).map(measured)
if (values.write) {
  const page = new URL('../../docs/performance.md', import.meta.url)
  const table = [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}; the best of ${ROUNDS} rounds, milliseconds of CPU.`,
    '',
    '| conversion | ¼ | ½ | all | per unit at ½ | per unit at all |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
  const text = readFileSync(page, 'utf8')
  writeFileSync(
    page,
    text.replace(/<!-- convert -->[\s\S]*?<!-- \/convert -->/, `<!-- convert -->\n${table}\n<!-- /convert -->`),
  )
}
