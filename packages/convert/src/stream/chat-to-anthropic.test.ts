import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { anthropicGrammarProblems } from '../../testing/grammar.ts'
import { brief, chatStream, chunk, feed, plainProfile, toolDelta, usageChunk } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'
import { namedProfiles } from '../index.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

test('text is written as it comes, in one block', () => {
  const { events, report } = chatStream([
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'Hel' }),
    chunk({ content: 'lo' }),
    stop,
    usageChunk(7, 2),
  ])
  expect(events).toEqual([
    {
      type: 'message_start',
      message: {
        id: 'msg_chatcmpl-1',
        type: 'message',
        role: 'assistant',
        model: 'claude-test-1',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        container: null,
        diagnostics: null,
        usage: {
          input_tokens: 0,
          output_tokens: 0,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          cache_creation: null,
          output_tokens_details: null,
          server_tool_use: null,
          service_tier: null,
          inference_geo: null,
          speed: null,
        },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null, container: null },
      usage: {
        input_tokens: 7,
        output_tokens: 2,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens_details: null,
        server_tool_use: null,
      },
    },
    { type: 'message_stop' },
  ])
  expect(report).toMatchObject({
    phase: 'finished',
    sawContent: true,
    error: undefined,
    losses: [],
    aside: {},
    isSatisfied: false,
  })
  expect(report.usage).toMatchObject({ input_tokens: 7, output_tokens: 2 })
})

describe('how a stream begins', () => {
  test('nothing is written before the first content, so that a failure can still become another attempt', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile))
    expect(stream.push(chunk({ role: 'assistant', content: '' }))).toEqual([])
    expect(stream.report().phase).toBe('waiting')
    expect(brief(stream.push(chunk({ content: 'x' })))).toEqual(['start', '0 text', '0 + x'])
    expect(stream.report().phase).toBe('started')
  })

  test('startOn first-chunk begins with the first choice, content or not', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile), { startOn: 'first-chunk' })
    expect(stream.push({ id: '', choices: [], prompt_filter_results: [] })).toEqual([])
    expect(brief(stream.push(chunk({ role: 'assistant' })))).toEqual(['start'])
    expect(stream.report()).toMatchObject({ phase: 'started', sawContent: false })
  })

  test("Azure's empty first chunk does not fix the id", () => {
    const { events } = chatStream([{ id: '', model: '', choices: [] }, chunk({ content: 'x' }), stop])
    expect(events[0]).toMatchObject({ message: { id: 'msg_chatcmpl-1' } })
  })

  test('without an id one is made from the seed, and it is the same for the same seed', () => {
    const chunks = [{ choices: [{ delta: { content: 'x' } }] }, stop]
    const [first] = chatStream(chunks).events
    expect(first).toMatchObject({ message: { id: expect.stringMatching(/^msg_lb[\w-]{22}$/) } })
    expect(chatStream(chunks).events[0]).toEqual(first)
    expect(chatStream(chunks, { seed: 'other' }).events[0]).not.toEqual(first)
  })

  test('ids that are the same in every answer are not used', () => {
    const profile = { ...plainProfile, constantIds: true }
    const { events } = chatStream([chunk({ content: 'x' }), stop], { profile })
    expect(events[0]).toMatchObject({ message: { id: expect.stringMatching(/^msg_lb/) } })
  })

  test('the requested model is shown, or on request the one that answered', () => {
    const chunks = [chunk({ content: 'x' }), stop]
    expect(chatStream(chunks, {}, { showModel: 'upstream' }).events[0]).toMatchObject({ message: { model: 'up' } })
    expect(
      chatStream([{ choices: [{ delta: { content: 'x' } }] }, stop], {}, { showModel: 'upstream' }).events[0],
    ).toMatchObject({
      message: { model: 'claude-test-1' },
    })
  })

  test('an estimate of the input stands in the start', () => {
    const { events } = chatStream([chunk({ content: 'x' }), stop], { inputTokensEstimate: 123 })
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 123 } } })
  })
})

