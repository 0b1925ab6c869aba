import { join } from 'node:path'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'

const question = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] }
/** A hundred thousand tokens in: 30 cents. */
const dear = { default: { reply: { text: 'hi', usage: { inputTokens: 100_000, outputTokens: 0 } } } }
const key = { 'x-api-key': 'lb-test-key-of-anna-0001' }

async function post(lb: LbProcess, path = '/v1/messages', body: object = question): Promise<Response> {
  const response = await fetch(lb.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...key },
    body: JSON.stringify(body),
  })
  await response.clone().text()
  return response
}

interface Total {
  readonly requests: number
  readonly cost_usd: number
}

async function total(lb: LbProcess, headers = {}): Promise<Total> {
  const response = await fetch(`${lb.url}/usage`, { headers })
  expect(response.status).toBe(200)
  return ((await response.json()) as { total: Total }).total
}

test('the command as it is published keeps books and counts tokens, and a kill -9 loses nothing that was answered a moment ago', async () => {
  const mock = await startMockProvider({ script: dear })
  onTestFinished(() => mock.close())
  const path = join(temporaryFolder(), 'usage.db')
  const config = configFor([mock.url], [`usage: { path: "${path}" }`])
  const lb = await startLb({ config })
  for (let index = 0; index < 20; index += 1) {
    expect((await post(lb, '/v1/messages', { ...question, max_tokens: 100 + index })).status).toBe(200)
  }
  const counted = await post(lb, '/v1/messages/count_tokens', { model: question.model, messages: question.messages })
  expect(counted.headers.get('x-lb-token-count')).toBe('upstream')
  // An entry is on disk a quarter of a second after the answer; asking would write it at once.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  lb.signal('SIGKILL')
  expect(await lb.ended).toBe('SIGKILL')
  const next = await startLb({ config })
  expect(await total(next)).toMatchObject({ requests: 20, failed_requests: 0, unpriced_requests: 0, cost_usd: 6 })
  await post(next)
  expect(await total(next)).toMatchObject({ requests: 21, cost_usd: 6.3 })
}, 60_000)

test('a budget that is spent stays spent after a kill -9', async () => {
  const mock = await startMockProvider({ script: dear })
  onTestFinished(() => mock.close())
  const path = join(temporaryFolder(), 'usage.db')
  const budget = 'budget: { usd: 0.5, per: month }'
  const config = configFor(
    [mock.url],
    [
      `usage: { path: "${path}" }`,
      `auth: { enabled: true, admin_key: lb-test-admin-key-00001, keys: [{ name: anna, key: ${key['x-api-key']}, limits: { ${budget} } }] }`,
    ],
  )
  const admin = { 'x-api-key': 'lb-test-admin-key-00001' }
  const lb = await startLb({ config })
  expect((await post(lb)).status).toBe(200)
  expect(await total(lb, admin)).toMatchObject({ requests: 1, cost_usd: 0.3 })
  lb.signal('SIGKILL')
  await lb.ended

  const next = await startLb({ config })
  // 30 cents of 50 are spent: one more is let in, and makes it 60.
  expect((await post(next)).status).toBe(200)
  await expect.poll(async () => (await post(next)).status, { interval: 100, timeout: 5_000 }).toBe(429)
  expect(await total(next, admin)).toMatchObject({ requests: 2, cost_usd: 0.6 })
  next.signal('SIGKILL')
  await next.ended

  const last = await startLb({ config })
  const refused = await post(last)
  expect(refused.status).toBe(429)
  expect(await refused.text()).toContain('budget of $0.5 per month')
}, 60_000)
