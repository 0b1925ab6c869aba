import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { exchangeRaw, parseRaw, postBytes } from '../testing/raw-client.ts'
import { type MockProvider, startMockProvider } from './mock-provider.ts'

/** HTTP as it is on the wire, below what client libraries show. */

let mock: MockProvider
beforeAll(async () => {
  mock = await startMockProvider()
})
beforeEach(async () => {
  await mock.setScript({ rules: [{ answer: (request) => ({ body: { number: request.number } }) }] })
  mock.clear()
})
afterAll(() => mock.close())

const POST = postBytes('/v1/messages', { model: 'm' })

test('pipelined requests are answered in their order', async () => {
  await mock.setScript({
    rules: [{ answer: { body: 'slow', delayMs: 60 }, repeat: 1, next: { answer: { body: 'quick' } } }],
  })
  const { bytes } = await exchangeRaw(mock.port, POST + POST, { bytes: 700, end: 'open' })
  const first = parseRaw(bytes)
  expect(first?.body.toString()).toBe('slow')
  expect(parseRaw(first?.rest ?? Buffer.alloc(0))?.body.toString()).toBe('quick')
  expect(mock.requests.map((record) => record.connection)).toEqual([
    { id: expect.any(Number), requestNumber: 1 },
    { id: expect.any(Number), requestNumber: 2 },
  ])
})

test('a client that says it is the last request gets a closed connection', async () => {
  const { bytes, end } = await exchangeRaw(mock.port, postBytes('/v1/messages', { model: 'm' }, ['Connection: close']))
  expect(parseRaw(bytes)).toMatchObject({ status: 200, headers: { connection: 'close' }, complete: true })
  expect(end).toBe('fin')
})

test('HTTP/1.0 gets a stream that ends with the connection', async () => {
  await mock.setScript({ rules: [{ answer: { reply: { text: 'a b' } } }] })
  const request = postBytes('/v1/messages', { model: 'm', stream: true }).replace('HTTP/1.1', 'HTTP/1.0')
  const { bytes, end } = await exchangeRaw(mock.port, request)
  expect(parseRaw(bytes)?.headers).not.toHaveProperty('transfer-encoding')
  expect(bytes.toString()).toMatch(/"message_stop"\}\n\n$/)
  expect(end).toBe('fin')
})

test('a client that asks first is told to continue, unless the answer is early', async () => {
  const request = postBytes('/v1/messages', { model: 'm' }, ['Expect: 100-continue'])
  const told = await exchangeRaw(mock.port, request, { bytes: 300, end: 'open' })
  expect(told.bytes.toString()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  await mock.setScript({ fault: 'request-too-large-early' })
  const refused = await exchangeRaw(mock.port, request)
  expect(refused.bytes.toString()).toMatch(/^HTTP\/1\.1 413 /)
})

test('header lines are recorded as they came, repeated ones too; names are looked up without case', async () => {
  const request = postBytes('/v1/messages?beta=true&x=?', { model: 'm' }, [
    'X-Two: one',
    'x-two: two',
    'Cookie: a',
    'Cookie: b',
  ])
  await exchangeRaw(mock.port, request, { bytes: 300, end: 'open' })
  const [record] = mock.requests
  expect(record).toMatchObject({
    url: '/v1/messages?beta=true&x=?',
    path: '/v1/messages',
    query: '?beta=true&x=?',
    httpVersion: '1.1',
    text: '{"model":"m"}',
  })
  expect(record?.headers['x-two']).toBe('one, two')
  expect(record?.rawHeaders.slice(-4)).toEqual([
    ['X-Two', 'one'],
    ['x-two', 'two'],
    ['Cookie', 'a'],
    ['Cookie', 'b'],
  ])
})

test('what is no HTTP is noted as a violation and closed', async () => {
  const { end } = await exchangeRaw(mock.port, 'HELLO\r\n\r\n')
  expect(end).toBe('fin')
  expect(mock.violations.at(-1)).toMatch(/^HPE_/)
  expect(mock.requests).toEqual([])
})

test('a client that leaves while it sends is recorded, and is no request of the script', async () => {
  const whole = postBytes('/v1/messages', { model: 'm', messages: ['x'.repeat(5000)] })
  const exchange = exchangeRaw(mock.port, whole.slice(0, 300), { bytes: 0, end: 'open' })
  await exchange
  await mock.idle()
  expect(mock.requests.map((record) => record.outcome)).toEqual(['client-left'])
  expect(mock.requests[0]?.answeredBy).toBeUndefined()
})

test('HEAD and GET on the root are answered', async () => {
  await mock.setScript({})
  const { bytes } = await exchangeRaw(mock.port, 'HEAD / HTTP/1.1\r\nHost: m\r\n\r\n', { bytes: 100, end: 'open' })
  expect(bytes.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/)
  expect(await (await fetch(mock.url)).json()).toMatchObject({ what: expect.stringContaining('no model') })
})

test('connections are turned away one by one, as the script counts them', async () => {
  await mock.setScript({
    accept: [
      { action: 'reset', connections: 1 },
      { action: 'close', connections: 1 },
    ],
  })
  const ends: string[] = []
  for (let n = 0; n < 2; n++) ends.push((await exchangeRaw(mock.port, POST)).end)
  expect(ends).toEqual(['reset', 'fin'])
  expect((await exchangeRaw(mock.port, POST, { bytes: 100, end: 'open' })).bytes.length).toBeGreaterThan(0)
})

test('a script that throws answers with its problem', async () => {
  await mock.setScript({
    rules: [
      {
        answer: () => {
          throw new Error('bad luck')
        },
      },
    ],
  })
  const { bytes } = await exchangeRaw(mock.port, POST, { bytes: 300, end: 'open' })
  expect(parseRaw(bytes)).toMatchObject({ status: 500, headers: { 'x-mock-problem': 'script' } })
  expect(mock.requests[0]?.problem).toBe('Error: bad luck')
})

test('a request that does not come in time is missed with a count', async () => {
  await expect(mock.next(20)).rejects.toThrow('no request arrived within 20 ms; 0 arrived before')
  const coming = mock.next()
  await exchangeRaw(mock.port, POST, { bytes: 100, end: 'open' })
  expect((await coming).number).toBe(1)
})
