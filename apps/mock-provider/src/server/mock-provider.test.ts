import { Agent, type IncomingMessage, request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import type { MockScript } from '../script/script.ts'
import { type MockProvider, startMockProvider } from './mock-provider.ts'

const running: MockProvider[] = []

afterEach(async () => {
  for (const mock of running.splice(0)) await mock.close()
})

async function start(script: MockScript = {}): Promise<MockProvider> {
  const mock = await startMockProvider({ script })
  running.push(mock)
  return mock
}

function ask(mock: MockProvider, body: object = {}, path = '/v1/messages', signal?: AbortSignal): Promise<Response> {
  return fetch(mock.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Api-Key': 'key-1' },
    body: JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 200, messages: [], ...body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

test('a reply is streamed in the dialect that was asked', async () => {
  const mock = await start({ rules: [{ answer: { reply: { text: 'one two three' } } }] })
  const anthropic = await (await ask(mock, { stream: true })).text()
  expect(anthropic.match(/^event: (.*)$/gm)).toEqual([
    'event: message_start',
    'event: content_block_start',
    'event: ping',
    'event: content_block_delta',
    'event: content_block_delta',
    'event: content_block_delta',
    'event: content_block_stop',
    'event: message_delta',
    'event: message_stop',
  ])
  const chat = await (await ask(mock, { stream: true }, '/v1/chat/completions')).text()
  expect(chat.endsWith('data: [DONE]\n\n')).toBe(true)
  const responses = await (await ask(mock, { stream: true, input: 'hi' }, '/v1/responses')).text()
  expect(responses).toContain('event: response.completed')
})

test('a whole answer says the same as the stream', async () => {
  const mock = await start({ rules: [{ answer: { reply: { text: 'one two three' } } }] })
  const message = await (await ask(mock)).json()
  expect(message).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'one two three' }] })
  const completion = await (await ask(mock, {}, '/v1/chat/completions')).json()
  expect(completion).toMatchObject({ choices: [{ message: { content: 'one two three' }, finish_reason: 'stop' }] })
})

test('rules are tried in order, used up by `repeat`, and followed by `next`', async () => {
  const mock = await start({
    rules: [
      { when: { model: 'other-*' }, answer: { error: { status: 404 } } },
      { answer: { error: { status: 529 } }, repeat: 2, next: { answer: { error: { status: 500 } }, repeat: 1 } },
      { answer: { reply: { text: 'well' } } },
    ],
  })
  const statuses: number[] = []
  for (let n = 0; n < 5; n++) statuses.push((await ask(mock)).status)
  expect(statuses).toEqual([529, 529, 500, 200, 200])
  expect((await ask(mock, { model: 'other-model' })).status).toBe(404)
})

test('what was received is recorded: header lines in order, the body, how it was answered', async () => {
  const mock = await start({ rules: [{ answer: { reply: { text: 'hi' } } }] })
  await (await ask(mock)).text()
  const record = await mock.next()
  await record.ended
  expect(record.method).toBe('POST')
  expect(record.path).toBe('/v1/messages')
  expect(record.headers['x-api-key']).toBe('key-1')
  expect(record.rawHeaders).toContainEqual(['X-Api-Key', 'key-1'])
  expect(record.json).toMatchObject({ model: 'claude-sonnet-5-5' })
  expect(record.outcome).toBe('answered')
  expect(record.answeredBy).toBe(0)
})

test('a client that leaves is noticed, also while the script stalls', async () => {
  const mock = await start({ fault: 'stall-mid-text' })
  const abort = new AbortController()
  const response = await ask(mock, { stream: true }, '/v1/messages', abort.signal)
  const record = await mock.next()
  await response.body?.getReader().read()
  const leftAt = performance.now()
  abort.abort()
  await record.ended
  expect(record.outcome).toBe('client-left')
  expect(record.clientLeftMs).toBeGreaterThanOrEqual(leftAt)
  expect(record.clientLeftMs).toBeLessThanOrEqual(record.endedMs ?? 0)
})

test('a kept connection serves one request after the other', async () => {
  const mock = await start()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let n = 0; n < 3; n++) {
    const response = await new Promise<IncomingMessage>((resolve) => {
      request(`${mock.url}/v1/messages`, { agent, method: 'POST' }, resolve).end('{"model":"m"}')
    })
    await response.resume().toArray()
  }
  agent.destroy()
  expect(mock.connections.accepted).toBe(1)
  expect(mock.requests.map((record) => record.connection.requestNumber)).toEqual([1, 2, 3])
})

test('only the latest requests are kept', async () => {
  const mock = await startMockProvider({ keepRequests: 2 })
  running.push(mock)
  for (let n = 0; n < 4; n++) await (await ask(mock)).text()
  expect(mock.requests.map((record) => record.number)).toEqual([3, 4])
  expect((await mock.next()).number).toBe(3)
})

test('a refused port is open again with the next script', async () => {
  const mock = await start({ fault: 'connection-refused' })
  await expect(ask(mock)).rejects.toThrow()
  await mock.setScript({})
  expect((await ask(mock)).status).toBe(200)
})

test('a script that cannot be played answers with its problem, never with a good answer', async () => {
  const mock = await start({
    rules: [{ answer: { reply: { text: 'a b' }, edits: [{ at: 'mid-tool', end: 'clean' }] } }],
  })
  const response = await ask(mock, { stream: true })
  expect(response.status).toBe(500)
  expect(response.headers.get('x-mock-problem')).toBe('script')
  expect((await mock.next()).problem).toBe('there is no place `mid-tool` in this answer')
})