describe('B1, the hard cases of streams', () => {
  test('1: arguments of parallel calls that interleave come out whole, in order of first appearance', () => {
    const { events } = chatStream([
      chunk(toolDelta(0, 'a', 'A', '{"x":')),
      chunk(toolDelta(1, 'b', 'B', '{"y"')),
      chunk({ content: 'between' }),
      chunk(toolDelta(0, undefined, undefined, '1}')),
      chunk(toolDelta(1, undefined, undefined, ':2}')),
      calls,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 tool_use a A',
      '0 + {"x":',
      '0 + 1}',
      '0 .',
      '1 tool_use b B',
      '1 + {"y"',
      '1 + :2}',
      '1 .',
      '2 text',
      '2 + between',
      '2 .',
      'end tool_use',
      'stop',
    ])
  })

  test('2: a delta without index, with an empty id or an empty name, continues the last call', () => {
    const { events } = chatStream([
      chunk(toolDelta(undefined, 'a', 'A', '{"x"')),
      chunk(toolDelta(undefined, '', '', ':')),
      chunk(toolDelta(undefined, undefined, undefined, '1}')),
      calls,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 tool_use a A',
      '0 + {"x"',
      '0 + :',
      '0 + 1}',
      '0 .',
      'end tool_use',
      'stop',
    ])
  })

  test('2: without index, the id tells the call', () => {
    const { events } = chatStream([
      chunk(toolDelta(undefined, 'a', 'A', '{"x"')),
      chunk(toolDelta(undefined, 'b', 'B', '{}')),
      chunk(toolDelta(undefined, 'a', undefined, ':1}')),
      calls,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 tool_use a A',
      '0 + {"x"',
      '0 + :1}',
      '0 .',
      '1 tool_use b B',
      '1 + {}',
      '1 .',
      'end tool_use',
      'stop',
    ])
  })

  test('3: two calls with index 0 and different ids are two calls', () => {
    const { events } = chatStream([
      chunk(toolDelta(0, 'a', 'A', '{"x":1}')),
      chunk(toolDelta(0, 'b', 'A', '{"x":2}')),
      calls,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 tool_use a A',
      '0 + {"x":1}',
      '0 .',
      '1 tool_use b A',
      '1 + {"x":2}',
      '1 .',
      'end tool_use',
      'stop',
    ])
  })

  test('4: indices that start at 1 or leave gaps give blocks from 0', () => {
    const { events } = chatStream([chunk(toolDelta(1, 'a', 'A', '{}')), chunk(toolDelta(7, 'b', 'B', '{}')), calls])
    expect(brief(events).filter((line) => line.includes('tool_use '))).toEqual(['0 tool_use a A', '1 tool_use b B'])
  })

  test('5: a finish reason that is repeated ends the message once', () => {
    const { events } = chatStream([
      chunk({ content: 'x' }),
      stop,
      chunk({}, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    ])
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
  })

  test.each([
    ['an empty finish reason', chunk({}, '')],
    ['no finish reason', chunk({})],
  ])('7: %s before the end mark is an end, with a loss', (_what, last) => {
    const { events, report } = chatStream([chunk({ content: 'x' }), last])
    expect(brief(events).slice(-2)).toEqual(['end end_turn', 'stop'])
    expect(report.losses.map(({ code }) => code)).toEqual(['finish_missing', 'usage_missing'])
  })

  test('7: with calls, a missing finish reason means tool_use', () => {
    expect(brief(chatStream([chunk(toolDelta(0, 'a', 'A', '{}'))]).events).at(-2)).toBe('end tool_use')
  })

  test('8: a stream that is cut is an error, and closes nothing', () => {
    const { events, report } = chatStream([chunk({ content: 'x' })], {}, { isMarked: false })
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', 'error api_error: upstream stream ended early'])
    expect(report.phase).toBe('failed')
    expect(report.error).toMatchObject({ isPreStream: false, status: 500, upstream: undefined })
  })

  test('8: a stream that ends after its finish reason is whole, without an end mark', () => {
    expect(brief(chatStream([chunk({ content: 'x' }), stop], {}, { isMarked: false }).events).slice(-2)).toEqual([
      'end end_turn',
      'stop',
    ])
  })

  test('8: a stream with nothing in it is an error, not an empty success', () => {
    const { events, report } = chatStream([])
    expect(events).toEqual([])
    expect(report.error).toMatchObject({
      isPreStream: true,
      body: { error: { type: 'api_error', message: 'upstream sent an empty stream' } },
    })
  })

  test('9: an error in mid-stream ends it, and nothing is made up behind it', () => {
    const error = { error: { message: 'overloaded', type: 'overloaded_error' } }
    const { events, report } = chatStream([chunk({ content: 'x' }), error, chunk({ content: 'y' }), stop])
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', 'error overloaded_error: overloaded'])
    expect(report).toMatchObject({ phase: 'failed', error: { isPreStream: false, status: 529, upstream: error } })
    expect(report.losses).toMatchObject([{ code: 'data_after_end', count: 3 }])
  })

  test('9: an error beside content and usage counts after the content', () => {
    const { events } = chatStream([
      { ...Object(chunk({ content: 'x' }, 'error')), error: { message: 'broke', code: 502 }, usage: {} },
    ])
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', 'error api_error: broke'])
  })

  test('9: length and an error at once are an answer that reached its limit', () => {
    const { events, report } = chatStream([
      { ...Object(chunk({ content: 'x' }, 'length')), error: { message: 'Token limit reached', code: 502 } },
    ])
    expect(brief(events).slice(-2)).toEqual(['end max_tokens', 'stop'])
    expect(report.losses.map(({ code }) => code)).toContain('error_after_content')
  })

  test('9: an error behind a finish reason other than length is an error', () => {
    const { events } = chatStream([chunk({ content: 'x' }), stop, { error: 'late' }])
    expect(brief(events).at(-1)).toBe('error api_error: late')
  })

  test.each([
    ['error: string', { error: 'no' }],
    ['object: error', { object: 'error', message: 'no' }],
    ['type: error', { type: 'error', message: 'no' }],
  ])('9: %s is an error', (_form, event) => {
    expect(chatStream([event]).report.error).toMatchObject({ body: { error: { message: 'no' } } })
  })

  test('10: an error as the first event leaves nothing written: the host can answer with a real status', () => {
    const { events, report } = chatStream([{ error: { message: 'slow down', code: 429 } }])
    expect(events).toEqual([])
    expect(report.error).toMatchObject({
      isPreStream: true,
      status: 429,
      body: { error: { type: 'rate_limit_error', message: 'slow down' } },
    })
  })

  test('11: a call that was cut by the limit ends as max_tokens with what there is of it', () => {
    const { events } = chatStream([chunk(toolDelta(0, 'a', 'A', '{"x":"ab')), chunk({}, 'length')])
    expect(brief(events)).toEqual(['start', '0 tool_use a A', '0 + {"x":"ab', '0 .', 'end max_tokens', 'stop'])
  })

  test('11: a call that was cut without a reason for it is an error: nobody may run half a call', () => {
    for (const last of [calls, stop, chunk({})]) {
      const { events } = chatStream([chunk(toolDelta(0, 'a', 'A', '{"x":"ab')), last])
      expect(brief(events)).toEqual([
        'start',
        '0 tool_use a A',
        '0 + {"x":"ab',
        'error api_error: the arguments of a tool call ended early',
      ])
    }
  })

  test('12: calls with the reason stop are tool_use; the reason tool_calls without a call is end_turn', () => {
    expect(brief(chatStream([chunk(toolDelta(0, 'a', 'A', '{}')), stop]).events).at(-2)).toBe('end tool_use')
    const { events, report } = chatStream([chunk({ content: 'x' }), calls])
    expect(brief(events).at(-2)).toBe('end end_turn')
    expect(report.losses.map(({ code }) => code)).toContain('finish_without_call')
  })

  test('14: reasoning alone is an answer; empty reasoning beside content opens nothing', () => {
    expect(brief(chatStream([chunk({ reasoning_content: 'hm' }), stop]).events)).toEqual([
      'start',
      '0 thinking',
      '0 + hm',
      '0 + signature lb1.',
      '0 .',
      'end end_turn',
      'stop',
    ])
    const { events } = chatStream([
      chunk({ reasoning_content: '', content: 'a' }),
      chunk({ reasoning_content: null, content: 'b' }),
      chunk({ content: '', reasoning_content: '' }),
      stop,
    ])
    expect(brief(events)).toEqual(['start', '0 text', '0 + a', '0 + b', '0 .', 'end end_turn', 'stop'])
  })

  test('15: reasoning that is sent in two members is written once', () => {
    const twice = (text: string) =>
      chunk({ reasoning: text, reasoning_details: [{ type: 'reasoning.text', text, index: 0 }] })
    const { events } = chatStream([twice('a'), twice('b'), chunk({ content: 'x' }), stop])
    expect(brief(events).slice(0, 5)).toEqual(['start', '0 thinking', '0 + a', '0 + b', '0 + signature lb1.'])
  })

  test('15: the member that is seen first stays the one', () => {
    const { events } = chatStream([
      chunk({ reasoning_content: 'a' }),
      chunk({ reasoning: 'A', reasoning_content: 'b' }),
      stop,
    ])
    expect(brief(events).slice(2, 4)).toEqual(['0 + a', '0 + b'])
  })

  test('16: content as typed parts is text and thinking', () => {
    const { events, report } = chatStream([
      chunk({
        content: [
          {
            type: 'thinking',
            thinking: [
              { type: 'text', text: 'h' },
              { type: 'text', text: 'm' },
            ],
          },
        ],
      }),
      chunk({
        content: [{ type: 'thinking', thinking: '!' }, { type: 'text', text: 'a' }, 'b', { type: 'image_url' }],
      }),
      stop,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 thinking',
      '0 + hm',
      '0 + !',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + a',
      '1 + b',
      '1 .',
      'end end_turn',
      'stop',
    ])
    expect(report.losses).toContainEqual({
      code: 'media_dropped',
      path: '/choices/0/message/content',
      detail: 'image_url',
      count: 1,
    })
  })

  test.each([
    ['with the finish', [chunk({ content: 'x' }, 'stop', { usage: { prompt_tokens: 5, completion_tokens: 3 } })]],
    [
      'in every chunk, growing',
      [
        chunk({ content: 'x' }, null, { usage: { prompt_tokens: 5, completion_tokens: 1 } }),
        chunk({}, 'stop', { usage: { prompt_tokens: 5, completion_tokens: 3 } }),
      ],
    ],
    [
      'in the choice',
      [
        {
          choices: [
            { delta: { content: 'x' }, finish_reason: 'stop', usage: { prompt_tokens: 5, completion_tokens: 3 } },
          ],
        },
      ],
    ],
    ['in x_groq', [chunk({ content: 'x' }, 'stop', { x_groq: { usage: { prompt_tokens: 5, completion_tokens: 3 } } })]],
    ['behind the finish, then smaller', [chunk({ content: 'x' }, 'stop'), usageChunk(5, 3), usageChunk(0, 0)]],
  ])('17: usage %s is found', (_where, chunks) => {
    expect(chatStream(chunks).report.usage).toMatchObject({ input_tokens: 5, output_tokens: 3 })
  })

  test('17: usage that never comes is zero, with a loss', () => {
    const { events, report } = chatStream([chunk({ content: 'x' }), stop])
    expect(events.at(-2)).toMatchObject({ usage: { input_tokens: 0, output_tokens: 0 } })
    expect(report.losses).toEqual([{ code: 'usage_missing', path: '/usage', count: 1 }])
  })

  test('20: empty objects beside what is meant mean nothing', () => {
    const empty = {
      refusal: '',
      function_call: { name: '', arguments: '' },
      audio: { data: '' },
      images: [],
      annotations: [],
    }
    const call = {
      index: 0,
      id: 'a',
      type: 'function',
      custom: { name: '', input: '' },
      function: { name: 'A', arguments: '{}' },
    }
    const { events, report } = chatStream([
      chunk({ ...empty, content: 'x' }),
      chunk({ ...empty, tool_calls: [call] }),
      calls,
    ])
    expect(brief(events)).toEqual([
      'start',
      '0 text',
      '0 + x',
      '0 .',
      '1 tool_use a A',
      '1 + {}',
      '1 .',
      'end tool_use',
      'stop',
    ])
    expect(report.losses.map(({ code }) => code)).toEqual(['usage_missing'])
  })

  test.each([
    ['vLLM: stop_reason', { stop_reason: 'END' }, 'end stop_sequence END'],
    ['SGLang: matched_stop', { matched_stop: 'END' }, 'end stop_sequence END'],
    ['native_finish_reason', { native_finish_reason: 'stop_sequence' }, 'end stop_sequence END'],
    ['a token id', { stop_reason: 128009 }, 'end end_turn'],
    ['a sequence that nobody asked for', { matched_stop: 'other' }, 'end end_turn'],
    ['nothing', {}, 'end end_turn'],
  ])('21: a stop sequence is believed on evidence only: %s', (_what, evidence, expected) => {
    const { events } = chatStream([{ choices: [{ delta: { content: 'x' }, finish_reason: 'stop', ...evidence }] }], {
      stopSequences: ['END'],
    })
    expect(brief(events).at(-2)).toBe(expected)
  })

  test('21: with two stop sequences the native reason does not tell which', () => {
    const chunks = [
      { choices: [{ delta: { content: 'x' }, finish_reason: 'stop', native_finish_reason: 'stop_sequence' }] },
    ]
    expect(brief(chatStream(chunks, { stopSequences: ['a', 'b'] }).events).at(-2)).toBe('end end_turn')
  })

  test.each([
    ['no deltas', undefined],
    ['an empty text', ''],
    ['white space', ' \n'],
    ['null', 'null'],
  ])('22: a call without arguments (%s) has empty ones', (_what, said) => {
    const { events } = chatStream([chunk(toolDelta(0, 'a', 'A', said)), calls])
    expect(brief(events).slice(0, -2)).toEqual([
      'start',
      '0 tool_use a A',
      expect.stringMatching(/^0 \+ (\{\})?$/),
      '0 .',
    ])
  })
})

describe('finish reasons', () => {
  test.each([
    ['STOP', 'end_turn'],
    ['eos', 'end_turn'],
    ['end_turn', 'end_turn'],
    ['completed', 'end_turn'],
    ['length', 'max_tokens'],
    ['MAX_TOKENS', 'max_tokens'],
    ['model_length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['SAFETY', 'refusal'],
    ['recitation', 'refusal'],
    ['refusal', 'refusal'],
  ])('%s is %s', (reason, expected) => {
    expect(brief(chatStream([chunk({ content: 'x' }, reason)]).events).at(-2)).toBe(`end ${expected}`)
  })

  test.each(['tool_calls', 'function_call', 'tool_use'])('%s is tool_use', (reason) => {
    expect(brief(chatStream([chunk(toolDelta(0, 'a', 'A', '{}'), reason)]).events).at(-2)).toBe('end tool_use')
  })

  test('an unknown reason is an end, with a loss that names it', () => {
    const { events, report } = chatStream([chunk({ content: 'x' }, 'weird')])
    expect(brief(events).at(-2)).toBe('end end_turn')
    expect(report.losses).toContainEqual({
      code: 'finish_unknown',
      path: '/choices/0/finish_reason',
      detail: 'weird',
      count: 1,
    })
  })

  test.each([
    ['error', 500, 'api_error'],
    ['abort', 500, 'api_error'],
    ['cancelled', 500, 'api_error'],
    ['insufficient_system_resource', 529, 'overloaded_error'],
  ])('%s is an error', (reason, status, type) => {
    const { events, report } = chatStream([chunk({ content: 'x' }, reason)])
    expect(brief(events).at(-1)).toBe(`error ${type}: the model stopped with the reason ${reason}`)
    expect(report.error).toMatchObject({ status })
  })

  test('a later reason replaces "stop" only when it tells more', () => {
    const end = (...reasons: readonly string[]) =>
      brief(chatStream(reasons.map((reason) => chunk({ content: 'x' }, reason))).events).at(-2)
    expect(end('stop', 'length')).toBe('end max_tokens')
    expect(end('stop', 'content_filter')).toBe('end refusal')
    expect(end('length', 'stop')).toBe('end max_tokens')
    expect(end('stop', 'weird')).toBe('end end_turn')
  })

  test('length because of the window is its own reason', () => {
    const chunks = [
      {
        choices: [
          { delta: { content: 'x' }, finish_reason: 'length', native_finish_reason: 'context_length_exceeded' },
        ],
      },
    ]
    expect(brief(chatStream(chunks).events).at(-2)).toBe('end model_context_window_exceeded')
  })

  test('a refusal is text, and the reason, with all members of its details', () => {
    const { events } = chatStream([chunk({ refusal: 'I can' }), chunk({ refusal: 'not' }), stop])
    expect(brief(events)).toEqual(['start', '0 text', '0 + I can', '0 + not', '0 .', 'end refusal', 'stop'])
    expect(events.at(-2)).toMatchObject({
      delta: { stop_details: { type: 'refusal', category: null, explanation: null } },
    })
  })

  test('a finish without any content is an empty answer, and is reported', () => {
    const { events, report } = chatStream([chunk({ role: 'assistant', content: null }), stop])
    expect(brief(events)).toEqual(['start', 'end end_turn', 'stop'])
    expect(report.losses.map(({ code }) => code)).toContain('empty_response')
  })

  test('content behind the finish reason still counts', () => {
    expect(
      brief(chatStream([chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }), usageChunk(1, 1)]).events).slice(
        0,
        4,
      ),
    ).toEqual(['start', '0 text', '0 + a', '0 + b'])
  })
})

