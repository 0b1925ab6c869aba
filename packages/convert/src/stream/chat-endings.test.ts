import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { brief, chatStream, chunk, plainProfile, toolDelta, usageChunk } from '../../testing/streams.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

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
