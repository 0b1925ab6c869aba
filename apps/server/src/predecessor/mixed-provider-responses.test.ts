import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { expectError, expectMessage, expectStream, type ReadAnswer, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario, type ScenarioProvider } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, startPredecessorWorld } from '../testing/predecessor-world.ts'

describe.each(failoverPolicies)('mixed provider responses under failover_policy %s', (policy) => {
  /** The answer of a scenario with one provider. */
  async function ask(provider: Omit<ScenarioProvider, 'name'>, more: JsonObject = {}): Promise<ReadAnswer> {
    const scenario: Scenario = { name: 'mixed', providers: [{ name: 'provider', ...provider }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    return read(post(request(scenario, 'Hello', more)))
  }

  test('test_successful_provider_response', async () => {
    expectMessage(await ask({ behavior: 'success', answer: { content: 'Anthropic shape' } }), 'Anthropic shape')
  })

  test('test_error_provider_response', async () => {
    const answer = await ask({ behavior: 'error', status: 401, message: 'Authentication failed' })
    expectError(answer, 401, 'Authentication failed')
  })

  test('test_service_unavailable_provider', async () => {
    expectError(await ask({ behavior: 'service_unavailable' }), 503, 'Service Unavailable')
  })

  test('test_rate_limit_provider', async () => {
    expectError(await ask({ behavior: 'rate_limit' }), 429, 'Rate Limited')
  })

  test('test_insufficient_credits_provider', async () => {
    expectError(await ask({ behavior: 'insufficient_credits' }), 402, 'Insufficient credits')
  })

  test('test_mixed_provider_failover_scenario', async () => {
    const scenario: Scenario = {
      name: 'mixed_failover',
      providers: [
        { name: 'failing_provider', behavior: 'error', status: 500, message: 'Mixed failure' },
        { name: 'working_provider', behavior: 'success', answer: { content: 'Mixed success' } },
      ],
    }
    const { post, get } = await startPredecessorWorld(scenario, { policy, settings: { unhealthy_threshold: 1 } })
    const before = await read(get('/providers'))
    expect(before.status).toBe(200)
    expect(entries(before).map(({ name }) => name)).toEqual(['failing_provider', 'working_provider'])
    for (const text of ['first', 'second']) {
      const answer = await read(post(request(scenario, text)))
      expectMessage(answer, 'Mixed success')
      expect(answer.provider).toBe('working_provider')
    }
    const after = await read(get('/providers'))
    expect(after.status).toBe(200)
    const [failing, working] = entries(after)
    expect(failing).toMatchObject({ name: 'failing_provider', healthy: false, status: 'unhealthy' })
    expect(working).toMatchObject({ name: 'working_provider', healthy: true, status: 'healthy', failure_count: 0 })
  })

  test('test_streaming_request_handling', async () => {
    const answer = await ask({ behavior: 'success', answer: { content: 'Streamed too' } }, { stream: true })
    expectStream(answer, ['message_start', 'Streamed', 'message_stop'])
  })

  test('test_custom_response_data', async () => {
    const answer = await ask({ behavior: 'success', answer: { content: 'Custom content with details' } })
    expectMessage(answer, 'Custom content with details')
  })

  test('test_provider_with_delay', async () => {
    const startedMs = performance.now()
    expectMessage(await ask({ behavior: 'success', answer: { content: 'Late' }, delayMs: 100 }), 'Late')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(90)
  })
})

/** The entries of `/providers`. */
function entries({ json }: ReadAnswer): readonly JsonObject[] {
  const list: Json | undefined = json['providers']
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}
