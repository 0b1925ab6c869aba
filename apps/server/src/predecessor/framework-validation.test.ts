import { isJsonObject, type Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { read } from '../testing/predecessor-answers.ts'
import {
  configOf,
  generatedSettings,
  priorityOf,
  request,
  type Scenario,
  scenarioContext,
} from '../testing/predecessor-scenario.ts'
import { startPredecessorWorld } from '../testing/predecessor-world.ts'

/**
 * Nine of the predecessor's tests are about its own harness. These nine are about ours: a scenario's providers, its
 * configuration, its context, its environment, and the behaviours' names.
 */
const scenario: Scenario = {
  name: 'framework',
  model: 'framework-model',
  providers: [
    { name: 'one', behavior: 'success', answer: { content: 'One' }, delayMs: 5 },
    { name: 'two', type: 'openai', behavior: 'error', status: 418, message: 'I am a teapot', priority: 7 },
    { name: 'three', behavior: 'rate_limit' },
  ],
}
const config = configOf(scenario, 'http://mock')

describe('test_framework_validation', () => {
  test('a provider left at priority 1 gets its place in the list', () => {
    expect(scenario.providers.map(priorityOf)).toEqual([1, 7, 3])
  })

  test('a scenario becomes the body of the steering call', () => {
    expect(scenarioContext(scenario)).toMatchObject({
      name: 'framework',
      providers: [
        { name: 'one', behavior: 'success', response_data: { content: 'One' }, delay_ms: 5 },
        { name: 'two', behavior: 'error', error_http_code: 418, error_message: 'I am a teapot' },
        { name: 'three', behavior: 'rate_limit', delay_ms: 0 },
      ],
    })
  })

  test('every provider is configured at its own path of the mock, with the harness’s key', () => {
    expect(config.providers.map(({ name, type, base_url, auth_value }) => [name, type, base_url, auth_value])).toEqual([
      ['one', 'anthropic', 'http://mock/mock-provider/one', 'test-key'],
      ['two', 'openai', 'http://mock/mock-provider/two', 'test-key'],
      ['three', 'anthropic', 'http://mock/mock-provider/three', 'test-key'],
    ])
  })

  test('one model is routed, by its exact name, and passed through', () => {
    expect(Object.keys(config.model_routes)).toEqual(['framework-model'])
    expect(config.model_routes['framework-model']).toMatchObject([
      { provider: 'one', model: 'passthrough', priority: 1 },
      { provider: 'two', model: 'passthrough', priority: 7 },
      { provider: 'three', model: 'passthrough', priority: 3 },
    ])
  })

  test('the settings are the harness’s own until a scenario changes some', () => {
    expect(config.settings).toEqual(generatedSettings)
    expect(configOf(scenario, '', { unhealthy_threshold: 1 }).settings).toEqual({
      ...generatedSettings,
      unhealthy_threshold: 1,
    })
  })

  test('a request asks for the scenario’s model', () => {
    expect(request(scenario, 'Hello', { stream: true })).toEqual({
      model: 'framework-model',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
    })
  })

  test('the mock shows the context that it was given', async () => {
    const { mock } = await startPredecessorWorld(scenario)
    const { json } = await read(fetch(`${mock.url}/mock-test-context`))
    expect(json).toMatchObject({ context: { scenario_name: 'framework' } })
    expect(names(json['context'])).toEqual(['one', 'two', 'three'])
    await fetch(`${mock.url}/mock-clear-context`, { method: 'DELETE' })
    expect((await read(fetch(`${mock.url}/mock-test-context`))).json).toEqual({ context: null })
  })

  test('the environment is ready when `/` answers, and lb knows all providers', async () => {
    const { get } = await startPredecessorWorld(scenario)
    expect((await read(get('/'))).json).toMatchObject({ status: 'healthy', providers_available: 3 })
    expect(names((await read(get('/providers'))).json)).toEqual(['one', 'two', 'three'])
  })

  test('a behaviour that the harness does not know is refused by name', async () => {
    const odd: Scenario = { name: 'odd', providers: [{ name: 'x', behavior: 'sing' }] }
    await expect(startPredecessorWorld(odd)).rejects.toThrow('`sing`')
  })
})

function names(owner: Json | undefined): readonly Json[] {
  const list = isJsonObject(owner) ? owner['providers'] : undefined
  return Array.isArray(list) ? list.filter(isJsonObject).map((entry) => entry['name'] ?? null) : []
}
