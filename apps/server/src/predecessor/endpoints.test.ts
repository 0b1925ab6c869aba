import { describe, expect, test } from 'vitest'
import { read } from '../testing/predecessor-answers.ts'
import { request, type Scenario } from '../testing/predecessor-scenario.ts'
import { startPredecessorWorld } from '../testing/predecessor-world.ts'

const scenario: Scenario = {
  name: 'endpoints',
  providers: [
    { name: 'first', behavior: 'success' },
    { name: 'second', type: 'openai', behavior: 'success' },
  ],
}

/** All providers fail until they are out. */
const dead: Scenario = { name: 'dead', providers: [{ name: 'only', behavior: 'internal_server_error' }] }

describe('the predecessor’s endpoints keep their shapes', () => {
  test('GET /', async () => {
    const { get } = await startPredecessorWorld(scenario, {
      settings: { app_name: 'My balancer', app_version: '0.1.6' },
    })
    const { status, json } = await read(get('/'))
    expect(status).toBe(200)
    expect(json).toEqual({ service: 'My balancer', version: '0.1.6', status: 'healthy', providers_available: 2 })
  })

  test('GET /health', async () => {
    const { get } = await startPredecessorWorld(scenario)
    expect(await read(get('/health'))).toMatchObject({ status: 200, json: { status: 'healthy' } })
  })

  test('GET /health when nobody is healthy', async () => {
    const { get, post } = await startPredecessorWorld(dead, {
      policy: 'threshold',
      settings: { unhealthy_threshold: 1 },
    })
    await read(post(request(dead, 'Hello')))
    const { status, json } = await read(get('/health'))
    expect(status).toBe(503)
    expect(json).toEqual({ status: 'unhealthy', message: 'No healthy providers available' })
  })

  test('GET /providers', async () => {
    const { get, mock } = await startPredecessorWorld(scenario)
    const { status, json } = await read(get('/providers'))
    expect(status).toBe(200)
    expect(json).toMatchObject({
      total_providers: 2,
      healthy_providers: 2,
      selection_strategy: 'priority',
      total_model_routes: 1,
      providers: [
        {
          name: 'first',
          type: 'anthropic',
          base_url: `${mock.url}/mock-provider/first`,
          enabled: true,
          healthy: true,
          failure_count: 0,
          last_failure_time: 0,
          proxy: null,
          models: [{ pattern: 'claude-3-5-sonnet-20241022', model: 'passthrough', priority: 1 }],
          status: 'healthy',
        },
        { name: 'second', type: 'openai', models: [{ priority: 2 }] },
      ],
    })
    expect(JSON.stringify(json)).not.toContain('test-key')
  })

  test('an unknown path is 404 with FastAPI’s `detail`', async () => {
    const { get } = await startPredecessorWorld(scenario)
    expect(await read(get('/no/such/path'))).toMatchObject({ status: 404, json: { detail: 'Not Found' } })
  })
})
