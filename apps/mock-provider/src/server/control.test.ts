import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MockProvider, startMockProvider } from './mock-provider.ts'

let mock: MockProvider
beforeAll(async () => {
  mock = await startMockProvider({ control: true, script: { rules: [{ answer: { status: 201, body: 'first' } }] } })
})
afterAll(() => mock.close())

async function call(method: string, path: string, body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(mock.url + path, { method, ...(body === undefined ? {} : { body: text }) })
  const answer = await response.text()
  return { status: response.status, body: answer.startsWith('{') ? JSON.parse(answer) : answer }
}

const ask = () => call('POST', '/v1/messages', { model: 'm' })

test('a running provider is asked what it received, and steered', async () => {
  expect(await ask()).toEqual({ status: 201, body: 'first' })
  const { requests } = (await call('GET', '/__mock/requests')).body
  expect(requests).toEqual([
    expect.objectContaining({
      number: 1,
      method: 'POST',
      url: '/v1/messages',
      body: '{"model":"m"}',
      outcome: 'answered',
    }),
  ])
  expect(requests[0].rawHeaders).toContainEqual(['host', `127.0.0.1:${mock.port}`])

  expect(await call('POST', '/__mock/script', 'rules:\n  - answer: { fault: error-529 }\n')).toEqual({
    status: 200,
    body: { status: 'success' },
  })
  expect((await ask()).status).toBe(529)

  const refused = await call('POST', '/__mock/script', 'fautl: x')
  expect(refused.status).toBe(400)
  expect(refused.body.problems[0]).toEqual({
    line: 1,
    column: 1,
    path: 'fautl',
    message: 'unknown field `fautl`; did you mean `fault`?',
  })
  expect((await ask()).status).toBe(529)

  expect((await call('DELETE', '/__mock')).status).toBe(200)
  expect((await ask()).status).toBe(201)
  expect((await call('GET', '/__mock/requests')).body.requests.length).toBe(1)
  const { faults } = (await call('GET', '/__mock/faults')).body
  expect(faults).toContainEqual({ name: 'error-529', about: '529, overloaded' })
})

test('the harness of the predecessor finds its endpoints', async () => {
  const provider = { name: 'alpha', behavior: 'service_unavailable' }
  expect(await call('GET', '/mock-test-context')).toEqual({ status: 200, body: { context: null } })
  expect((await call('POST', '/mock-set-context', { name: 's', providers: [provider] })).body).toEqual({
    status: 'success',
    message: 'Test context set to scenario: s',
  })
  expect((await call('GET', '/mock-test-context')).body.context.providers[0].name).toBe('alpha')
  for (const path of ['/v1/messages', '/v1/chat/completions', '/chat/completions']) {
    const { status, body } = await call('POST', `/mock-provider/alpha${path}`, { model: 'm' })
    expect([status, body.error.message]).toEqual([503, 'Service Unavailable'])
  }
  expect((await call('GET', '/mock-provider/alpha/health')).body.status).toBe('ok')
  expect(mock.requests.at(-1)).toMatchObject({ provider: 'alpha', path: '/health', answeredBy: 'harness' })
  expect((await call('POST', '/mock-set-context', { name: 's', providers: [{}] })).body.status).toBe('error')
  expect((await call('POST', '/mock-set-context', 'no json')).body.status).toBe('error')
  expect((await call('DELETE', '/mock-clear-context')).body.status).toBe('success')
  expect((await call('POST', '/mock-provider/beta/v1/messages', { model: 'm' })).body.content[0].text).toBe(
    'Default response from beta',
  )
})

test('without control these paths belong to the script', async () => {
  const plain = await startMockProvider()
  expect((await fetch(`${plain.url}/__mock/requests`)).status).toBe(404)
  expect(plain.requests.length).toBe(1)
  await plain.close()
})
