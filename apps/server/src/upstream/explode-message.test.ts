import { anthropicMessageKeep, type JsonObject, parseJsonKeeping } from '@lb/protocol'
import { expect, test } from 'vitest'
import { explodeMessage } from './explode-message.ts'

function eventsOf(body: string): readonly string[] {
  const parsed = parseJsonKeeping(body, anthropicMessageKeep)
  if (!parsed.ok) throw new Error(parsed.error.message)
  const events = explodeMessage(parsed.value as JsonObject).split('\n\n')
  return events.slice(0, -1).map((event) => event.slice(event.indexOf('data: ') + 'data: '.length))
}

test('the arguments of calls keep their spelling, whoever runs them', () => {
  const input = '{"b":12345678901234567890,"a":1.0,"a":1e400}'
  const own = `{"type":"tool_use","id":"t","name":"f","input":${input}}`
  const servers = `{"type":"server_tool_use","id":"s","name":"g","input":${input}}`
  const events = eventsOf(`{"content":[${own},${servers}],"stop_reason":"tool_use","usage":{}}`)
  expect(events[2]).toBe(
    `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":${JSON.stringify(input)}}}`,
  )
  expect(events[4]).toBe(`{"type":"content_block_start","index":1,"content_block":${servers}}`)
})

test('why it ended, and where its code ran, stand in the last event: clients look there', () => {
  const details = { type: 'refusal', category: 'cyber', explanation: 'no' }
  const body = { content: [], stop_reason: 'refusal', stop_details: details, container: { id: 'c' }, usage: {} }
  const [, last] = eventsOf(JSON.stringify(body)).map((event) => JSON.parse(event) as object)
  expect(last).toEqual({
    type: 'message_delta',
    delta: { stop_reason: 'refusal', stop_sequence: null, stop_details: details, container: { id: 'c' } },
    usage: {},
  })
})

test('what is no block is passed over, and what is missing is made up for', () => {
  const events = eventsOf('{"content":[7,{"type":"text"},{"type":"thinking"},{"type":"tool_use"}]}')
  expect(events.map((event) => (JSON.parse(event) as { readonly type: string }).type)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(events).toContain(
    '{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}',
  )
})
