import { RawJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  anthropicStream,
  blockDelta,
  blockStart,
  blockStop,
  briefChat,
  chatContext,
  messageEnd,
  messageStart,
  messageStop,
  textBlock,
} from '../../testing/chat-streams.ts'
import { createAnthropicToChatStream } from './anthropic-to-chat.ts'

const role = '{"role":"assistant","content":""}'
const call = (index: number, id: string, name: string) => blockStart(index, { type: 'tool_use', id, name, input: {} })
const args = (index: number, partial_json: string) => blockDelta(index, { type: 'input_json_delta', partial_json })
const codes = (outcome: ReturnType<typeof anthropicStream>) => outcome.report.losses.map(({ code }) => code)
/** An answer of one block between the usual beginning and end. */
const answer = (...events: Parameters<typeof anthropicStream>[0]) => [
  messageStart(),
  ...events,
  messageEnd('end_turn'),
  messageStop,
]

describe('B2, the hard cases', () => {
  test('23: calls are numbered among themselves, and their arguments are live', () => {
    const stream = createAnthropicToChatStream(chatContext())
    for (const event of [
      messageStart(),
      blockStart(0, { type: 'thinking', thinking: '' }),
      blockStop(0),
      ...textBlock(1, 'x'),
    ])
      stream.push(event)
    expect(briefChat(stream.push(call(2, 'toolu_1', 'Bash')))).toEqual([
      '{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"Bash","arguments":""}}]}',
    ])
    expect(briefChat(stream.push(args(2, '{"x"')))).toEqual([
      '{"tool_calls":[{"index":0,"function":{"arguments":"{\\"x\\""}}]}',
    ])
    stream.push(args(2, ':1}'))
    stream.push(blockStop(2))
    expect(briefChat(stream.push(call(3, 'toolu_2', 'Read')))[0]).toContain('"index":1,"id":"toolu_2"')
  })

  test('25: a repeated message_start is passed over while nothing was said, and is an error later or with another id', () => {
    const repeated = anthropicStream([
      messageStart(),
      messageStart(),
      ...textBlock(0, 'x'),
      messageEnd('end_turn'),
      messageStop,
    ])
    expect(briefChat(repeated.events)).toContain('done')
    expect(codes(repeated)).toEqual(['event_unexpected'])
    const spliced = anthropicStream([messageStart(), ...textBlock(0, 'x'), messageStart(), messageStop])
    expect(briefChat(spliced.events).at(-1)).toBe(
      'error server_error null: upstream began a second answer inside the first',
    )
    expect(anthropicStream([messageStart(), messageStart({ id: 'msg_2' })]).report.error).toMatchObject({
      isPreStream: true,
      status: 500,
    })
  })

  test('25: a delta without a beginning counts for what it is', () => {
    const { events, report } = anthropicStream([
      messageStart(),
      blockDelta(0, { type: 'text_delta', text: 'a' }),
      blockDelta(1, { type: 'thinking_delta', thinking: 'b' }),
      blockDelta(2, { type: 'input_json_delta', partial_json: '{' }),
      messageEnd('end_turn'),
      messageStop,
    ])
    expect(briefChat(events).slice(1, 4)).toEqual([
      '{"content":"a"}',
      expect.stringContaining('"reasoning_content":"b"'),
      'finish stop',
    ])
    expect(report.losses.map(({ code, detail }) => [code, detail])).toEqual([
      ['event_unexpected', 'text_delta'],
      ['event_unexpected', 'thinking_delta'],
      ['event_unexpected', 'input_json_delta'],
    ])
  })

  test('26: a refusal is content_filter, with its explanation', () => {
    const stop_details = { type: 'refusal', category: 'bio', explanation: 'Not that.' }
    const { events } = anthropicStream([messageStart(), messageEnd('refusal', { stop_details }), messageStop])
    expect(briefChat(events)).toEqual([role, '{"refusal":"Not that."}', 'finish content_filter', 'usage 7+9', 'done'])
    expect(briefChat(anthropicStream([messageStart(), messageEnd('refusal'), messageStop]).events)).toEqual([
      role,
      'finish content_filter',
      'usage 7+9',
      'done',
    ])
    expect(
      briefChat(anthropicStream([messageStart(), messageEnd('end_turn', { stop_details }), messageStop]).events)[1],
    ).toBe('finish stop')
  })

  test('26: pause_turn is length, with a loss: the host may go on', () => {
    const outcome = anthropicStream([messageStart(), ...textBlock(0, 'x'), messageEnd('pause_turn'), messageStop])
    expect(briefChat(outcome.events)).toContain('finish length')
    expect(codes(outcome)).toEqual(['pause_as_length'])
  })

  test('27: cache reads and writes count into the prompt', () => {
    const usage = {
      input_tokens: 1,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 300,
      output_tokens: 4,
      output_tokens_details: { thinking_tokens: 3 },
    }
    const { events } = anthropicStream([messageStart({ usage }), messageEnd('end_turn'), messageStop])
    expect(events.at(-2)).toMatchObject({
      chunk: {
        usage: {
          prompt_tokens: 321,
          completion_tokens: 9,
          total_tokens: 330,
          prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 300 },
          completion_tokens_details: { reasoning_tokens: 3 },
        },
      },
    })
  })
})