describe('calls', () => {
  test("arguments are written raw: numbers, order, duplicates and lone surrogates are the model's", () => {
    const raw = '{"b":12345678901234567890,"a":1e400,"c":1.0,"a":"\\ud800\ud800"}'
    const { events } = chatStream([
      chunk(toolDelta(0, 'a', 'A', raw.slice(0, 20))),
      chunk(toolDelta(0, '', '', raw.slice(20))),
      calls,
    ])
    expect(
      events
        .flatMap((event) =>
          event.type === 'content_block_delta' && event.delta.type === 'input_json_delta'
            ? [event.delta.partial_json]
            : [],
        )
        .join(''),
    ).toBe(raw)
  })

  test('a name that is declared begins the call at once; another waits for the first arguments', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile, { tools: ['Bash'] }))
    expect(brief(stream.push(chunk(toolDelta(0, 'a', 'Bash', ''))))).toEqual(['start', '0 tool_use a Bash'])
    const other = createChatToAnthropicStream(contextFor(plainProfile, { tools: ['Bash'] }))
    expect(other.push(chunk(toolDelta(0, 'a', 'Ba', '')))).toEqual([])
    expect(brief(other.push(chunk(toolDelta(0, '', 'sh', '{'))))).toEqual(['start', '0 tool_use a Bash', '0 + {'])
  })

  test.each([
    ['repeated', ['Bash', 'Bash']],
    ['in pieces', ['Ba', 'sh']],
    ['all of it so far', ['Ba', 'Bash']],
  ])('a name that comes %s is one name', (_how, [first, second]) => {
    const { events } = chatStream([chunk(toolDelta(0, 'a', first, '')), chunk(toolDelta(0, '', second, '{}')), calls])
    expect(brief(events)[1]).toBe('0 tool_use a Bash')
  })

  test('a call waits for its name, and everything behind it', () => {
    const { events } = chatStream([
      chunk(toolDelta(0, 'a', undefined, '{"x":1}')),
      chunk({ content: 'later' }),
      chunk(toolDelta(0, '', 'A', undefined)),
      calls,
    ])
    expect(brief(events).slice(1, 6)).toEqual(['0 tool_use a A', '0 + {"x":1}', '0 .', '1 text', '1 + later'])
  })

  test('a call without an id gets one that is the same for the same answer', () => {
    const ids = (seed: string) =>
      brief(
        chatStream([chunk(toolDelta(0, undefined, 'A', '{}')), chunk(toolDelta(1, '', 'B', '{}')), calls], { seed })
          .events,
      ).filter((line) => line.includes('tool_use '))
    const [first = '', second = ''] = ids('s')
    expect(first).toMatch(/^0 tool_use lbg_[\w-]{24} A$/)
    expect(second).toMatch(/^1 tool_use lbg_[\w-]{24} B$/)
    expect(first.slice(10, 38)).not.toBe(second.slice(10, 38))
    expect(ids('s')).toEqual([first, second])
    expect(ids('t')).not.toEqual([first, second])
  })

  test('ids that are not legal, or were used before, are wrapped', () => {
    const { events } = chatStream(
      [
        chunk(toolDelta(0, 'functions.Bash:0', 'A', '{}')),
        chunk(toolDelta(1, 'call_0', 'B', '{}')),
        chunk(toolDelta(2, 'call_0', 'B', '{}')),
        calls,
      ],
      { usedToolIds: ['call_0'] },
    )
    expect(brief(events).filter((line) => line.includes('tool_use '))).toEqual([
      '0 tool_use lbx_ZnVuY3Rpb25zLkJhc2g6MA A',
      '1 tool_use lbx2_Y2FsbF8w B',
      '2 tool_use lbx3_Y2FsbF8w B',
    ])
  })

  test('a name in another case, or with a namespace, is restored', () => {
    const { events } = chatStream([chunk(toolDelta(0, 'a', 'default_api:bash', '{}')), calls], {
      tools: ['Bash', 'Read'],
    })
    expect(brief(events)[1]).toBe('0 tool_use a Bash')
  })

  test('a call with neither name nor arguments is left out', () => {
    const { events, report } = chatStream([chunk(toolDelta(0, 'a', '', '')), chunk({ content: 'x' }), stop])
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
    expect(report.losses.map(({ code }) => code)).toContain('tool_call_dropped')
  })

  test('arguments without a name belong to the only tool, or are an error', () => {
    const chunks = [chunk(toolDelta(0, 'a', undefined, '{"x":1}')), calls]
    const only = chatStream(chunks, { tools: ['Only'] })
    expect(brief(only.events).slice(1, 3)).toEqual(['0 tool_use a Only', '0 + {"x":1}'])
    expect(only.report.losses.map(({ code }) => code)).toContain('tool_name_guessed')
    expect(brief(chatStream(chunks, { tools: ['A', 'B'], forcedTool: 'B' }).events)[1]).toBe('0 tool_use a B')
    const nobody = chatStream(chunks, { tools: ['A', 'B'] })
    expect(nobody.events).toEqual([])
    expect(nobody.report.error).toMatchObject({
      isPreStream: true,
      body: { error: { message: 'the model called a tool without saying which' } },
    })
  })

  test.each([
    ['a string that holds an object', '"{\\"x\\":1}"', '{"x":1}', 'tool_arguments_decoded'],
    ['a number', '42', '{"value":42}', 'tool_arguments_wrapped'],
    ['a list', ' [1.0] ', '{"value":[1.0]}', 'tool_arguments_wrapped'],
    ['a string', '"x"', '{"value":"x"}', 'tool_arguments_wrapped'],
    ['no JSON at all', 'x=1', '{"_raw":"x=1"}', 'tool_arguments_invalid'],
  ])('arguments that are %s become an object at the end', (_what, said, expected, code) => {
    const { events, report } = chatStream([
      chunk(toolDelta(0, 'a', 'A', said.slice(0, 2))),
      chunk(toolDelta(0, '', '', said.slice(2))),
      calls,
    ])
    expect(brief(events).slice(1, 4)).toEqual(['0 tool_use a A', `0 + ${expected}`, '0 .'])
    expect(report.losses.map((loss) => loss.code)).toContain(code)
  })

  test('arguments that are no JSON can be made an error', () => {
    const { events } = chatStream([chunk(toolDelta(0, 'a', 'A', 'x=1')), calls], {}, { invalidArguments: 'error' })
    expect(brief(events).at(-1)).toBe('error api_error: the arguments of a tool call are not a JSON object')
  })

  test('arguments that are no JSON and were cut off stay what they are', () => {
    expect(brief(chatStream([chunk(toolDelta(0, 'a', 'A', 'x=1')), chunk({}, 'length')]).events).slice(1, 4)).toEqual([
      '0 tool_use a A',
      '0 + x=1',
      '0 .',
    ])
  })

  test('text behind the end of the arguments is left out, unless it is white space', () => {
    const { events, report } = chatStream([
      chunk(toolDelta(0, 'a', 'A', '{} ')),
      chunk(toolDelta(0, '', '', '\n')),
      chunk(toolDelta(0, '', '', '{"again":1}')),
      calls,
    ])
    expect(brief(events).slice(1, 4)).toEqual(['0 tool_use a A', '0 + {}', '0 .'])
    expect(report.losses).toContainEqual({ code: 'tool_delta_late', path: '', count: 1 })
  })

  test('a delta for a call that was closed is reported', () => {
    const profile = { ...plainProfile, emptyArgumentsComplete: true }
    const { events, report } = chatStream(
      [chunk(toolDelta(0, 'a', 'A', '')), chunk({ content: 'x' }), chunk(toolDelta(0, '', '', '{"x":1}')), calls],
      { profile, tools: ['A'] },
    )
    expect(brief(events)).toEqual([
      'start',
      '0 tool_use a A',
      '0 + ',
      '0 .',
      '1 text',
      '1 + x',
      '1 .',
      'end tool_use',
      'stop',
    ])
    expect(report.losses.map(({ code }) => code)).toContain('tool_delta_late')
  })

  test('without that flag of the profile a call with no arguments yet holds the line', () => {
    const { events } = chatStream(
      [chunk(toolDelta(0, 'a', 'A', '')), chunk({ content: 'x' }), chunk(toolDelta(0, '', '', '{"x":1}')), calls],
      { tools: ['A'] },
    )
    expect(brief(events).slice(1, 6)).toEqual(['0 tool_use a A', '0 + {"x":1}', '0 .', '1 text', '1 + x'])
  })

  test('arguments that come as an object are written as JSON', () => {
    const { events } = chatStream([
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'A', arguments: { x: 1 } } }] }),
      calls,
    ])
    expect(brief(events)[2]).toBe('0 + {"x":1}')
  })

  test('the old form of a call, and the free-text form', () => {
    expect(
      brief(
        chatStream([
          chunk({ function_call: { name: 'A', arguments: '{"x"' } }),
          chunk({ function_call: { arguments: ':1}' } }),
          chunk({}, 'function_call'),
        ]).events,
      ).slice(1, 5),
    ).toEqual([expect.stringMatching(/^0 tool_use lbg_.{24} A$/), '0 + {"x"', '0 + :1}', '0 .'])
    const custom = { index: 0, id: 'a', type: 'custom', custom: { name: 'A', input: 'free "text"' } }
    expect(brief(chatStream([chunk({ tool_calls: [custom] }), calls]).events).slice(1, 3)).toEqual([
      '0 tool_use a A',
      '0 + {"input":"free \\"text\\""}',
    ])
  })

  test('entries that are no objects are passed over', () => {
    expect(brief(chatStream([chunk({ tool_calls: [null, 3, 'x'], content: 'a' }), stop]).events)[1]).toBe('0 text')
  })
})

