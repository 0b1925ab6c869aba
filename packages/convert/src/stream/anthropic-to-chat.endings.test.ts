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
const args = (index: number, partial_json: string) => blockDelta(index, { type: 'input_json_delta', partial_json })
const codes = (outcome: ReturnType<typeof anthropicStream>) => outcome.report.losses.map(({ code }) => code)
/** An answer of one block between the usual beginning and end. */
const answer = (...events: Parameters<typeof anthropicStream>[0]) => [
  messageStart(),
  ...events,
  messageEnd('end_turn'),
  messageStop,
]

describe('what only the provider understands', () => {
  test('blocks of its own tools are kept aside and reported; text behind them stays', () => {
    const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const outcome = anthropicStream(
      answer(blockStart(0, server), args(0, '{"query":"x"}'), blockStop(0), ...textBlock(1, 'found')),
    )
    expect(briefChat(outcome.events).slice(1, 3)).toEqual(['{"content":"found"}', 'finish stop'])
    expect(outcome.report.aside).toEqual({ server_tool_use: server })
    expect(outcome.report.losses).toEqual([
      { code: 'hosted_call_dropped', path: '/content/0', detail: 'server_tool_use', count: 1 },
    ])
  })

  test('a block without a type, and a delta of an unknown one', () => {
    const outcome = anthropicStream(
      answer(
        blockStart(0, {}),
        blockDelta(0, { type: 'compaction_delta', content: 'x' }),
        blockDelta(0, {}),
        blockStop(0),
      ),
    )
    expect(briefChat(outcome.events)).toEqual([role, 'finish stop', 'usage 7+9', 'done'])
    expect(outcome.report.aside).toEqual({ block: {} })
  })

  test('events of unknown types are reported', () => {
    expect(anthropicStream([{ type: 'news' }, 3, ...answer(...textBlock(0, 'x'))]).report.losses).toEqual([
      { code: 'event_unexpected', path: '', detail: 'news', count: 1 },
      { code: 'event_unexpected', path: '', detail: '', count: 1 },
    ])
  })
})

describe('how it ends', () => {
  test.each([
    ['end_turn', 'stop', []],
    ['stop_sequence', 'stop', []],
    ['tool_use', 'tool_calls', []],
    ['max_tokens', 'length', []],
    ['model_context_window_exceeded', 'length', []],
    ['compaction', 'stop', ['stop_reason_changed']],
    ['new_reason', 'stop', ['stop_reason_changed']],
    [null, 'stop', ['stop_reason_changed']],
  ])('%s is %s', (reason, expected, losses) => {
    const outcome = anthropicStream([messageStart(), messageEnd(reason), messageStop])
    expect(briefChat(outcome.events)[1]).toBe(`finish ${expected}`)
    expect(codes(outcome)).toEqual(losses)
  })

  test('the stop sequence is kept aside', () => {
    expect(
      anthropicStream([messageStart(), messageEnd('stop_sequence', { stop_sequence: 'END' }), messageStop]).report
        .aside,
    ).toEqual({ stop_sequence: 'END' })
  })

  test('of several message_delta the one with a reason ends it, and content between them counts', () => {
    const early = { type: 'message_delta', delta: { stop_reason: null, container: { id: 'c' } }, usage: {} }
    const { events, report } = anthropicStream([
      messageStart(),
      ...textBlock(0, 'a'),
      early,
      ...textBlock(1, 'b'),
      messageEnd('tool_use'),
      messageStop,
    ])
    expect(briefChat(events)).toEqual([
      role,
      '{"content":"a"}',
      '{"content":"b"}',
      'finish tool_calls',
      'usage 7+9',
      'done',
    ])
    expect(report.losses).toEqual([])
  })

  test('a stop reason that is said twice counts once', () => {
    expect(
      briefChat(
        anthropicStream([messageStart(), messageEnd('end_turn'), messageEnd('max_tokens'), messageStop]).events,
      ),
    ).toEqual([role, 'finish stop', 'usage 7+9', 'done'])
  })

  test('a whole message in its beginning is a whole answer', () => {
    const content = [{ type: 'text', text: 'x' }, 'odd', { type: 'tool_use', id: 'a', name: 'A', input: { y: 1 } }]
    const { events } = anthropicStream([messageStart({ content, stop_reason: 'tool_use' }), messageStop])
    expect(briefChat(events)).toEqual([
      role,
      '{"content":"x"}',
      expect.stringContaining('"name":"A"'),
      expect.stringContaining('{\\"y\\":1}'),
      'finish tool_calls',
      'usage 7+1',
      'done',
    ])
  })

  test('an end without a stop reason has none made up but the plainest, and is reported', () => {
    const outcome = anthropicStream([messageStart(), ...textBlock(0, 'x'), messageStop])
    expect(briefChat(outcome.events).slice(-3)).toEqual(['finish stop', 'usage 7+1', 'done'])
    expect(codes(outcome)).toEqual(['stop_reason_changed'])
  })

  test('a stream that is cut is an error, without an end mark', () => {
    const outcome = anthropicStream([messageStart(), ...textBlock(0, 'x')])
    expect(briefChat(outcome.events)).toEqual([
      role,
      '{"content":"x"}',
      'error server_error null: upstream stream ended early',
    ])
    expect(outcome.report.error).toMatchObject({ isPreStream: false, status: 500 })
    expect(anthropicStream([]).report.error).toMatchObject({ isPreStream: true })
  })

  test('cut behind the stop reason, the answer is whole', () => {
    expect(
      briefChat(anthropicStream([messageStart(), ...textBlock(0, 'x'), messageEnd('end_turn')]).events).slice(-3),
    ).toEqual(['finish stop', 'usage 7+9', 'done'])
  })

  test('an error in the stream is an error, in either form', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }
    expect(briefChat(anthropicStream([messageStart(), ...textBlock(0, 'x'), error, messageStop]).events).at(-1)).toBe(
      'error server_error overloaded: busy',
    )
    expect(anthropicStream([messageStart(), error]).report.error).toMatchObject({
      isPreStream: true,
      status: 503,
      upstream: error,
    })
    expect(anthropicStream([{ error: { type: 'rate_limit_error', message: 'slow' } }]).report.error).toMatchObject({
      status: 429,
    })
  })

  test('what comes behind the end is reported; an end mark there means nothing', () => {
    const stream = createAnthropicToChatStream(chatContext())
    for (const event of answer(...textBlock(0, 'x'))) stream.push(event)
    expect([...stream.push({ type: 'ping' }), ...stream.done(), ...stream.end()]).toEqual([])
    expect(stream.report().losses).toEqual([{ code: 'data_after_end', path: '', count: 1 }])
  })

  test('the host can end it', () => {
    const stream = createAnthropicToChatStream(chatContext())
    stream.push(messageStart())
    expect(stream.fail({ message: 'reset' })).toEqual([])
    expect(stream.report()).toMatchObject({
      phase: 'failed',
      error: { isPreStream: true, body: { error: { message: 'reset' } } },
    })
  })

  test('without any usage there are zeros, and a loss', () => {
    const outcome = anthropicStream([
      { type: 'message_start', message: {} },
      ...textBlock(0, 'x'),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      messageStop,
    ])
    expect(briefChat(outcome.events)).toContain('usage 0+0')
    expect(codes(outcome)).toEqual(['usage_missing'])
    expect(outcome.report.usage).toBeUndefined()
  })
})
