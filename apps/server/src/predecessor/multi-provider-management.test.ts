import { describe, expect, test } from 'vitest'
import { expectError, expectMessage, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, startPredecessorWorld } from '../testing/predecessor-world.ts'

const well = (name: string, content: string) => ({ name, behavior: 'success', answer: { content } })

describe.each(failoverPolicies)('multi provider management under failover_policy %s', (policy) => {
  test('test_primary_provider_success', async () => {
    const scenario: Scenario = {
      name: 'primary_success',
      providers: [well('primary', 'Primary provider response'), well('secondary', 'Secondary provider response')],
    }
    const { post, asked } = await startPredecessorWorld(scenario, { policy })
    expectMessage(await read(post(request(scenario, 'Hello'))), 'Primary provider response')
    expect(asked()).toEqual(['primary'])
  })

  test('test_basic_provider_failover', async () => {
    const scenario: Scenario = {
      name: 'basic_failover',
      providers: [
        { name: 'failing', behavior: 'error', status: 500, message: 'Primary failed' },
        well('backup', 'Failover success'),
      ],
    }
    const { post, asked } = await startPredecessorWorld(scenario, { policy })
    const first = await read(post(request(scenario, 'first')))
    const second = await read(post(request(scenario, 'second')))
    // The threshold is 2: the predecessor shows the first failure to its client; lb's default never does.
    if (policy === 'threshold') expectError(first, 500, 'Primary failed')
    else expectMessage(first, 'Failover success')
    expectMessage(second, 'Failover success')
    expect(second.provider).toBe('backup')
    expect(asked()).toEqual(
      policy === 'threshold' ? ['failing', 'failing', 'backup'] : ['failing', 'backup', 'failing', 'backup'],
    )
  })

  test('test_all_providers_unavailable', async () => {
    const scenario: Scenario = {
      name: 'all_unavailable',
      providers: [
        { name: 'first', behavior: 'service_unavailable' },
        { name: 'second', behavior: 'service_unavailable' },
      ],
    }
    const { post } = await startPredecessorWorld(scenario, { policy })
    const answer = await read(post(request(scenario, 'Hello')))
    expectError(answer, 503, 'Service Unavailable')
  })

  test('test_provider_cooldown_mechanism', async () => {
    const scenario: Scenario = {
      name: 'cooldown',
      providers: [{ name: 'only', behavior: 'error', status: 500, message: 'Cooldown test error' }],
    }
    const settings = { unhealthy_threshold: 1, failure_cooldown: 1 }
    const { post } = await startPredecessorWorld(scenario, { policy, settings })
    for (const text of ['first', 'second', 'third']) {
      const { status } = await read(post(request(scenario, text)))
      expect(status).toBeGreaterThanOrEqual(400)
    }
  })

  test('test_provider_recovery_after_cooldown', async () => {
    const scenario: Scenario = { name: 'recovery', providers: [well('only', 'Recovered response')] }
    const { post } = await startPredecessorWorld(scenario, { policy, settings: { failure_cooldown: 0.1 } })
    expectMessage(await read(post(request(scenario, 'Hello'))), 'Recovered response')
  })

  test('test_provider_priority_ordering', async () => {
    const scenario: Scenario = {
      name: 'priority',
      providers: [
        { ...well('third', 'Third'), priority: 30 },
        { ...well('high', 'High priority'), priority: 2 },
        { ...well('low', 'Low priority'), priority: 9 },
      ],
    }
    const { post } = await startPredecessorWorld(scenario, { policy })
    const answer = await read(post(request(scenario, 'Hello')))
    expectMessage(answer, 'High priority')
    expect(answer.provider).toBe('high')
  })

  test('test_provider_type_specific_error_handling', async () => {
    const anthropic: Scenario = {
      name: 'anthropic_error',
      providers: [{ name: 'an', behavior: 'error', status: 400, message: 'Anthropic specific error' }],
    }
    const openai: Scenario = {
      name: 'openai_error',
      providers: [{ name: 'op', type: 'openai', behavior: 'error', status: 401, message: 'OpenAI specific error' }],
    }
    const first = await startPredecessorWorld(anthropic, { policy })
    const second = await startPredecessorWorld(openai, { policy })
    expectError(await read(first.post(request(anthropic, 'Hello'))), 400, 'Anthropic specific error')
    expectError(await read(second.post(request(openai, 'Hello'))), 401, 'OpenAI specific error')
  })

  test('test_concurrent_requests_with_failover', async () => {
    const scenario: Scenario = {
      name: 'concurrent_failover',
      providers: [{ name: 'failing', behavior: 'internal_server_error' }, well('backup', 'Concurrent success')],
    }
    const { post } = await startPredecessorWorld(scenario, { policy, settings: { unhealthy_threshold: 1 } })
    const answers = await Promise.all(['one', 'two', 'three'].map((text) => read(post(request(scenario, text)))))
    const served = answers.filter(({ status }) => status === 200)
    expect(served.length).toBeGreaterThanOrEqual(policy === 'seamless' ? 3 : 1)
    for (const answer of served) expectMessage(answer, 'Concurrent success')
  })

  test.each([
    ['claude-3-5-sonnet-20241022', 'anthropic'],
    ['gpt-3.5-turbo', 'openai'],
    ['custom-test-model', 'anthropic'],
  ] as const)('test_model_routing_behavior (%s)', async (model, type) => {
    const scenario: Scenario = {
      name: 'routing',
      model,
      providers: [{ ...well('routed', `Response for ${model}`), type }],
    }
    const { post, mock } = await startPredecessorWorld(scenario, { policy })
    expectMessage(await read(post(request(scenario, 'Hello'))), `Response for ${model}`)
    expect(mock.requests[0]?.json).toMatchObject({ model })
  })

  test('test_sticky_routing_behavior', async () => {
    const scenario: Scenario = {
      name: 'sticky',
      providers: [well('sticky', 'Sticky response'), well('other', 'Other response')],
    }
    const { post } = await startPredecessorWorld(scenario, { policy })
    const first = await read(post(request(scenario, 'Hello')))
    const second = await read(post(request(scenario, 'Hello again')))
    expectMessage(first, 'Sticky response')
    expectMessage(second, 'Sticky response')
    expect(second.provider).toBe(first.provider)
  })

  test('test_provider_health_status_tracking', async () => {
    const scenario: Scenario = {
      name: 'health_tracking',
      providers: [well('healthy', 'Healthy response'), { name: 'failing', behavior: 'error', status: 500 }],
    }
    const { post, get } = await startPredecessorWorld(scenario, { policy })
    expectMessage(await read(post(request(scenario, 'Hello'))), 'Healthy response')
    const { json } = await read(get('/providers'))
    expect(json).toMatchObject({ total_providers: 2, healthy_providers: 2 })
  })

  test('test_provider_selection_strategies', async () => {
    const scenario: Scenario = {
      name: 'strategy',
      providers: [well('first', 'First strategy response'), well('second', 'Second strategy response')],
    }
    const { post } = await startPredecessorWorld(scenario, { policy, settings: { selection_strategy: 'priority' } })
    expectMessage(await read(post(request(scenario, 'Hello'))), 'First strategy response')
  })

  test.each([
    ['connection_error', 502, 'Connection Error'],
    ['rate_limit', 429, 'Rate Limited'],
    ['insufficient_credits', 402, 'Insufficient credits'],
    ['timeout', 408, 'Request Timeout'],
    ['service_unavailable', 503, 'Service Unavailable'],
  ])('test_provider_error_classification (%s)', async (behavior, status, text) => {
    const scenario: Scenario = { name: 'classification', providers: [{ name: 'only', behavior }] }
    const { post } = await startPredecessorWorld(scenario, { policy })
    expectError(await read(post(request(scenario, 'Hello'))), status, text)
  })
})
