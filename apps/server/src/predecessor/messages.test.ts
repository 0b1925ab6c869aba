import { describe, expect, test } from 'vitest'
import { expectMessage, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, startPredecessorWorld } from '../testing/predecessor-world.ts'
import { hello, startWorld } from '../testing/world.ts'

const well = (name: string) => ({ name, behavior: 'success', answer: { content: `from ${name}` } })
const two: Scenario = { name: 'two', providers: [well('first'), well('second')] }

describe('requests as the predecessor’s clients send them', () => {
  test('the body field `provider` names who answers, and goes no further', async () => {
    const { post, mock } = await startPredecessorWorld(two)
    const answer = await read(post(request(two, 'Hello', { provider: 'second' })))
    expectMessage(answer, 'from second')
    expect(answer.provider).toBe('second')
    expect(mock.requests[0]?.json).not.toHaveProperty('provider')
  })

  test('a named provider needs no route for the model', async () => {
    const { post, mock } = await startPredecessorWorld(two)
    const body = { ...request(two, 'Hello', { provider: 'second' }), model: 'never-routed' }
    expectMessage(await read(post(body)), 'from second')
    expect(mock.requests[0]?.json).toMatchObject({ model: 'never-routed' })
  })

  test('a named provider that is unknown is 404', async () => {
    const { post, asked } = await startPredecessorWorld(two)
    const { status, json } = await read(post(request(two, 'Hello', { provider: 'third' })))
    expect(status).toBe(404)
    expect(json).toMatchObject({ type: 'error', error: { message: expect.stringContaining('third') } })
    expect(asked()).toEqual([])
  })

  test('an unknown model is 404 and says which are known', async () => {
    const { post } = await startPredecessorWorld(two)
    const { status, error } = await read(post({ ...request(two, 'Hello'), model: 'no-such-model' }))
    expect(status).toBe(404)
    expect(error).toContain('claude-3-5-sonnet-20241022')
  })

  test('fields that the predecessor refused pass: only what routing needs is checked', async () => {
    const { post, mock } = await startPredecessorWorld(two)
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }]
    const messages = [
      { role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }] },
    ]
    const body = { ...request(two, '', { tools }), messages, max_tokens: 128_000 }
    expectMessage(await read(post(body)), 'from first')
    expect(mock.requests[0]?.json).toMatchObject({ tools, messages, max_tokens: 128_000 })
  })

  test.each([
    ['not JSON', '{'],
    ['no model', '{"messages":[],"max_tokens":1}'],
    ['no messages', '{"model":"claude-3-5-sonnet-20241022","max_tokens":1}'],
  ])('%s is 400 with an error in Anthropic’s shape', async (_, body) => {
    const { post, asked } = await startPredecessorWorld(two)
    const { status, json } = await read(post(Buffer.from(body)))
    expect(status).toBe(400)
    expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error', message: expect.any(String) } })
    expect(asked()).toEqual([])
  })
})

describe.each(failoverPolicies)('errors as the predecessor’s clients read them, under failover_policy %s', (policy) => {
  const settings = [`failover_policy: ${policy}`, 'hold: 0']

  test.each([
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
  ])('an upstream’s %i keeps its status, and gets a type where it had none', async (status, type) => {
    const detail = `the gateway says ${status}`
    const { post } = await startWorld({ scripts: [{ default: { status, body: { detail } } }], settings })
    const answer = await read(post(hello))
    expect(answer).toMatchObject({ status, json: { type: 'error', error: { type, message: detail } } })
  })

  test('an error that says 200 is an error', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'json-error-200' }], settings })
    const answer = await read(post(hello))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.json).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  })

  test('a page that says 200 is an error', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'html-200' }], settings })
    expect(await read(post(hello))).toMatchObject({ status: 502, json: { type: 'error' } })
  })

  test('what the upstream says beside an error comes down: its id, and when to try again', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'rate-limit' }], settings })
    const response = await post(hello)
    expect(response.status).toBe(429)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'request-id': expect.any(String),
      'retry-after': '30',
      'x-lb-request-id': expect.stringMatching(/^req_/),
    })
  })
})
