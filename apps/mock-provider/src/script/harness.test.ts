import { createSseDecoder, type Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { MockRequest } from '../answer/request.ts'
import { QUESTION, requestOf, responseOf } from '../testing/plan-of.ts'
import { type HarnessContext, harnessAnswer, harnessContextBody, readHarnessContext } from './harness.ts'

function context(...providers: Json[]): HarnessContext {
  const read = readHarnessContext({ name: 'scenario', providers })
  if (!read.ok) throw new Error(read.error)
  return read.value
}

function question(stream = false, path = '/v1/messages'): MockRequest {
  return requestOf(path, JSON.parse(JSON.stringify({ ...QUESTION, stream })))
}

test.each([
  ['error', 418, 'teapot'],
  ['rate_limit', 429, 'Rate Limited'],
  ['connection_error', 502, 'Connection Error'],
  ['ssl_error', 502, 'SSL Error'],
  ['internal_server_error', 500, 'Internal Server Error'],
  ['bad_gateway', 502, 'Bad Gateway'],
  ['service_unavailable', 503, 'Service Unavailable'],
  ['insufficient_credits', 402, 'Insufficient credits'],
  ['timeout', 408, 'Request Timeout'],
])('%s answers %i with its text', (behavior, status, message) => {
  const scenario = context({ name: 'p', behavior, error_http_code: 418, error_message: 'teapot' })
  const answer = harnessAnswer(scenario, 'p', question())
  expect(answer.status).toBe(status)
  expect(answer.body).toMatchObject({ error: { type: 'error', message } })
  expect(answer.delayMs).toBe(behavior === 'timeout' ? 10_000 : 0)
})

test('success is a message, or a stream of data lines only', () => {
  const scenario = context({ name: 'p', behavior: 'success', response_data: { content: 'one two' }, delay_ms: 200 })
  const whole = harnessAnswer(scenario, 'p', question())
  expect(whole).toMatchObject({ delayMs: 200, body: { type: 'message', content: [{ type: 'text', text: 'one two' }] } })
  const streamed = harnessAnswer(scenario, 'p', question(true))
  expect(streamed.paceMs).toBe(10)
  const { body } = responseOf({ ...streamed, delayMs: 0 })
  expect(body.toString()).not.toContain('event:')
  const types = createSseDecoder()
    .push(body)
    .events.map((event) => JSON.parse(event.data ?? '').type)
  expect(types).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_stop',
  ])
})

test('what a scenario puts where the text is comes through', () => {
  const scenario = context({ name: 'p', behavior: 'success', response_data: { content: [{ type: 'tool_use' }] } })
  expect(harnessAnswer(scenario, 'p', question()).body).toMatchObject({
    content: [{ type: 'text', text: [{ type: 'tool_use' }] }],
  })
})

test('an OpenAI path gets an OpenAI answer', () => {
  const scenario = context({ name: 'p', behavior: 'streaming_success', response_data: { content: 'one two' } })
  const { body } = responseOf(harnessAnswer(scenario, 'p', question(true, '/chat/completions')), '/chat/completions')
  expect(body.toString()).toMatch(/"content":" two"[\s\S]*\[DONE\]/)
})

test('the same request has the same duplicate_cache answer', () => {
  const scenario = context({ name: 'p', behavior: 'duplicate_cache' })
  const first = harnessAnswer(scenario, 'p', question())
  expect(harnessAnswer(scenario, 'p', { ...question(), number: 9 })).toEqual(first)
  expect(harnessAnswer(scenario, 'p', question(true)).body).not.toEqual(first.body)
})

test('without a scenario everybody is well; a provider that is not in the scenario is an error', () => {
  expect(harnessAnswer(undefined, 'x', question()).body).toMatchObject({
    content: [{ text: 'Default response from x' }],
  })
  expect(harnessAnswer(context(), 'x', question()).status).toBe(500)
  const health = requestOf('/health', undefined)
  expect(harnessAnswer(undefined, 'x', health).body).toMatchObject({ status: 'no_context', provider: 'x' })
  expect(harnessAnswer(context({ name: 'p', behavior: 'error' }), 'p', health).body).toMatchObject({
    status: 'ok',
    behavior: 'error',
    scenario: 'scenario',
  })
})

test('a scenario is read with its defaults, shown as the harness shows it, and refused with a reason', () => {
  const scenario = context({ name: 'a', behavior: 'success' }, { name: 'b', behavior: 'error', delay_ms: 5 })
  expect(harnessContextBody(scenario)).toEqual({
    context: {
      scenario_name: 'scenario',
      expected_behavior: 'success',
      providers: [
        { name: 'a', behavior: 'success', priority: 1, response_data: null, delay_ms: 0 },
        { name: 'b', behavior: 'error', priority: 2, response_data: null, delay_ms: 5 },
      ],
    },
  })
  expect(harnessContextBody(undefined)).toEqual({ context: null })
  const refusal = (body: Json | undefined) => {
    const read = readHarnessContext(body)
    return read.ok ? '' : read.error
  }
  expect(refusal(undefined)).toBe('a scenario needs a `name`')
  expect(refusal({ name: 's', providers: [{}] })).toBe('providers[0] needs a `name`')
  expect(refusal({ name: 's', providers: [{ name: 'p', behavior: 'sing' }] })).toContain(
    'providers[0].behavior is `sing`',
  )
})
