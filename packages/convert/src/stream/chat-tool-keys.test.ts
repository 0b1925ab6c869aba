import type { Anthropic, Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { chunk, plainProfile, toolDelta } from '../../testing/streams.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'
import { createChatToAnthropicByteStream } from './chat-to-anthropic-bytes.ts'
import { encodeAnthropicEvents } from './encode.ts'

const context = contextFor(plainProfile, { tools: ['A', 'B', 'Be', 'Best'] })

/** What the client gets to call: id, name and arguments. Ids that were made are `-`. */
function callsIn(deltas: readonly Json[]): readonly string[] {
  const stream = createChatToAnthropicStream(context)
  const all = [...deltas, chunk({}, 'tool_calls')]
  const events = [...all.flatMap((delta) => stream.push(delta)), ...stream.done()]
  expect(stream.report()).toMatchObject({ phase: 'finished', losses: [{ code: 'usage_missing' }] })
  return foldAnthropicEvents(events).content.map(called)
}

function called(block: Anthropic.MessageBlock): string {
  if (block.type !== 'tool_use') return block.type
  return `${block.id.startsWith('lbg_') ? '-' : block.id} ${block.name} ${JSON.stringify(block.input)}`
}

const none = undefined

test.each<[string, readonly Json[], readonly string[]]>([
  [
    'neither index nor id, and the name in every piece',
    [toolDelta(none, none, 'A', '{"x"'), toolDelta(none, none, 'A', ':1}')],
    ['- A {"x":1}'],
  ],
  [
    'neither index nor id, the name in every piece, and first nothing else',
    [toolDelta(none, none, 'A', ''), toolDelta(none, none, 'A', '{"x":1}')],
    ['- A {"x":1}'],
  ],
  [
    'neither index nor id, two calls of one tool',
    [toolDelta(none, none, 'A', '{"x":1}'), toolDelta(none, none, 'A', '{"x":2}')],
    ['- A {"x":1}', '- A {"x":2}'],
  ],
  [
    'neither index nor id, two tools',
    [toolDelta(none, none, 'A', ''), toolDelta(none, none, 'B', '{"x":2}')],
    ['- A {}', '- B {"x":2}'],
  ],
  [
    'no index, and an id of its own for every piece',
    [toolDelta(none, 'a1', 'A', ''), toolDelta(none, 'a2', none, '{"x"'), toolDelta(none, 'a3', none, ':1}')],
    ['a1 A {"x":1}'],
  ],
  [
    'no index, and a second call whose arguments come before its name',
    [toolDelta(none, 'a', 'A', '{}'), toolDelta(none, 'b', none, '{"x":1}'), toolDelta(none, 'b', 'B', none)],
    ['a A {}', 'b B {"x":1}'],
  ],
  [
    // https://github.com/agno-agi/agno/pull/8880
    "a second call that begins at the first one's index and goes on at its own",
    [toolDelta(0, 'a', 'A', '{"x":1}'), toolDelta(0, 'b', 'B', ''), toolDelta(1, none, none, '{"y":2}')],
    ['a A {"x":1}', 'b B {"y":2}'],
  ],
  [
    'the same, with its id again',
    [toolDelta(0, 'a', 'A', '{"x":1}'), toolDelta(0, 'b', 'B', '{"y"'), toolDelta(1, 'b', none, ':2}')],
    ['a A {"x":1}', 'b B {"y":2}'],
  ],
  [
    'one index for all, and no ids',
    [toolDelta(0, none, 'A', '{}'), toolDelta(0, none, 'A', ''), toolDelta(0, none, 'A', '{"x":1}')],
    ['- A {}', '- A {"x":1}'],
  ],
  [
    'one index for all, and an id for the first only',
    [toolDelta(0, 'a', 'A', '{"x"'), toolDelta(0, none, 'A', ':1}')],
    ['a A {"x":1}'],
  ],
  [
    'one id for two calls',
    [toolDelta(0, 'a', 'A', '{"x":1}'), toolDelta(1, 'a', 'B', '{"y":2}')],
    ['a A {"x":1}', 'lbx2_YQ B {"y":2}'],
  ],
  [
    // https://github.com/openai/openai-agents-js/pull/712
    'an empty object before the arguments',
    [toolDelta(0, 'a', 'A', '{}'), toolDelta(0, none, none, '{"x"'), toolDelta(0, none, none, ':1}')],
    ['a A {"x":1}'],
  ],
  [
    'an empty object, and nothing behind it but white space',
    [toolDelta(0, 'a', 'A', '{ }'), toolDelta(0, none, none, '\n'), toolDelta(1, 'b', 'B', '{}')],
    ['a A {}', 'b B {}'],
  ],
  [
    'a name in pieces whose beginning is the name of another tool',
    [
      toolDelta(0, 'a', 'B', none),
      toolDelta(0, none, 'e', none),
      toolDelta(0, none, 'st', none),
      toolDelta(0, none, none, '{}'),
    ],
    ['a Best {}'],
  ],
])('%s', (_, deltas, expected) => {
  expect(callsIn(deltas.map((delta) => chunk(delta)))).toEqual(expected)
})

test('entries of a whole message are calls of their own, whatever they lack', () => {
  const entry = { function: { name: 'A', arguments: '' } }
  const stream = createChatToAnthropicStream(context)
  const message = {
    role: 'assistant',
    tool_calls: [entry, entry, ...[1, 2].map(() => ({ ...entry, id: 'call_0', index: 0 }))],
  }
  const events = [...stream.push({ choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }), ...stream.done()]
  expect(foldAnthropicEvents(events).content.map(called)).toEqual([
    '- A {}',
    '- A {}',
    'call_0 A {}',
    'lbx2_Y2FsbF8w A {}',
  ])
})

test('arguments that are no text keep their spelling: numbers, order, doubles', () => {
  const raw = '{"b":12345678901234567890,"a":1.0,"a":1e400}'
  const call = (said: string) => `{"index":0,"id":"a","function":{"name":"A","arguments": ${said}}}`
  for (const said of [raw, `${JSON.stringify(raw)},"other":{"arguments":{}}`]) {
    const stream = createChatToAnthropicByteStream(context)
    const bytes = new TextEncoder().encode(
      `data: {"choices":[{"delta":{"tool_calls":[${call(said)}]}}]}\n\ndata: {"choices":[{"finish_reason":"stop"}]}\n\n`,
    )
    const written = new TextDecoder().decode(stream.push(bytes)) + new TextDecoder().decode(stream.end())
    const delta = { type: 'input_json_delta', partial_json: raw } as const
    expect(written).toContain(encodeAnthropicEvents([{ type: 'content_block_delta', index: 0, delta }]))
  }
})
