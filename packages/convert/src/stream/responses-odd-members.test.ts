import type { Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import { codes, completed, done } from '../../testing/responses-events.ts'
import { brief, responsesStream } from '../../testing/streams.ts'

const ended = { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } }

test('items without a type, or without what they are made of, are reported and say nothing', () => {
  const outcome = responsesStream([done(0, {}), done(1, { type: 'message', content: [{}] }), ended])
  expect(brief(outcome.events)).toEqual(['start', 'end end_turn', 'stop'])
  expect(codes(outcome)).toContain('hosted_call_dropped')
})

test('a call with free text that has none is a call with an empty text', () => {
  const item = { type: 'custom_tool_call', call_id: 'c', name: 'A' }
  expect(brief(responsesStream([done(0, item), ended]).events).slice(1, 4)).toEqual([
    '0 tool_use c A',
    '0 + {"input":""}',
    '0 .',
  ])
})

test('a summary part without a text, and a delta without a place, belong to the first', () => {
  const item = {
    type: 'reasoning',
    id: 'rs',
    summary: [{ type: 'summary_text', text: 'a' }, {}],
    encrypted_content: 'e',
  }
  const delta = { type: 'response.reasoning_summary_text.delta', delta: 'a' }
  expect(brief(responsesStream([delta, done(0, item), ended]).events).slice(1, 4)).toEqual([
    '0 thinking',
    '0 + a',
    '0 + signature lb1.',
  ])
})

test('an answer that is incomplete without a reason was cut, and says that nobody knows why', () => {
  const cut = { type: 'response.incomplete', response: { id: 'r', status: 'incomplete', output: [] } }
  const outcome = responsesStream([cut])
  expect(brief(outcome.events)).toEqual(['start', 'end max_tokens', 'stop'])
  expect(codes(outcome)).toContain('finish_unknown')
})

test('what a delta without a text adds is nothing', () => {
  const nothing = ['output_text', 'refusal', 'reasoning_text', 'function_call_arguments'].map((name) => ({
    type: `response.${name}.delta`,
  }))
  expect(brief(responsesStream([...nothing, completed()]).events).at(0)).toBe('start')
})

const lossesOf = (outcome: ReturnType<typeof responsesStream>): readonly string[] =>
  outcome.report.losses.map(({ code, path, detail }) => [code, path, detail].join(' ').trim())

test('only a gap in the numbers of the events is reported', () => {
  const numbered = (...numbers: readonly number[]) =>
    codes(
      responsesStream([
        ...numbers.map((sequence_number) => ({ type: 'response.in_progress', sequence_number })),
        { ...ended, sequence_number: (numbers.at(-1) ?? 0) + 1 },
      ]),
    ).filter((code) => code.startsWith('event_missing'))
  expect(numbered(0, 1, 2)).toEqual([])
  expect(numbered(5, 6)).toEqual([])
  expect(numbered(0, 2)).toEqual(['event_missing'])
})

test('an unknown reason of an incomplete answer is reported where it stood', () => {
  const cut = (details: object): object => ({
    type: 'response.incomplete',
    response: { id: 'r', status: 'incomplete', output: [], incomplete_details: details },
  })
  expect(lossesOf(responsesStream([cut({ reason: 'tired' }) as never]))).toContain(
    'finish_unknown /incomplete_details/reason tired',
  )
  expect(codes(responsesStream([cut({ reason: 'max_output_tokens' }) as never]))).not.toContain('finish_unknown')
  expect(brief(responsesStream([cut({ reason: 'content_filter' }) as never]).events)).toContain('end refusal')
})

test('reasoning in content has its parts by their index, and its deltas count against the whole', () => {
  const delta = (content_index: number, said: string) => ({
    type: 'response.reasoning_text.delta',
    output_index: 0,
    content_index,
    delta: said,
  })
  const content = ['abc', 'de'].map((text) => ({ type: 'reasoning_text', text }))
  const item = { type: 'reasoning', id: 'rs', summary: [], content }
  const { events } = responsesStream([delta(0, 'ab'), delta(1, 'd'), done(0, item), ended])
  expect(brief(events).slice(1, 6)).toEqual(['0 thinking', '0 + ab', '0 + \n\nd', '0 + c', '0 + e'])
})

test('a usage that is null is none, and the model of the last event is known in time', () => {
  const response = { id: 'r', model: 'up', status: 'completed', output: [7], usage: null }
  const outcome = responsesStream([{ type: 'response.completed', response }], {}, { showModel: 'upstream' })
  expect(codes(outcome)).toContain('usage_missing')
  expect(outcome.events[0]).toMatchObject({ message: { model: 'up', id: 'msg_r' } })
})

test('what comes after the end is reported, and answered with nothing', () => {
  const outcome = responsesStream([ended, ended])
  expect(brief(outcome.events)).toEqual(['start', 'end end_turn', 'stop'])
  expect(lossesOf(outcome)).toContain('data_after_end')
})

test.each<[object, string]>([
  [{ type: 'response.completed' }, 'upstream ended without a response'],
  [{ object: 'error', message: 'no such luck' }, 'no such luck'],
  [{ error: 'no such luck' }, 'no such luck'],
])('%j is an error', (event, message) => {
  const { report } = responsesStream([event as never])
  expect(report).toMatchObject({ phase: 'failed', error: { status: 500, body: { error: { type: 'api_error' } } } })
  expect(report.error?.body.error.message).toContain(message)
})

test('a call that cannot be given fails the answer at once, not at its end', () => {
  const call = { type: 'function_call', call_id: 'c', name: 'A', arguments: 'nope' }
  const said = { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'x' }
  const outcome = responsesStream([done(0, call), said, ended], {}, { invalidArguments: 'error' })
  expect(outcome.report.phase).toBe('failed')
  expect(brief(outcome.events).some((line) => line.includes('+ x'))).toBe(false)
})

test('a stop sequence ends the answer well, also where the connection closed or the answer failed behind it', () => {
  const said = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'a END b' }
  const changes = { emulateStop: true, stopSequences: ['END'] }
  const failed = { type: 'response.failed', response: { status: 'failed', error: { message: 'no' } } }
  for (const rest of [[], [failed]]) {
    expect(brief(responsesStream([said, ...rest], changes).events).slice(-2)).toEqual(['end stop_sequence END', 'stop'])
  }
})

test('items that stand in another place at the end than in the stream are said once, and calls are made once', () => {
  const call = { type: 'function_call', id: 'fc', call_id: 'c', name: 'A', arguments: '{}' }
  const text = { type: 'message', id: 'm', content: [{ type: 'output_text', text: 'a' }] }
  const end = (...output: Json[]): Json => ({
    type: 'response.completed',
    response: { id: 'r', status: 'completed', output },
  })
  const said = (...events: readonly Json[]) =>
    brief(responsesStream(events).events).filter((line) => !line.endsWith('.'))
  const expected = ['start', '0 text', '0 + a', '1 tool_use c A', '1 + {}', 'end tool_use', 'stop']
  expect(said(done(1, text), done(2, call), end(text, call))).toEqual(expected)
  // Only the call has an id that both know, and it was only begun.
  const added = { type: 'response.output_item.added', output_index: 5, item: { ...call, id: 'x', arguments: '' } }
  expect(said(done(1, text), added, end(text, { ...call, id: 'y' }))).toEqual(expected)
  expect(said(done(1, { ...text, id: '' }), end(call)).filter((line) => line.includes('tool_use'))).toHaveLength(2)
})
