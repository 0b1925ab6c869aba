import { describe, expect, test } from 'vitest'
import { anthropicGrammarProblems } from '../../testing/grammar.ts'
import { brief, chatStream, chunk, plainProfile, toolDelta } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'

const stop = chunk({}, 'stop')
const calls = chunk({}, 'tool_calls')

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

  test.each(['reasoning_content', 'reasoning', 'reasoning_text'])('%s says it, in pieces and whole', (name) => {
    for (const chunks of [
      [chunk({ [name]: 'h' }), chunk({ [name]: 'm' }), chunk({ content: 'x' }), stop],
      [{ choices: [{ index: 0, message: { role: 'assistant', [name]: 'hm', content: 'x' }, finish_reason: 'stop' }] }],
    ]) {
      const { events, report } = chatStream(chunks as never)
      const said = brief(events).filter((line) => line.includes(' + ') && !line.includes('signature'))
      expect(said.map((line) => line.slice(4)).join('')).toBe('hmx')
      expect(brief(events)[1]).toBe('0 thinking')
      expect(report.losses.map(({ code }) => code)).toEqual(['usage_missing'])
    }
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
      chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 'c', index: 0, id: 'r1', format: null }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'de', index: 1 }, 'odd'] }),
      stop,
    ])
    expect(brief(events).slice(2, 5)).toEqual(['0 + ab', '0 + c', '0 + de'])
    expect(decodeCarrier(signatures(events)[0] ?? '')?.d).toEqual([
      { type: 'reasoning.summary', summary: 3, index: 0, format: 'f', id: 'r1' },
      { type: 'reasoning.text', text: 2, index: 1 },
    ])
  })

  test('a carrier in the place of a genuine signature is carried itself: whoever wrote it wants it back', () => {
    const inner = 'lb1.eyJ2IjoxLCJwIjoib3BlbmFpLXJlc3BvbnNlcyIsImsiOiJ0ZXh0In0'
    const detail = { type: 'reasoning.text', text: 'a', signature: inner, format: 'anthropic-claude-v1', index: 0 }
    const { events } = chatStream([chunk({ reasoning_details: [detail] }), stop])
    const [signature = ''] = signatures(events)
    expect(signature).not.toBe(inner)
    expect(decodeCarrier(signature)).toMatchObject({ k: 'details', d: [{ ...detail, text: 1 }] })
  })

  test('opaque data in pieces is put together', () => {
    const piece = (data: string): object => ({ type: 'reasoning.blob', data, index: 0 })
    const { events } = chatStream([
      chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'a', index: 0 }, piece('ab') as never] }),
      chunk({ reasoning_details: [piece('cd') as never] }),
      stop,
    ])
    expect(decodeCarrier(signatures(events)[0] ?? '')?.d).toEqual([
      { type: 'reasoning.text', text: 1, index: 0 },
      { type: 'reasoning.blob', data: 'abcd', index: 0 },
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
