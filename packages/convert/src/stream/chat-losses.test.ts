import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk, toolDelta, usageChunk } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'

type More = [Parameters<typeof chatStream>[1]?, Parameters<typeof chatStream>[2]?]

const stop = chunk({}, 'stop')
const lossesOf = (chunks: readonly Json[], ...more: More): readonly string[] =>
  chatStream(chunks, ...more).report.losses.map(({ code, path, detail }) => [code, path, detail].join(' ').trim())
const call = (index: number, name: string | undefined, said: string): Json =>
  chunk(toolDelta(index, `c${index}`, name, said))
const signed = { google: { thought_signature: 'gs' } }

describe('a loss says where in the answer it happened', () => {
  test.each<[string, readonly Json[], More]>([
    [
      'signature_dropped /choices/0/message/reasoning_details',
      [chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }], content: 'a' }), stop],
      [{ carrier: 'text-only' }],
    ],
    [
      'signature_dropped /choices/0/message/tool_calls',
      [
        call(0, 'A', '{'),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '}' }, extra_content: signed }] }),
        chunk({}, 'tool_calls'),
      ],
      [],
    ],
    [
      'signature_dropped /choices/0/message/extra_content',
      [chunk({ content: 'a' }), chunk({ extra_content: signed }), stop],
      [],
    ],
    [
      'annotations_dropped /choices/0/message/annotations',
      [chunk({ content: 'a', annotations: [{ type: 'x' }] }), stop],
      [],
    ],
    ['media_dropped /choices/0/message', [chunk({ content: 'a', audio: { data: 'UklG' } }), stop], []],
    ['media_dropped /choices/0/message/content image', [chunk({ content: [{ type: 'image' }] }), stop], []],
    [
      'extra_choices /choices',
      [{ choices: [{ index: 1, delta: { content: 'b' } }] }, chunk({ content: 'a' }), stop],
      [],
    ],
    ['finish_missing', [chunk({ content: 'a' })], []],
    ['error_after_content /error', [chunk({ content: 'a' }, 'length', { error: { message: 'x' } })], []],
    ['data_after_end', [chunk({ content: 'a' }), { error: 'x' }, stop], []],
    ['event_unexpected', [7, chunk({ content: 'a' }), stop], []],
    ['tool_call_dropped', [call(0, undefined, ''), chunk({ content: 'a' }), stop], []],
    ['tool_name_guessed', [call(0, undefined, '{}'), chunk({}, 'tool_calls')], [{ tools: ['Bash'] }]],
    ['tool_arguments_invalid', [call(0, 'A', 'nope'), chunk({}, 'tool_calls')], []],
    ['tool_delta_late', [call(0, 'A', '{}'), call(0, undefined, 'x'), chunk({}, 'tool_calls')], []],
    ['usage_missing /usage', [chunk({ content: 'a' }), stop], []],
    ['empty_response', [stop], []],
  ])('%s', (loss, chunks, more) => {
    expect(lossesOf(chunks, ...more)).toContain(loss)
  })

  test('an ordinary stream has none, and nothing beside it', () => {
    const more = { obfuscation: 'x', type: 'chunk', service_tier: null, system_fingerprint: null, error: null }
    const { report } = chatStream([
      chunk(
        { role: 'assistant', content: '', refusal: null, tool_calls: [], annotations: [], audio: null },
        null,
        more,
      ),
      chunk({ content: 'a' }, null, more),
      stop,
      usageChunk(3, 4),
    ])
    expect([report.losses, report.aside]).toEqual([[], {}])
  })

  test('what nobody knows stands beside the answer', () => {
    const { report } = chatStream([chunk({ content: 'a', mood: 'good' }, null, { x_cost: 7 }), stop, usageChunk(3, 4)])
    expect(report.aside).toEqual({ mood: 'good', x_cost: 7 })
  })
})

describe('usage that comes often (case 17)', () => {
  const counted = (...usages: readonly Json[]) => {
    const { report } = chatStream([chunk({ content: 'a' }), stop, ...usages.map((usage) => ({ choices: [], usage }))])
    return [report.usage?.input_tokens, report.usage?.output_tokens]
  }

  test('the largest counts, of equal ones the last', () => {
    expect(counted({ prompt_tokens: 10, completion_tokens: 5 }, { prompt_tokens: 3, completion_tokens: 1 })).toEqual([
      10, 5,
    ])
    expect(counted({ prompt_tokens: 1, completion_tokens: 9 }, { prompt_tokens: 8, completion_tokens: 2 })).toEqual([
      8, 2,
    ])
    expect(counted({ prompt_tokens: 9 }, { prompt_tokens: 5, completion_tokens: 5 })).toEqual([5, 5])
    expect(counted({ completion_tokens: 9 }, { prompt_tokens: 5, completion_tokens: 5 })).toEqual([5, 5])
    expect(counted({ prompt_tokens: 9, completion_tokens: 1 }, 'none')).toEqual([9, 1])
  })
})

