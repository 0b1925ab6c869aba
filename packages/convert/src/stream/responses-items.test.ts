import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  added,
  args,
  call,
  codes,
  completed,
  done,
  message,
  reasoning,
  signatures,
  summary,
  text,
} from '../../testing/responses-events.ts'
import { brief, responsesStream } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'

describe('what the deltas left out is taken from the item', () => {
  test('text', () => {
    expect(
      brief(responsesStream([text(0, 'Hel'), done(0, message('Hello', 'again')), completed()]).events).slice(1, 8),
    ).toEqual(['0 text', '0 + Hel', '0 + lo', '0 .', '1 text', '1 + again', '1 .'])
  })

  test('arguments', () => {
    expect(
      brief(responsesStream([added(0, call('')), args(0, '{"x"'), done(0, call('{"x":1}')), completed()]).events).slice(
        1,
        5,
      ),
    ).toEqual(['0 tool_use call_1 Bash', '0 + {"x"', '0 + :1}', '0 .'])
  })

  test('reasoning', () => {
    expect(
      brief(responsesStream([summary(0, 'a'), done(0, reasoning(['abc', 'd'])), completed()]).events).slice(1, 5),
    ).toEqual(['0 thinking', '0 + a', '0 + bc', '0 + \n\nd'])
  })

  test('and from the whole of a part, where there is no whole item', () => {
    const whole = (kind: string, said: object) => ({ type: `response.${kind}.done`, output_index: 0, ...said })
    const said = (...events: readonly Json[]) => brief(responsesStream([...events, completed([])]).events).slice(1, -3)
    expect(said(added(0, call('')), whole('function_call_arguments', { arguments: '{"x":1}' }))).toEqual([
      '0 tool_use call_1 Bash',
      '0 + {"x":1}',
    ])
    expect(
      said(added(0, call('')), args(0, '{"x"'), whole('function_call_arguments', { arguments: '{"x":1}' })),
    ).toEqual(['0 tool_use call_1 Bash', '0 + {"x"', '0 + :1}'])
    expect(said(text(0, 'Hel'), whole('output_text', { text: 'Hello' }))).toEqual(['0 text', '0 + Hel', '0 + lo'])
    expect(said(whole('refusal', { refusal: 'No.' }))).toEqual(['0 text', '0 + No.'])
    expect(said(text(0, 'x'), whole('output_text', {}), whole('function_call_arguments', {}))).toEqual([
      '0 text',
      '0 + x',
    ])
  })

  test('items that are named by their id only are told apart', () => {
    const start = (id: string) => ({
      type: 'response.output_item.added',
      item: { type: 'function_call', id, call_id: `c_${id}`, name: 'Bash', arguments: '' },
    })
    const piece = (item_id: string, delta: string) => ({
      type: 'response.function_call_arguments.delta',
      item_id,
      delta,
    })
    const events = [start('a'), start('b'), piece('b', '{"b":1}'), piece('a', '{}'), completed([])]
    expect(brief(responsesStream(events).events).slice(1, -2)).toEqual([
      '0 tool_use c_a Bash',
      '0 + {}',
      '0 .',
      '1 tool_use c_b Bash',
      '1 + {"b":1}',
      '1 .',
    ])
  })

  test('items that no event announced', () => {
    const outcome = responsesStream([completed([reasoning(['r']), message('x'), call('{}')])])
    expect(brief(outcome.events)).toEqual([
      'start',
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
      '1 .',
      '2 tool_use call_1 Bash',
      '2 + {}',
      '2 .',
      'end tool_use',
      'stop',
    ])
  })

  test('an item counts once, however often it is said', () => {
    expect(
      brief(responsesStream([done(0, message('x')), done(0, message('x')), completed([message('x')])]).events),
    ).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
  })
})