describe('reasoning', () => {
  test('thinking, text, thinking: a new block each time, each with its signature', () => {
    const { events } = chatStream([chunk({ reasoning: 'a' }), chunk({ content: 'x' }), chunk({ reasoning: 'b' }), stop])
    expect(brief(events)).toEqual([
      'start',
      '0 thinking',
      '0 + a',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
      '1 .',
      '2 thinking',
      '2 + b',
      '2 + signature lb1.',
      '2 .',
      'end end_turn',
      'stop',
    ])
    expect(anthropicGrammarProblems(events)).toEqual([])
  })

  const signatures = (events: ReturnType<typeof chatStream>['events']) =>
    events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'signature_delta' ? [event.delta.signature] : [],
    )

  test('the signature says whose reasoning it is', () => {
    const [signature = ''] = signatures(chatStream([chunk({ reasoning_content: 'a' }), stop]).events)
    expect(decodeCarrier(signature)).toEqual({ v: 1, p: 'openai-compatible', k: 'text' })
  })

  test('details travel in the signature with lengths for texts, pieces put together', () => {
    const { events } = chatStream([
      chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 'ab', index: 0, format: 'f', id: null }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 'c', index: 0, id: 'r1' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'de', index: 1 }, 'odd'] }),
      stop,
    ])
    expect(brief(events).slice(2, 5)).toEqual(['0 + ab', '0 + c', '0 + de'])
    expect(decodeCarrier(signatures(events)[0] ?? '')?.d).toEqual([
      { type: 'reasoning.summary', summary: 3, index: 0, format: 'f', id: 'r1' },
      { type: 'reasoning.text', text: 2, index: 1 },
    ])
  })

  test('a genuine signature of Anthropic passes as it is, whole', () => {
    const detail = { type: 'reasoning.text', index: 0, format: 'anthropic-claude-v1' }
    const { events } = chatStream([
      chunk({ reasoning_details: [{ ...detail, text: 'a' }] }),
      chunk({ reasoning_details: [{ ...detail, signature: 'Genuine==' }] }),
      chunk({ content: 'x' }),
      stop,
    ])
    expect(signatures(events)).toEqual(['Genuine=='])
  })

  test('encrypted reasoning is a redacted block, which carries it', () => {
    const entry = { type: 'reasoning.encrypted', data: 'opaque', index: 0, id: 'r' }
    const { events } = chatStream([
      chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 'a', index: 0 }] }),
      chunk({ reasoning_details: [entry] }),
      chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 'b', index: 1 }] }),
      stop,
    ])
    expect(brief(events).slice(1, 8)).toEqual([
      '0 thinking',
      '0 + a',
      '0 + signature lb1.',
      '0 .',
      '1 redacted_thinking',
      '1 .',
      '2 thinking',
    ])
    const block = events.find((event) => event.type === 'content_block_start' && event.index === 1)
    expect(block).toMatchObject({ content_block: { data: expect.stringMatching(/^lb1\./) } })
    const { data } = Object(block).content_block
    expect(decodeCarrier(data)).toEqual({ v: 1, p: 'openai-compatible', k: 'details', d: [entry] })
  })

  test('the carrier can be kept small, or be left out', () => {
    const chunks = [
      chunk({
        reasoning_details: [
          { type: 'reasoning.summary', summary: 'a', index: 0 },
          { type: 'reasoning.encrypted', data: 'x' },
        ],
      }),
      stop,
    ]
    const textOnly = chatStream(chunks, { carrier: 'text-only' })
    expect(decodeCarrier(signatures(textOnly.events)[0] ?? '')).toEqual({ v: 1, p: 'openai-compatible', k: 'text' })
    expect(textOnly.report.losses.map(({ code }) => code)).toContain('signature_dropped')
    const off = chatStream(chunks, { carrier: 'off' })
    expect(signatures(off.events)).toEqual([])
    expect(brief(off.events).slice(1, 4)).toEqual(['0 thinking', '0 + a', '0 .'])
  })

  test('a client that does not want to see reasoning gets none of its text, but can send it back', () => {
    const plain = chatStream([chunk({ reasoning: 'ab' }), chunk({ reasoning: 'c' }), stop], { showThinking: false })
    expect(brief(plain.events).slice(1, 4)).toEqual(['0 thinking', '0 + signature lb1.', '0 .'])
    expect(decodeCarrier(signatures(plain.events)[0] ?? '')).toEqual({
      v: 1,
      p: 'openai-compatible',
      k: 'text',
      d: 'abc',
    })
    const details = chatStream(
      [chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'abc', index: 0 }] }), stop],
      { showThinking: false },
    )
    expect(decodeCarrier(signatures(details.events)[0] ?? '')?.d).toEqual([
      { type: 'reasoning.text', text: 'abc', index: 0 },
    ])
  })

  test("Gemini's signature stands in an empty thinking block before its call", () => {
    const signed = {
      index: 0,
      id: 'a',
      function: { name: 'A', arguments: '{}' },
      extra_content: { google: { thought_signature: 'sig' } },
    }
    const { events } = chatStream([chunk({ tool_calls: [signed] }), calls])
    expect(brief(events).slice(1, 5)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 tool_use a A'])
    expect(decodeCarrier(signatures(events)[0] ?? '')).toMatchObject({ k: 'sig', d: 'sig' })
  })

  test('a signature that comes after its call, or its text, has lost its place', () => {
    const late = chatStream([
      chunk(toolDelta(0, 'a', 'A', '{')),
      chunk({
        tool_calls: [{ index: 0, function: { arguments: '}' }, extra_content: { google: { thought_signature: 's' } } }],
      }),
      calls,
    ])
    expect(late.report.losses.map(({ code }) => code)).toContain('signature_dropped')
    const text = chatStream([
      chunk({ content: 'x' }),
      chunk({ extra_content: { google: { thought_signature: 's' } } }),
      stop,
    ])
    expect(text.report.losses.map(({ code }) => code)).toContain('signature_dropped')
    const first = chatStream([chunk({ extra_content: { google: { thought_signature: 's' } }, content: 'x' }), stop])
    expect(brief(first.events).slice(1, 5)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 text'])
  })

  test('think tags are read where the profile says so, and nowhere else', () => {
    const chunks = [
      chunk({ content: '\n<th' }),
      chunk({ content: 'ink>hm</thi' }),
      chunk({ content: 'nk>\n\nx' }),
      stop,
    ]
    const profile = { ...plainProfile, reasoningTags: true }
    expect(brief(chatStream(chunks, { profile }).events)).toEqual([
      'start',
      '0 thinking',
      '0 + hm',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
      '1 .',
      'end end_turn',
      'stop',
    ])
    expect(brief(chatStream(chunks).events)[2]).toBe('0 + \n<th')
  })

  test('tags that never close are still reasoning at the end', () => {
    const profile = { ...plainProfile, reasoningTags: true }
    expect(brief(chatStream([chunk({ content: '<think>hm</th' }), stop], { profile }).events).slice(2, 4)).toEqual([
      '0 + hm',
      '0 + </th',
    ])
  })
})

