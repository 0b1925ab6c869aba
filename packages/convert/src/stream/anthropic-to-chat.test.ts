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
import { chatGrammarProblems } from '../../testing/grammar.ts'
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

test('text is handed on as it comes; usage and the end mark stand at the end', () => {
  const { events, report } = anthropicStream([
    messageStart(),
    { type: 'ping' },
    ...textBlock(0, 'Hel', 'lo'),
    messageEnd('end_turn'),
    messageStop,
  ])
  const head = { id: 'chatcmpl-msg_1', object: 'chat.completion.chunk', created: 7, model: 'gpt-test-1' }
  const choice = (delta: object, finish_reason: string | null = null) => ({
    type: 'chunk',
    chunk: { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null },
  })
  expect(events).toEqual([
    choice({ role: 'assistant', content: '' }),
    choice({ content: 'Hel' }),
    choice({ content: 'lo' }),
    choice({}, 'stop'),
    {
      type: 'chunk',
      chunk: {
        ...head,
        choices: [],
        usage: {
          prompt_tokens: 7,
          completion_tokens: 9,
          total_tokens: 16,
          prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
        },
      },
    },
    { type: 'done' },
  ])
  expect(report).toMatchObject({
    phase: 'finished',
    sawContent: true,
    error: undefined,
    losses: [],
    aside: {},
    isSatisfied: false,
  })
  expect(report.usage).toMatchObject({ input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 9 })
})

test('usage is not mentioned when nobody asked for it', () => {
  const { events } = anthropicStream(answer(...textBlock(0, 'x')), { includeUsage: false })
  expect(briefChat(events)).toEqual([role, '{"content":"x"}', 'finish stop', 'done'])
  expect(chatGrammarProblems(events, false)).toEqual([])
})

describe('how it begins', () => {
  test('nothing is written before the first content; a ping then is no reason either', () => {
    const stream = createAnthropicToChatStream(chatContext())
    expect([...stream.push(messageStart()), ...stream.push({ type: 'ping' })]).toEqual([])
    expect(stream.report().phase).toBe('waiting')
    expect(stream.push(blockStart(0, { type: 'text', text: '' }))).toEqual([])
    expect(briefChat(stream.push(blockDelta(0, { type: 'text_delta', text: 'x' })))).toEqual([role, '{"content":"x"}'])
    expect(briefChat(stream.push({ type: 'ping' }))).toEqual([': ping'])
  })

  test('startOn first-chunk begins with message_start', () => {
    const stream = createAnthropicToChatStream(chatContext(), { startOn: 'first-chunk' })
    expect(briefChat(stream.push(messageStart()))).toEqual([role])
    expect(stream.report()).toMatchObject({ phase: 'started', sawContent: false })
  })
})

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

describe('reasoning', () => {
  test('text goes out in both forms that clients read, the signature in the one that can hold it', () => {
    const { events } = anthropicStream(
      answer(
        blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
        blockDelta(0, { type: 'thinking_delta', thinking: 'hm' }),
        blockDelta(0, { type: 'signature_delta', signature: 'Sig==' }),
        blockStop(0),
      ),
    )
    expect(briefChat(events).slice(1, 3)).toEqual([
      '{"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0}]}',
      '{"reasoning_details":[{"type":"reasoning.text","signature":"Sig==","format":"anthropic-claude-v1","index":0}]}',
    ])
  })

  test('what came with the beginning counts, and what is empty does not', () => {
    const { events } = anthropicStream(
      answer(
        blockStart(2, { type: 'thinking', thinking: 'hm', signature: 'S' }),
        blockDelta(2, { type: 'thinking_delta', thinking: '' }),
        blockStop(2),
      ),
    )
    expect(briefChat(events).slice(1, 4)).toEqual([
      expect.stringContaining('"reasoning_content":"hm"'),
      expect.stringContaining('"signature":"S"'),
      'finish stop',
    ])
  })

  test('redacted reasoning is an encrypted detail', () => {
    expect(
      briefChat(
        anthropicStream(answer(blockStart(0, { type: 'redacted_thinking', data: 'opaque' }), blockStop(0))).events,
      )[1],
    ).toBe(
      '{"reasoning_details":[{"type":"reasoning.encrypted","data":"opaque","format":"anthropic-claude-v1","index":0}]}',
    )
  })
})

describe('text', () => {
  test('texts next to each other are one; between others stands a blank line', () => {
    const joined = anthropicStream(answer(...textBlock(0, 'a'), ...textBlock(1, 'b')))
    expect(briefChat(joined.events).slice(1, 3)).toEqual(['{"content":"a"}', '{"content":"b"}'])
    expect(codes(joined)).toEqual([])
    const apart = anthropicStream(
      answer(...textBlock(0, 'a'), call(1, 'x', 'X'), blockStop(1), ...textBlock(2, '', 'b', 'c')),
    )
    expect(briefChat(apart.events).slice(4, 6)).toEqual(['{"content":"\\n\\nb"}', '{"content":"c"}'])
    expect(codes(apart)).toEqual(['block_boundaries_joined'])
    expect(briefChat(anthropicStream(answer(call(0, 'x', 'X'), blockStop(0), ...textBlock(1, 'a'))).events)[3]).toBe(
      '{"content":"a"}',
    )
  })

  test('text that came with the beginning of its block counts', () => {
    expect(briefChat(anthropicStream(answer(blockStart(0, { type: 'text', text: 'a' }), blockStop(0))).events)[1]).toBe(
      '{"content":"a"}',
    )
  })

  test('sources from the web become annotations of the content, by code points; others are kept aside', () => {
    const web = { type: 'web_search_result_location', url: 'https://u', title: 'T', cited_text: 'c' }
    const { events, report } = anthropicStream(
      answer(
        ...textBlock(0, 'a\u{1f600}'),
        blockStart(1, { type: 'text', text: '', citations: [web] }),
        blockDelta(1, { type: 'text_delta', text: 'bcd' }),
        blockDelta(1, { type: 'citations_delta', citation: { type: 'page_location' } }),
        blockDelta(1, { type: 'citations_delta', citation: { type: 'char_location' } }),
        blockStop(1),
      ),
    )
    expect(briefChat(events).at(-4)).toBe(
      '{"annotations":[{"type":"url_citation","url_citation":{"url":"https://u","title":"T","start_index":2,"end_index":5}}]}',
    )
    expect(report.aside).toEqual({ citations: [{ type: 'page_location' }, { type: 'char_location' }] })
    expect(report.losses).toEqual([{ code: 'annotations_dropped', path: '/content/1/citations', count: 2 }])
  })

  test('a source without its members, or without a block, has empty ones', () => {
    const bare = { type: 'web_search_result_location' }
    const { events } = anthropicStream(
      answer(
        ...textBlock(0, 'x'),
        blockDelta(1, { type: 'citations_delta', citation: bare }),
        blockDelta(1, { type: 'citations_delta' }),
        blockStop(1),
      ),
    )
    expect(briefChat(events)[2]).toBe(
      '{"annotations":[{"type":"url_citation","url_citation":{"url":"","title":"","start_index":0,"end_index":1}}]}',
    )
  })
})

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
