import { type MockProvider, type MockScript, startMockProvider } from '@lb/mock-provider'
import { describe, expect, onTestFinished, test } from 'vitest'
import { configText, type FileWorld, startFileWorld } from '../testing/file-world.ts'
import { hello } from '../testing/world.ts'

/** An account that is used up for longer than a test takes, and shorter than a request waits. */
const usedUp: MockScript = {
  rules: [
    {
      when: { headers: { 'x-api-key': 'key-1' } },
      answer: { error: { status: 429 }, headers: { 'retry-after': '20' } },
    },
  ],
}

async function mockOf(script: MockScript): Promise<MockProvider> {
  const mock = await startMockProvider({ script })
  onTestFinished(() => mock.close())
  return mock
}

function ask(world: FileWorld, topic: string, key?: string): Promise<Response> {
  const body = JSON.stringify({ ...hello, messages: [{ role: 'user', content: topic }] })
  const headers = key === undefined ? {} : { 'x-api-key': key }
  return fetch(`${world.lb.url}/v1/messages`, { method: 'POST', body, headers })
}

const operator = 'operator-0123456789abcdef0123456789'

/** How many requests are being answered. */
async function inFlight(world: FileWorld): Promise<string | undefined> {
  const text = await (await fetch(`${world.lb.url}/metrics`, { headers: { 'x-api-key': operator } })).text()
  return /^lb_requests_in_flight\{endpoint="messages"\} (\d+)$/m.exec(text)?.[1]
}

/** lb whose only account is used up, and requests that wait for it: all about the same, or each about something else. */
async function waitingWorld(text: string, topics: readonly string[], key?: string) {
  const world = await startFileWorld(text)
  expect((await ask(world, 'first', key)).status).toBe(429)
  const waiting = topics.map((topic) => ask(world, topic, key))
  await expect.poll(() => inFlight(world)).toBe(`${topics.length}`)
  return { world, waiting }
}

async function reload(world: FileWorld, text: string): Promise<void> {
  await world.write(text)
  expect((await world.call('POST', '/providers/reload')).status).toBe(200)
}

describe('requests that wait when the configuration changes, and have asked nobody', () => {
  const account = (url: string): string => configText({ providers: { a: url } })

  test.each<[string, (url: string, other: string) => string, string]>([
    ['another key', (url) => account(url).replace('key-1', 'key-new'), 'a'],
    ['another address', (_, other) => account(other), 'a'],
    ['a provider that was added', (url, other) => configText({ providers: { a: url, b: other } }), 'b'],
    ['a provider instead', (_, other) => configText({ providers: { c: other } }), 'c'],
  ])('are served by %s', async (_, change, provider) => {
    const [old, other] = await Promise.all([mockOf(usedUp), mockOf({})])
    const { world, waiting } = await waitingWorld(account(old.url), ['x', 'y', 'y'])
    await reload(world, change(old.url, other.url))
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.map(({ headers }) => headers.get('x-lb-provider'))).toEqual([provider, provider, provider])
    expect(answers.map(({ headers }) => headers.get('x-lb-attempts'))).toEqual(['1', '1', '1'])
    expect(old.requests.filter(({ headers }) => headers['x-api-key'] === 'key-1')).toHaveLength(1)
    await expect.poll(() => inFlight(world)).toBe('0')
    const id = answers[0]?.headers.get('x-lb-request-id')
    const record = { candidates: expect.arrayContaining([expect.objectContaining({ provider })]) }
    expect((await world.call('GET', `/requests/${id}`)).body).toMatchObject(record)
  })

  test('are served by the last of several', async () => {
    const [old, other] = await Promise.all([mockOf(usedUp), mockOf({})])
    const { world, waiting } = await waitingWorld(account(old.url), ['x'])
    await reload(world, configText({ providers: { a: old.url }, settings: ['hold: 29'] }))
    await reload(world, configText({ providers: { a: old.url }, settings: ['hold: 28'] }))
    await reload(world, configText({ providers: { b: other.url } }))
    const [answer] = await Promise.all(waiting)
    expect([answer?.status, answer?.headers.get('x-lb-provider')]).toEqual([200, 'b'])
  })

  test('wait on with what they had where nobody is for them any more', async () => {
    const soon = { rules: [{ answer: { error: { status: 429 }, headers: { 'retry-after': '2' } }, repeat: 1 }] }
    const [old, other] = await Promise.all([mockOf(soon), mockOf({})])
    const { world, waiting } = await waitingWorld(account(old.url), ['x'])
    await reload(world, configText({ providers: { b: other.url } }).replace('"*"', 'gpt-*'))
    const [answer] = await Promise.all(waiting)
    expect([answer?.status, answer?.headers.get('x-lb-provider')]).toEqual([200, 'a'])
  })

  test('never begin to go by the client’s own credential, which others who share them may not have', async () => {
    const soon = { rules: [{ answer: { error: { status: 429 }, headers: { 'retry-after': '2' } }, repeat: 1 }] }
    const [old, other] = await Promise.all([mockOf(soon), mockOf({})])
    const { world, waiting } = await waitingWorld(account(old.url), ['x', 'x'], 'canary')
    const mine = configText({ providers: { b: other.url } }).replace('auth_value: key-1', 'auth_type: passthrough')
    await reload(world, mine)
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(other.requests).toEqual([])
  })

  test('are asked only of providers that their keys allow', async () => {
    const [old, other] = await Promise.all([mockOf(usedUp), mockOf({})])
    const secret = 'lb-key-0123456789abcdef0123456789'
    const auth = `auth: { enabled: true, api_key: ${operator}, keys: [{ name: team, key: ${secret}, providers: [a] }] }`
    const text = configText({ providers: { a: old.url, c: other.url }, settings: [auth] })
    const { world, waiting } = await waitingWorld(text, ['x'], secret)
    const also = configText({ providers: { c: other.url, a: other.url }, settings: [auth] })
    await world.write(also)
    await world.lb.reload('request')
    const [answer] = await Promise.all(waiting)
    expect([answer?.status, answer?.headers.get('x-lb-provider')]).toEqual([200, 'a'])
  })
})