describe('items', () => {
  test('items that interleave come out one behind the other', () => {
    const outcome = responsesStream([
      added(0, call('')),
      added(1, { ...call(''), call_id: 'call_2', name: 'Read' }),
      args(0, '{"a"'),
      args(1, '{"b":'),
      args(0, ':1}'),
      args(1, '2}'),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, -2)).toEqual([
      '0 tool_use call_1 Bash',
      '0 + {"a"',
      '0 + :1}',
      '0 .',
      '1 tool_use call_2 Read',
      '1 + {"b":',
      '1 + 2}',
      '1 .',
    ])
  })

  test('a refusal is text and the reason', () => {
    const refusal = { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'No.' }
    expect(brief(responsesStream([refusal, completed()]).events)).toEqual([
      'start',
      '0 text',
      '0 + No.',
      '0 .',
      'end refusal',
      'stop',
    ])
    const whole = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }
    expect(brief(responsesStream([done(0, whole), completed()]).events)).toEqual([
      'start',
      '0 text',
      '0 + No.',
      '0 .',
      'end refusal',
      'stop',
    ])
  })

  test('a free-text call is a call with one string', () => {
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'Patch', input: 'a "b"' }
    expect(brief(responsesStream([added(0, custom), done(0, custom), completed()]).events).slice(1, 4)).toEqual([
      '0 tool_use c Patch',
      '0 + {"input":"a \\"b\\""}',
      '0 .',
    ])
  })

  test('a call without arguments, and one that is no JSON', () => {
    expect(brief(responsesStream([done(0, call('')), completed()]).events)[2]).toBe('0 + ')
    const broken = responsesStream([done(0, call('x=1')), completed()])
    expect(brief(broken.events)[2]).toBe('0 + {"_raw":"x=1"}')
    expect(codes(broken)).toEqual(['tool_arguments_invalid'])
    const cut = responsesStream([added(0, call('')), args(0, '{"x"'), completed()])
    expect(brief(cut.events).at(-1)).toBe('error api_error: the arguments of a tool call ended early')
  })

  test('the phase of a message is carried by an empty block before it', () => {
    const phased = { ...message('x'), phase: 'commentary' }
    const outcome = responsesStream([added(0, phased), text(0, 'x'), done(0, phased), completed()])
    expect(brief(outcome.events).slice(1, 6)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 text', '1 + x'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({
      v: 1,
      p: 'openai-responses',
      k: 'sig',
      d: { phase: 'commentary' },
    })
    expect(brief(responsesStream([done(0, phased), completed()]).events)[1]).toBe('0 thinking')
    expect(brief(responsesStream([done(0, phased), completed()], { carrier: 'text-only' }).events)[1]).toBe('0 text')
  })

  test('calls that the provider ran are kept aside and reported', () => {
    const search = { type: 'web_search_call', id: 'w', action: { query: 'q' } }
    const outcome = responsesStream([
      added(0, search),
      done(0, search),
      { type: 'response.web_search_call.completed' },
      done(1, message('x')),
      completed(),
    ])
    expect(brief(outcome.events)[1]).toBe('0 text')
    expect(outcome.report.aside).toEqual({ web_search_call: search })
    expect(outcome.report.losses).toEqual([
      { code: 'hosted_call_dropped', path: '/output/0', detail: 'web_search_call', count: 1 },
    ])
  })

  test('sources are kept aside and reported', () => {
    const annotations = [{ type: 'url_citation', url: 'u' }]
    const outcome = responsesStream([
      done(0, { type: 'message', content: [{ type: 'output_text', text: 'x', annotations }] }),
      completed(),
    ])
    expect(outcome.report.aside).toEqual({ annotations })
    expect(codes(outcome)).toEqual(['annotations_dropped'])
  })

  test('a call that code made is a call, with a loss', () => {
    expect(
      codes(responsesStream([done(0, { ...call('{}'), caller: { type: 'program', caller_id: 'p' } }), completed()])),
    ).toEqual(['tool_caller_dropped'])
  })
})
