import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk, toolDelta } from '../../testing/streams.ts'

const stop = chunk({}, 'stop')
const blocksOf = (...chunks: readonly Json[]) => {
  const { events, report } = chatStream([...chunks, stop])
  return { said: brief(events).slice(1, -2), losses: report.losses.map(({ code }) => code) }
}

describe('content in parts (case 16)', () => {
  test('texts without a text are nothing', () => {
    expect(blocksOf(chunk({ content: [{ type: 'text' }, 'a', { type: 'text', text: 'b' }] })).said).toEqual([
      '0 text',
      '0 + a',
      '0 + b',
      '0 .',
    ])
  })

  test('a refusal part is a refusal', () => {
    const { events } = chatStream([chunk({ content: [{ type: 'refusal', refusal: 'no' }, { type: 'refusal' }] }), stop])
    expect(brief(events).slice(1)).toEqual(['0 text', '0 + no', '0 .', 'end refusal', 'stop'])
  })

  test('reasoning is a text or a list of texts, and nothing of any other shape', () => {
    const thinking = (value: Json): Json => chunk({ content: [{ type: 'thinking', thinking: value }] })
    const { said } = blocksOf(
      thinking('a'),
      thinking([{ type: 'text', text: 'b' }, { type: 'reference' }]),
      thinking(7),
    )
    expect(said).toEqual(['0 thinking', '0 + a', '0 + b', '0 + signature lb1.', '0 .'])
  })

  test('reasoning that was read from elsewhere is not read a second time (case 15)', () => {
    const part = { type: 'thinking', thinking: 'a' }
    const { said } = blocksOf(chunk({ reasoning_content: 'a', content: [part] }))
    expect(said).toEqual(['0 thinking', '0 + a', '0 + signature lb1.', '0 .'])
  })

  test('a part that stands alone, without a list around it, is a part', () => {
    expect(blocksOf(chunk({ content: { type: 'text', text: 'a' } })).said).toEqual(['0 text', '0 + a', '0 .'])
    expect(blocksOf(chunk({ content: 7 })).said).toEqual([])
  })

  test('media is reported by its kind', () => {
    const { losses } = blocksOf(chunk({ content: [{ type: 'image_url', image_url: { url: 'x' } }, 'a', 7] }))
    expect(losses).toContain('media_dropped')
  })
})

describe('signatures', () => {
  test('extra content without a signature is nothing', () => {
    expect(blocksOf(chunk({ content: 'a', extra_content: { google: {} } })).said).toEqual(['0 text', '0 + a', '0 .'])
  })
})

describe('a stop sequence that the server names', () => {
  const named = (finish: string, said: Json) => {
    const last = { choices: [{ index: 0, delta: { content: 'a' }, finish_reason: finish, stop_reason: said }] }
    return brief(chatStream([last], { stopSequences: ['END'] }).events).at(-2)
  }
  test('ends an answer that ended by itself, and no other (case 21)', () => {
    expect(named('stop', 'END')).toBe('end stop_sequence END')
    expect(named('length', 'END')).toBe('end max_tokens')
    expect(named('stop', 'OTHER')).toBe('end end_turn')
    expect(named('stop', 151643)).toBe('end end_turn')
  })
})

describe('calls in odd shapes', () => {
  const said = (tool_calls: Json) => {
    const { events, report } = chatStream([chunk({ tool_calls }), chunk({}, 'tool_calls')])
    return [
      ...brief(events).slice(1, 3),
      ...report.losses.map(({ code }) => code).filter((code) => code.startsWith('tool')),
    ]
  }
  const call = (said: Json): Json => ({ index: 0, id: 'a', function: { name: 'A', arguments: said } })

  test('a call that stands alone, without a list around it, is a call', () => {
    expect(said(call('{}'))).toEqual(['0 tool_use a A', '0 + {}'])
  })

  test('arguments that are no text are the text of what they are, never none', () => {
    expect(said([call({ x: 1 })])).toEqual(['0 tool_use a A', '0 + {"x":1}'])
    expect(said([call(5)])).toEqual(['0 tool_use a A', '0 + {"value":5}', 'tool_arguments_wrapped'])
    expect(said([call([1])])).toEqual(['0 tool_use a A', '0 + {"value":[1]}', 'tool_arguments_wrapped'])
    expect(said([call(null)])).toEqual(['0 tool_use a A', '0 + '])
  })
})

