import type { Json, JsonObject } from '@lb/protocol'
import { RawJson } from '@lb/protocol'
import { expect, test } from 'vitest'
import {
  anthropicStream,
  blockDelta,
  blockStart,
  blockStop,
  briefChat,
  messageEnd,
  messageStart,
  messageStop,
  textBlock,
} from '../../testing/chat-streams.ts'

const around = (...events: readonly Json[]) =>
  briefChat(anthropicStream([messageStart(), ...events, messageEnd('end_turn'), messageStop]).events).slice(1, -3)

test.each([
  { type: 'text' },
  { type: 'text', text: 7 },
  { type: 'thinking' },
  { type: 'thinking', thinking: null, signature: null },
])('a block %j that says nothing is nothing', (block) => {
  expect(around(blockStart(0, block), blockStop(0))).toEqual([])
})

test.each([
  { type: 'text_delta' },
  { type: 'thinking_delta', thinking: null },
  { type: 'signature_delta' },
  { type: 'citations_delta' },
  { type: 'no_such_delta', text: 'a' },
  {},
])('a delta %j that says nothing is nothing', (delta) => {
  const opened = blockStart(0, { type: 'text', text: 'a' })
  expect(around(opened, blockDelta(0, delta), blockStop(0))).toEqual(['{"content":"a"}'])
})

test('a delta of a kind that nobody knows is reported, unless its block is hidden anyway', () => {
  const rewritten = blockDelta(0, { type: 'text_replace', text: 'b' })
  const shown = anthropicStream([messageStart(), blockStart(0, { type: 'text', text: 'a' }), rewritten])
  expect(shown.report.losses).toEqual([
    { code: 'event_unexpected', path: '/content/0', detail: 'text_replace', count: 1 },
  ])
  const hidden = anthropicStream([messageStart(), blockStart(0, { type: 'compaction' }), rewritten])
  expect(hidden.report.losses.map(({ code }) => code)).toEqual(['hosted_call_dropped'])
})

test('a call whose delta, name, id and input are missing is still a call with an object for arguments', () => {
  const call = blockStart(0, { type: 'tool_use', input: [] })
  expect(around(call, blockDelta(0, { type: 'input_json_delta' }), blockStop(0))).toEqual([
    '{"tool_calls":[{"index":0,"id":"","type":"function","function":{"name":"","arguments":""}}]}',
    '{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}',
  ])
})

test('arguments that came whole with the beginning stay the text they are, until deltas take their place', () => {
  const input = new RawJson('{"a":1.0,"a":12345678901234567890}') as unknown as JsonObject
  const begun = blockStart(0, { type: 'tool_use', id: 't', name: 'A', input })
  expect(around(begun, blockStop(0)).at(-1)).toBe(
    JSON.stringify({ tool_calls: [{ index: 0, function: { arguments: '{"a":1.0,"a":12345678901234567890}' } }] }),
  )
  expect(around(begun, blockDelta(0, { type: 'input_json_delta', partial_json: '{}' }), blockStop(0)).at(-1)).toBe(
    '{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}',
  )
})

test('arguments for what is no call are nobody’s', () => {
  const opened = blockStart(0, { type: 'text', text: 'a' })
  const delta = blockDelta(0, { type: 'input_json_delta', partial_json: '{"a":1}' })
  expect(around(opened, delta, blockStop(0))).toEqual(['{"content":"a"}'])
})

test('redacted reasoning without data is passed on as that', () => {
  expect(around(blockStart(0, { type: 'redacted_thinking' }), blockStop(0))).toEqual([
    '{"reasoning_details":[{"type":"reasoning.encrypted","data":"","format":"anthropic-claude-v1","index":0}]}',
  ])
})

test('an event without its index or its block is about the first block, and says nothing', () => {
  expect(around({ type: 'content_block_start' }, { type: 'content_block_stop' }, ...textBlock(0, 'a'))).toEqual([
    '{"content":"a"}',
  ])
  const { report } = anthropicStream([{ type: 'message_start' }, { type: 'message_delta' }, messageStop])
  expect(report.phase).toBe('finished')
})

test('a renamed tool gets its own name back, one named like a member of every object its own', () => {
  const called = (name: string) =>
    briefChat(
      anthropicStream([messageStart(), blockStart(0, { type: 'tool_use', id: 't', name, input: {} }), blockStop(0)], {
        renamedTools: { short: 'the long name' },
      }).events,
    )[1]
  expect(called('short')).toContain('"name":"the long name"')
  expect(called('constructor')).toContain('"name":"constructor"')
})

test('a call whose end was never said has arguments that can be parsed all the same', () => {
  const begun = blockStart(0, { type: 'tool_use', id: 't', name: 'A', input: {} })
  expect(around(begun).at(-1)).toBe('{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}')
  const delta = blockDelta(0, { type: 'input_json_delta', partial_json: '{"a":1}' })
  expect(around(begun, delta).at(-1)).toBe('{"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\":1}"}}]}')
})

test('only the first stop reason counts', () => {
  const events = [messageStart(), ...textBlock(0, 'a'), messageEnd('max_tokens'), messageEnd('end_turn'), messageStop]
  expect(briefChat(anthropicStream(events).events).filter((line) => line.startsWith('finish'))).toEqual([
    'finish length',
  ])
})

test('blocks that all have one number, and no end, are told apart', () => {
  const begun = (id: string) => blockStart(0, { type: 'tool_use', id, name: 'A', input: {} })
  const calls = around(begun('t1'), begun('t2')).filter((line) => line.includes('arguments'))
  expect(calls).toEqual([
    '{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"A","arguments":""}}]}',
    '{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}',
    '{"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"A","arguments":""}}]}',
    '{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}',
  ])
})

test('an error in a form of its own ends the answer with its words', () => {
  const slow = { base_resp: { status_code: 1002, status_msg: 'slow' } }
  expect(briefChat(anthropicStream([messageStart(), ...textBlock(0, 'a'), slow]).events).at(-1)).toBe(
    'error requests rate_limit_exceeded: slow (1002)',
  )
  const { report } = anthropicStream([messageStart(), { base_resp: { status_code: 0 } }, {}, messageStop])
  expect(report).toMatchObject({
    phase: 'finished',
    losses: expect.arrayContaining([expect.objectContaining({ code: 'event_unexpected', count: 2 })]),
  })
})
