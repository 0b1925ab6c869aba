import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk, toolDelta } from '../../testing/streams.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

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
    expect(report.losses).toMatchObject([{ code: 'data_after_end', count: 2 }])
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
})
