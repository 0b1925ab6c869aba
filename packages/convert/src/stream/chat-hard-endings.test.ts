import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk, toolDelta, usageChunk } from '../../testing/streams.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

describe('B1, the hard cases of streams, continued', () => {
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