describe('stop sequences that the converter looks for', () => {
  const emulated = { stopSequences: ['END', '\n\n#'], emulateStop: true }

  test('the text ends at the first one, also when it comes in pieces', () => {
    const { events, report } = chatStream(
      [chunk({ content: 'a E' }), chunk({ content: 'ND b' }), chunk({ content: 'c' }), stop, usageChunk(3, 9)],
      emulated,
    )
    expect(brief(events)).toEqual(['start', '0 text', '0 + a ', '0 .', 'end stop_sequence END', 'stop'])
    expect(report).toMatchObject({ isSatisfied: true, usage: { output_tokens: 9 } })
  })

  test('the host hears at once that the rest is not wanted, and may close the upstream', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile, emulated))
    stream.push(chunk({ content: 'xEND' }))
    expect(stream.report()).toMatchObject({ isSatisfied: true, phase: 'started' })
    expect(brief(stream.end())).toEqual(['0 .', 'end stop_sequence END', 'stop'])
  })

  test('what only began like one is given out when something else comes', () => {
    const { events } = chatStream(
      [chunk({ content: 'E' }), chunk({ content: 'N' }), chunk({ content: 'x' }), chunk({ content: '\n\n' }), stop],
      emulated,
    )
    expect(brief(events)).toEqual(['start', '0 text', '0 + ENx', '0 + \n\n', '0 .', 'end end_turn', 'stop'])
  })

  test('what was held back stands before a call or a thought', () => {
    const { events } = chatStream([chunk({ content: 'E' }), chunk(toolDelta(0, 'a', 'A', '{}')), calls], emulated)
    expect(brief(events).slice(0, 5)).toEqual(['start', '0 text', '0 + E', '0 .', '1 tool_use a A'])
    expect(
      brief(chatStream([chunk({ content: 'E' }), chunk({ reasoning: 'r' }), stop], emulated).events).slice(1, 5),
    ).toEqual(['0 text', '0 + E', '0 .', '1 thinking'])
  })

  test('calls, thoughts and signatures behind it do not count', () => {
    const signed = {
      index: 0,
      id: 'a',
      function: { name: 'A', arguments: '{}' },
      extra_content: { google: { thought_signature: 'sig' } },
    }
    const { events } = chatStream(
      [chunk({ content: 'xEND' }), chunk({ tool_calls: [signed] }), chunk({ reasoning: 'r' }), calls],
      emulated,
    )
    expect(brief(events)).toEqual(['start', '0 text', '0 + x', '0 .', 'end stop_sequence END', 'stop'])
  })

  test('held text alone is content: a stream of nothing else is whole', () => {
    expect(brief(chatStream([chunk({ content: 'E' })], emulated).events)).toEqual([
      'start',
      '0 text',
      '0 + E',
      '0 .',
      'end end_turn',
      'stop',
    ])
  })

  test('an end mark behind a found sequence is enough', () => {
    expect(brief(chatStream([chunk({ content: 'xEND' })], emulated).events).at(-2)).toBe('end stop_sequence END')
  })
})

