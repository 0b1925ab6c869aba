import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { expectError, expectMessage, type ReadAnswer, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario, type ScenarioProvider } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, startPredecessorWorld } from '../testing/predecessor-world.ts'

describe.each(failoverPolicies)('non-streaming requests under failover_policy %s', (policy) => {
  /** The answer of a scenario with one provider. */
  async function ask(provider: Omit<ScenarioProvider, 'name'>, more: JsonObject = {}): Promise<ReadAnswer> {
    const scenario: Scenario = { name: 'non_streaming', providers: [{ name: 'provider', ...provider }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    return read(post(request(scenario, 'Hello, test message', more)))
  }

  const well = (content: string) => ({ behavior: 'success', answer: { content } })

  test('test_successful_non_streaming_response', async () => {
    const answer = await ask(well('Non-streaming success'))
    expectMessage(answer, 'Non-streaming success')
    expect(answer.json['content']).toEqual([{ type: 'text', text: 'Non-streaming success' }])
  })

  test('test_non_streaming_with_system_message', async () => {
    expectMessage(await ask(well('System aware'), { system: 'You are a test assistant.' }), 'System aware')
  })

  test('test_non_streaming_with_temperature', async () => {
    expectMessage(await ask(well('Temperature aware'), { temperature: 0.7 }), 'Temperature aware')
  })

  test('test_non_streaming_custom_response_format', async () => {
    const answer = await ask(well('Custom format'))
    expectMessage(answer, 'Custom format')
    expect(answer.json['content']).toHaveLength(1)
  })

  test('test_non_streaming_provider_error_500', async () => {
    const answer = await ask({ behavior: 'error', status: 500, message: 'Internal provider error' })
    expectError(answer, 500, 'Internal provider error')
  })

  test('test_non_streaming_provider_error_401', async () => {
    expectError(await ask({ behavior: 'error', status: 401, message: 'Invalid API key' }), 401, 'Invalid API key')
  })

  test('test_non_streaming_provider_error_429', async () => {
    expectError(await ask({ behavior: 'rate_limit' }), 429, 'Rate Limited')
  })

  test('test_non_streaming_connection_error', async () => {
    expectError(await ask({ behavior: 'connection_error' }), 502, 'Connection Error')
  })

  test('test_non_streaming_timeout_error', async () => {
    expectError(await ask({ behavior: 'timeout' }), 408, 'Request Timeout')
  })

  test('test_non_streaming_with_tools', async () => {
    // The harness puts whatever a scenario says where the text is; odd shapes of an upstream pass through.
    const odd = [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { location: 'Berlin' } }]
    const tools = [{ name: 'get_weather', description: 'Weather', input_schema: { type: 'object', properties: {} } }]
    const answer = await ask({ behavior: 'success', answer: { content: odd } }, { tools })
    expectMessage(answer, 'get_weather')
    expect(answer.json['content']).toEqual([{ type: 'text', text: odd }])
  })

  test('test_non_streaming_response_with_delay', async () => {
    const startedMs = performance.now()
    expectMessage(await ask({ ...well('Delayed response'), delayMs: 200 }), 'Delayed response')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190)
  })

  test('test_non_streaming_multiple_error_types', async () => {
    expectError(await ask({ behavior: 'ssl_error' }), 502, 'SSL Error')
  })

  test('test_non_streaming_insufficient_credits', async () => {
    expectError(await ask({ behavior: 'insufficient_credits' }), 402, 'Insufficient credits')
  })
})
