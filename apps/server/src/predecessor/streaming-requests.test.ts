import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { expectError, expectStream, type ReadAnswer, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario, type ScenarioProvider } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, startPredecessorWorld } from '../testing/predecessor-world.ts'

const framed = ['message_start', 'content_block_delta', 'message_stop']

describe.each(failoverPolicies)('streaming requests under failover_policy %s', (policy) => {
  /** The answer of a scenario with one provider to a request for a stream. */
  async function ask(provider: Omit<ScenarioProvider, 'name'>, more: JsonObject = {}): Promise<ReadAnswer> {
    const scenario: Scenario = { name: 'streaming', providers: [{ name: 'provider', ...provider }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    return read(post(request(scenario, 'Hello, stream', { stream: true, ...more })))
  }

  const well = (content: string) => ({ behavior: 'streaming_success', answer: { content } })

  test('test_successful_streaming_response', async () => {
    const answer = await ask(well('Streaming success response'))
    expectStream(answer, [...framed, 'Streaming', 'success'])
    expect(answer.provider).toBe('provider')
  })

  test('test_streaming_provider_error', async () => {
    // A JSON error, not an event: nothing has been streamed yet.
    const answer = await ask({ behavior: 'error', status: 500, message: 'Streaming provider error' })
    expectError(answer, 500, 'Streaming provider error')
  })

  test('test_streaming_timeout_handling', async () => {
    expectError(await ask({ behavior: 'timeout' }), 408, 'Request Timeout')
  })

  test('test_streaming_failover', async () => {
    const scenario: Scenario = {
      name: 'streaming_failover',
      providers: [
        { name: 'failing', behavior: 'error', status: 500, message: 'Primary stream failed' },
        { name: 'backup', ...well('Failover stream works') },
      ],
    }
    const { post, asked } = await startPredecessorWorld(scenario, { policy, settings: { unhealthy_threshold: 1 } })
    const answer = await read(post(request(scenario, 'Hello', { stream: true })))
    expectStream(answer, [...framed, 'Failover'])
    expect(answer.text).not.toContain('Primary stream failed')
    expect(asked()).toEqual(['failing', 'backup'])
  })

  test.each([
    ['claude-3-5-sonnet-20241022', 'Sonnet streaming response'],
    ['claude-3-haiku-20240307', 'Haiku streaming response'],
    ['claude-3-opus-20240229', 'Opus streaming response'],
  ])('test_streaming_with_different_models (%s)', async (model, content) => {
    const scenario: Scenario = { name: 'models', model, providers: [{ name: 'provider', ...well(content) }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    const answer = await read(post(request(scenario, 'Hello', { stream: true })))
    expectStream(answer, [...framed, ...content.split(' ').slice(0, 2)])
  })

  test('test_streaming_concurrent_requests', async () => {
    const scenario: Scenario = { name: 'concurrent', providers: [{ name: 'provider', ...well('Concurrent stream') }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((text) => read(post(request(scenario, text, { stream: true })))),
    )
    // The original asks for two of three. There is no reason to lose one.
    for (const answer of answers) expectStream(answer, [...framed, 'Concurrent'])
  })

  test('test_streaming_large_response', async () => {
    const content = Array.from({ length: 600 }, (_, index) => `word${index}`).join(' ')
    const answer = await ask(well(content))
    expectStream(answer, [...framed, 'word0', 'word599'])
    expect(answer.text.length).toBeGreaterThan(100)
  })

  test('test_streaming_empty_content', async () => {
    expectStream(await ask(well('')), ['message_start', 'message_stop'])
  })

  test('test_streaming_with_system_message', async () => {
    expectStream(await ask(well('System stream'), { system: 'You stream.' }), [...framed, 'System'])
  })

  test('test_streaming_with_temperature_parameter', async () => {
    expectStream(await ask(well('Temperature stream'), { temperature: 0.5 }), [...framed, 'Temperature'])
  })

  test('test_streaming_error_recovery', async () => {
    expectStream(await ask(well('Recovery stream')), [...framed, 'Recovery', 'stream'])
  })

  test.each([[{ temperature: 0.2 }], [{ top_p: 0.9 }], [{ temperature: 0.8, top_p: 0.5 }]])(
    'test_streaming_request_validation (%j)',
    async (more) => {
      expectStream(await ask(well('Validated stream'), more), [...framed, 'Validated'])
    },
  )

  test.each(['anthropic', 'openai'] as const)('test_streaming_multiple_provider_types (%s)', async (type) => {
    // The predecessor lost most of an OpenAI stream on the way; here it comes whole.
    expectStream(await ask({ ...well('Typed stream'), type }), [...framed, 'Typed'])
  })

  test('test_streaming_rate_limit_error', async () => {
    expectError(await ask({ behavior: 'rate_limit' }), 429, 'Rate Limited')
  })

  test('test_streaming_connection_error', async () => {
    expectError(await ask({ behavior: 'connection_error' }), 502, 'Connection Error')
  })

  test('test_streaming_service_unavailable', async () => {
    expectError(await ask({ behavior: 'service_unavailable' }), 503, 'Service Unavailable')
  })

  test('test_streaming_insufficient_credits', async () => {
    expectError(await ask({ behavior: 'insufficient_credits' }), 402, 'Insufficient credits')
  })
})