describe('what is beside the answer', () => {
  test('only the first choice is read', () => {
    const { events, report } = chatStream([
      {
        choices: [
          { index: 1, delta: { content: 'no' } },
          { index: 0, delta: { content: 'yes' } },
        ],
      },
      stop,
    ])
    expect(brief(events)[2]).toBe('0 + yes')
    expect(report.losses).toContainEqual({ code: 'extra_choices', path: '/choices', count: 1 })
  })

  test('members that nobody knows are kept aside', () => {
    const { report } = chatStream([
      chunk({ content: 'x', channel: 'final', empty: null }, null, {
        provider: 'Azure',
        nothing: null,
        obfuscation: 'zz',
      }),
      stop,
    ])
    expect(report.aside).toEqual({ provider: 'Azure', channel: 'final' })
  })

  test('sources are kept aside and reported', () => {
    const annotations = [{ type: 'url_citation', url_citation: { url: 'u' } }]
    const { report } = chatStream([chunk({ content: 'x', annotations }), stop])
    expect(report.aside).toEqual({ annotations })
    expect(report.losses.map(({ code }) => code)).toContain('annotations_dropped')
  })

  test('media of the answer is reported', () => {
    expect(
      chatStream([chunk({ content: 'x', audio: { data: 'AAAA' } }), stop]).report.losses.map(({ code }) => code),
    ).toContain('media_dropped')
    expect(chatStream([chunk({ content: 'x', images: [{}] }), stop]).report.losses.map(({ code }) => code)).toContain(
      'media_dropped',
    )
  })

  test('a message behind deltas repeats them, and is not read', () => {
    const { events } = chatStream([
      chunk({ content: 'x' }),
      { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] },
    ])
    expect(brief(events).slice(2, 4)).toEqual(['0 + x', '0 .'])
  })

  test('the service tier is translated', () => {
    const tier = (service_tier: string) =>
      chatStream([chunk({ content: 'x' }, 'stop', { service_tier }), usageChunk(1, 1)]).report.usage?.service_tier
    expect([tier('default'), tier('priority'), tier('flex')]).toEqual(['standard', 'priority', null])
  })

  test('what is no chunk at all is reported and passed over', () => {
    const { events, report } = chatStream([3, null, 'x', [], chunk({ content: 'x' }), stop])
    expect(brief(events)[2]).toBe('0 + x')
    expect(report.losses).toContainEqual({ code: 'event_unexpected', path: '', count: 4 })
  })

  test('a failure that the host saw ends the stream', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile))
    stream.push(chunk({ content: 'x' }))
    expect(brief(stream.fail({ message: 'connection reset' }))).toEqual(['error api_error: connection reset'])
    expect(stream.end()).toEqual([])
    expect(stream.report().losses).toEqual([])
  })
})

test('every named profile reads a plain answer', () => {
  for (const [name, profile] of Object.entries(namedProfiles)) {
    const { events } = feed(createChatToAnthropicStream(contextFor(profile)), [chunk({ content: 'x' }), stop])
    expect(brief(events), name).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
  }
})
