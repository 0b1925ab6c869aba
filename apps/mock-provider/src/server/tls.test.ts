import https from 'node:https'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selfSigned } from '../testing/certificate.ts'
import { type MockProvider, startMockProvider } from './mock-provider.ts'

const certificate = selfSigned()
let mock: MockProvider
beforeAll(async () => {
  mock = await startMockProvider({ tls: certificate })
})
afterAll(() => mock.close())

/** The status, or the code of the error. */
function ask(ca?: Buffer): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { method: 'POST', agent: false, ...(ca === undefined ? {} : { ca }) }
    const request = https.request(`${mock.url}/v1/messages`, options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'error'))
    })
    request.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'error'))
    request.end('{"model":"m","stream":true}')
  })
}

test('it speaks TLS with the certificate it is given, and a client that does not know it is no request', async () => {
  expect(mock.url).toMatch(/^https:/)
  expect(await ask(certificate.cert)).toBe(200)
  expect(await ask()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  expect(mock.requests.length).toBe(1)
})

test.each([
  ['reset-before-response', 'ECONNRESET'],
  ['close-before-response', 'ECONNRESET'],
  ['reset-mid-text', 'ECONNRESET'],
  ['close-mid-text', 'ECONNRESET'],
] as const)('%s is seen through TLS too', async (fault, code) => {
  await mock.setScript({ fault })
  expect(await ask(certificate.cert)).toBe(code)
  await mock.idle()
  expect(mock.requests.at(-1)?.outcome).toBe('broken')
})

test('silence on accept stalls the handshake', async () => {
  await mock.setScript({ fault: 'silent-on-accept' })
  const socket = tls.connect({ host: '127.0.0.1', port: mock.port, ca: certificate.cert })
  const seen: string[] = []
  for (const event of ['secureConnect', 'error', 'close']) socket.on(event, () => seen.push(event))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(seen).toEqual([])
  socket.destroy()
})

test('a client that leaves is noticed through TLS', async () => {
  await mock.setScript({ fault: 'stall-mid-text' })
  mock.clear()
  const request = https.request(`${mock.url}/v1/messages`, { method: 'POST', agent: false, ca: certificate.cert })
  request.on('error', () => undefined)
  request.on('response', (response) => {
    response.on('error', () => undefined)
    response.once('data', () => request.destroy())
  })
  request.end('{"model":"m","stream":true}')
  await mock.next()
  await mock.idle()
  expect(mock.requests.at(-1)?.outcome).toBe('client-left')
})
