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