describe('calls', () => {
  test('a call without arguments gets an empty object: clients parse them', () => {
    for (const deltas of [[], [args(0, '')]]) {
      const { events } = anthropicStream(answer(call(0, 'a', 'A'), ...deltas, blockStop(0)))
      expect(briefChat(events)[2]).toBe('{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}')
    }
  })

  test('arguments that came with the beginning are written at its end, raw where they were kept', () => {
    const whole = blockStart(0, { type: 'tool_use', id: 'a', name: 'A', input: { x: 1 } })
    expect(briefChat(anthropicStream(answer(whole, blockStop(0))).events)[2]).toBe(
      '{"tool_calls":[{"index":0,"function":{"arguments":"{\\"x\\":1}"}}]}',
    )
    const raw = blockStart(0, { type: 'tool_use', id: 'a', name: 'A', input: Object(new RawJson('{"x":1.0}')) })
    expect(briefChat(anthropicStream(answer(raw, blockStop(0))).events)[2]).toContain('{\\"x\\":1.0}')
    const both = anthropicStream(answer(whole, args(0, '{"y":2}'), blockStop(0)))
    expect(briefChat(both.events).slice(2, 4)).toEqual([
      '{"tool_calls":[{"index":0,"function":{"arguments":"{\\"y\\":2}"}}]}',
      'finish stop',
    ])
  })

  test('names are restored, and free-text tools get their text', () => {
    const { events } = anthropicStream(
      answer(call(0, 'a', 'long_1234'), args(0, '{"input":"a \\"b\\""}'), blockStop(0)),
      { renamedTools: { long_1234: 'long.name' }, customTools: ['long.name'] },
    )
    expect(briefChat(events)[1]).toBe(
      '{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"long.name","input":"a \\"b\\""}}]}',
    )
    const odd = anthropicStream(answer(call(0, 'a', 'P'), args(0, '{"other":1}'), blockStop(0)), { customTools: ['P'] })
    expect(briefChat(odd.events)[1]).toContain('"input":"{\\"other\\":1}"')
    const broken = anthropicStream(answer(call(0, 'a', 'P'), args(0, 'x'), blockStop(0)), { customTools: ['P'] })
    expect(briefChat(broken.events)[1]).toContain('"input":"x"')
  })

  test.each([
    ['{"input":"a\\nb', 'a\nb'],
    [' { "input" : "a\\u00', 'a'],
    ['{"input":"a\\\\', 'a\\'],
    ['{"inp', '{"inp'],
    ['{"input":"a\n\n\n\n\n\n\n\n', '{"input":"a\n\n\n\n\n\n\n\n'],
  ])('free text that was cut off is as much of it as there is: %j', (said, expected) => {
    const { events } = anthropicStream(
      [messageStart(), call(0, 'a', 'P'), args(0, said), blockStop(0), messageEnd('max_tokens'), messageStop],
      { customTools: ['P'] },
    )
    expect(briefChat(events)[1]).toContain(`"input":${JSON.stringify(expected)}`)
  })

  test('a call that code made is not shown: nobody but the provider can answer it', () => {
    const hidden = { type: 'tool_use', id: 'a', name: 'A', input: {}, caller: { type: 'code_execution_20260120' } }
    const outcome = anthropicStream(
      answer(
        blockStart(0, hidden),
        args(0, '{}'),
        blockStop(0),
        blockStart(1, { ...hidden, id: 'b', caller: { type: 'direct' } }),
        blockStop(1),
      ),
    )
    expect(briefChat(outcome.events)[1]).toContain('"index":0,"id":"b"')
    expect(outcome.report.aside).toEqual({ tool_use: hidden })
    expect(outcome.report.losses).toEqual([
      { code: 'tool_caller_dropped', path: '/content/0/caller', detail: 'code_execution_20260120', count: 1 },
    ])
  })
})