describe('calls that share an index (case 3)', () => {
  const ids = (...deltas: readonly Json[]) =>
    brief(chatStream([...deltas.map((delta) => chunk(delta)), chunk({}, 'tool_calls')]).events).filter((line) =>
      line.includes('tool_use '),
    )

  test('another id and name before any argument is another call', () => {
    expect(ids(toolDelta(0, 'a', 'A', ''), toolDelta(0, 'b', 'B', '{}'))).toEqual(['0 tool_use a A', '1 tool_use b B'])
  })

  test.each(['', '{}'])('another id before any argument is another call, also of the same tool: %j', (said) => {
    expect(ids(toolDelta(0, 'a', 'A', ''), toolDelta(0, 'b', 'A', said))).toEqual(['0 tool_use a A', '1 tool_use b A'])
  })

  test('the same id and name again, or another id alone, is more of the call', () => {
    expect(ids(toolDelta(0, 'a', 'A', ''), toolDelta(0, 'a', 'A', '{}'))).toEqual(['0 tool_use a A'])
    expect(ids(toolDelta(0, 'a', 'A', ''), toolDelta(0, 'b', undefined, '{}'))).toEqual(['0 tool_use a A'])
  })

  test('another id and name in the middle of the arguments is the same call, misnamed', () => {
    expect(ids(toolDelta(0, 'a', 'A', '{"x"'), toolDelta(0, 'b', 'B', ':1}'))).toEqual(['0 tool_use a A'])
  })
})

test('a piece of a name that repeats its end is a repetition', () => {
  const { events } = chatStream([
    chunk(toolDelta(0, 'a', 'Bash', undefined)),
    chunk(toolDelta(0, '', 'sh', undefined)),
    chunk(toolDelta(0, '', '', '{}')),
    chunk({}, 'tool_calls'),
  ])
  expect(brief(events)).toContain('0 tool_use a Bash')
})

test('of whole calls those behind one that cannot be given are not written either', () => {
  const call = (id: string, said: string): Json => ({ id, type: 'function', function: { name: 'A', arguments: said } })
  const message = { role: 'assistant', tool_calls: [call('a', 'nope'), call('b', '{}'), call('c', '{}')] }
  const { events, report } = chatStream(
    [{ choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }],
    {},
    {
      invalidArguments: 'error',
    },
  )
  expect(report).toMatchObject({ phase: 'failed', error: { status: 500 } })
  expect(brief(events).filter((line) => line.includes('tool_use'))).toEqual(['0 tool_use a A'])
})

test('a call that cannot be given ends the answer where it stands: nothing behind it is written', () => {
  const { events, report } = chatStream(
    [chunk(toolDelta(0, 'a', 'A', 'nope')), chunk(toolDelta(1, 'b', 'B', '{}')), chunk({}, 'tool_calls')],
    {},
    { invalidArguments: 'error' },
  )
  expect(report.phase).toBe('failed')
  expect(brief(events).some((line) => line.includes('tool_use b'))).toBe(false)
})

describe('whole messages and deltas beside each other', () => {
  const said = (...chunks: readonly Json[]) => {
    const { events, report } = chatStream(chunks)
    expect(report.losses.map(({ code }) => code)).toEqual(['usage_missing'])
    return brief(events).filter((line) => /\+|tool_use|end/.test(line))
  }
  const whole = (content: string): Json => ({ role: 'assistant', content })
  const choice = (...members: readonly object[]): Json => ({ choices: [Object.assign({ index: 0 }, ...members)] })
  const stop = { finish_reason: 'stop' }

  test('an empty delta beside a whole message says nothing (Perplexity)', () => {
    const empty = { delta: { role: 'assistant', content: '', tool_calls: [] } }
    expect(said(choice({ message: whole('all') }, empty, stop))).toEqual(['0 + all', 'end end_turn'])
  })

  test('a message that grows beside its deltas is a copy of them', () => {
    const step = (delta: string, message: string, more: object = {}) =>
      choice({ delta: { content: delta }, message: whole(message) }, more)
    expect(said(step('a', 'a'), step('b', 'ab'), step('', 'ab', stop))).toEqual(['0 + a', '0 + b', 'end end_turn'])
  })

  test('a message behind a delta that had nothing but a role is the answer', () => {
    expect(said(chunk({ role: 'assistant' }), choice({ message: whole('all') }, stop))).toEqual([
      '0 + all',
      'end end_turn',
    ])
  })

  test('text in one choice and calls in the next are one answer (GitHub Copilot)', () => {
    const call = { id: 'a', type: 'function', function: { name: 'A', arguments: '{}' } }
    const calls = { role: 'assistant', tool_calls: [call] }
    const finish = { finish_reason: 'tool_calls' }
    expect(
      said({
        choices: [
          { message: whole('so'), ...finish },
          { message: calls, ...finish },
        ],
      }),
    ).toEqual(['0 + so', '1 tool_use a A', '1 + {}', 'end tool_use'])
  })

  test('parts of the content say what they say, whatever they are called', () => {
    const content = [{ text: 'a' }, { type: 'output_text', text: 'b' }, 'c']
    expect(said(chunk({ content }), chunk({}, 'stop'))).toEqual(['0 + a', '0 + b', '0 + c', 'end end_turn'])
  })
})
