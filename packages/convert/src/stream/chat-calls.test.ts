import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { brief, chatStream, chunk, plainProfile, toolDelta } from '../../testing/streams.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

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
      chunk(toolDelta(0, 'a', 'A', '{"x":1} ')),
      chunk(toolDelta(0, '', '', '\n')),
      chunk(toolDelta(0, '', '', '{"again":1}')),
      calls,
    ])
    expect(brief(events).slice(1, 4)).toEqual(['0 tool_use a A', '0 + {"x":1}', '0 .'])
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