describe('reasoning by several names (case 15)', () => {
  const thought = (...deltas: readonly Json[]) =>
    brief(chatStream([...deltas.map((delta) => chunk(delta)), stop]).events).filter((line) => / \+ [a-z]+$/.test(line))

  test('the first that says something is read to the end', () => {
    expect(thought({ reasoning_content: 'a', reasoning: 'a' }, { reasoning: 'b', reasoning_content: 'b' })).toEqual([
      '0 + a',
      '0 + b',
    ])
    expect(thought({ reasoning: 'a' }, { reasoning_content: 'b', reasoning: 'b' })).toEqual(['0 + a', '0 + b'])
    expect(thought({ reasoning_details: [], reasoning: 'a' }, { reasoning_details: [{ text: 'x' }] })).toEqual([
      '0 + a',
    ])
    expect(thought({ reasoning_content: '', reasoning: 7 }, { reasoning: 'a' })).toEqual(['0 + a'])
  })

  test('members of every object are none of the answer', () => {
    expect(thought(JSON.parse('{"__proto__":{"reasoning":"a"},"content":"b"}'))).toEqual(['0 + b'])
  })
})

describe('entries of reasoning in pieces', () => {
  const carried = (...entries: readonly Json[]) => {
    const { events } = chatStream([...entries.map((entry) => chunk({ reasoning_details: [entry] })), stop])
    const signatures = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'signature_delta' ? [event.delta.signature] : [],
    )
    return signatures.map((signature) => decodeCarrier(signature)?.d)
  }
  const text = (said: string, index: number, more: object = {}): Json =>
    ({ type: 'reasoning.text', text: said, index, ...more }) as Json

  test('of one index and kind are one; of another index or kind another', () => {
    expect(
      carried(text('ab', 0), text('c', 0), text('de', 1), { type: 'reasoning.summary', summary: 'f', index: 1 }),
    ).toEqual([
      [text('3', 0, { text: 3 }), text('2', 1, { text: 2 }), { type: 'reasoning.summary', summary: 1, index: 1 }],
    ])
  })

  test('numbers that are no lengths are not added up, and a text may begin late', () => {
    expect(carried(text('a', 5, { rank: 1 }), text('b', 5, { rank: 2 }))).toEqual([[text('', 5, { text: 2, rank: 2 })]])
    expect(carried({ type: 'reasoning.text', index: 0 }, text('ab', 0))).toEqual([[text('', 0, { text: 2 })]])
    expect(carried(text('ab', 0), { type: 'reasoning.text', index: 0, text: null, id: 'r' })).toEqual([
      [text('', 0, { text: 2, id: 'r' })],
    ])
  })

  test('each run of reasoning carries its own', () => {
    const { events } = chatStream([
      chunk({ reasoning_details: [text('a', 0)] }),
      chunk({ content: 'x' }),
      chunk({ reasoning_details: [text('bc', 0)] }),
      stop,
    ])
    const data = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'signature_delta'
        ? [decodeCarrier(event.delta.signature)?.d]
        : [],
    )
    expect(data).toEqual([[text('', 0, { text: 1 })], [text('', 0, { text: 2 })]])
  })
})

describe('calls without an index (case 2)', () => {
  const named = (...deltas: readonly Json[]) =>
    brief(chatStream([...deltas.map((delta) => chunk(delta)), chunk({}, 'tool_calls')]).events).filter((line) =>
      /tool_use |\+/.test(line),
    )

  test('an id or a name begins another, and nothing of both goes on with the last', () => {
    expect(named(toolDelta(undefined, 'a', 'A', '{}'), toolDelta(undefined, 'b', 'B', '{}'))).toEqual([
      '0 tool_use a A',
      '0 + {}',
      '1 tool_use b B',
      '1 + {}',
    ])
    const nameless = named(toolDelta(undefined, 'a', 'A', '{"x"'), toolDelta(undefined, '', '', ':1}'))
    expect(nameless).toEqual(['0 tool_use a A', '0 + {"x"', '0 + :1}'])
    expect(named(toolDelta(undefined, undefined, 'A', '{}'), toolDelta(undefined, undefined, 'B', '{}'))).toHaveLength(
      4,
    )
  })

  test('an id that is known goes on with its call, also past others', () => {
    const deltas = [
      toolDelta(undefined, 'a', 'A', '{"x"'),
      toolDelta(undefined, 'b', 'B', '{}'),
      toolDelta(undefined, 'a', '', ':1}'),
    ]
    expect(named(...deltas)).toEqual(['0 tool_use a A', '0 + {"x"', '0 + :1}', '1 tool_use b B', '1 + {}'])
  })
})
