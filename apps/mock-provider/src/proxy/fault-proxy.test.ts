import https from 'node:https'
import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startMockProvider } from '../server/mock-provider.ts'
import { selfSigned } from '../testing/certificate.ts'
import { type FaultProxy, type ProxyFaults, startFaultProxy } from './fault-proxy.ts'

const closing: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A proxy in front of a server that sends every byte back and ends when the client does. */
async function echo(faults: ProxyFaults): Promise<FaultProxy> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closing.push(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy = await startFaultProxy({ to: `http://127.0.0.1:${port}`, faults })
  closing.push(() => proxy.close())
  return proxy
}

/** What a client gets that sends a text and half-closes, and how its connection ends. */
function talk(proxy: FaultProxy, text: string, half = true): Promise<{ got: string; end: string; ms: number }> {
  const start = performance.now()
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true })
    let got = ''
    let end = 'close'
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1')
    })
    socket.on('end', () => {
      end = 'fin'
      socket.end()
    })
    socket.on('error', (error: Error & { code?: string }) => {
      end = error.code ?? 'error'
    })
    socket.on('close', () => resolve({ got, end, ms: performance.now() - start }))
    socket.write(text)
    if (half) socket.end()
  })
}

test('without faults bytes and ends pass as they come', async () => {
  expect(await talk(await echo({}), 'hello')).toMatchObject({ got: 'hello', end: 'fin' })
})

test('a delay holds every byte back', async () => {
  const { got, ms } = await talk(await echo({ down: { delayMs: 120 } }), 'hello')
  expect(got).toBe('hello')
  expect(ms).toBeGreaterThan(115)
})

test('a rate lets so many bytes through in a second', async () => {
  const { got, ms } = await talk(await echo({ down: { bytesPerSecond: 1000 } }), 'x'.repeat(250))
  expect(got.length).toBe(250)
  expect(ms).toBeGreaterThan(230)
})

test('a cut ends the connection after so many bytes, by RST or by FIN', async () => {
  const reset = await talk(await echo({ up: { cut: { afterBytes: 3, how: 'reset' } } }), 'hello', false)
  expect(reset).toMatchObject({ got: '', end: 'ECONNRESET' })
  const half = await talk(await echo({ down: { cut: { afterBytes: 3, how: 'half-close' } } }), 'hello', false)
  expect(half).toMatchObject({ got: 'hel', end: 'fin' })
})

test('a blackhole swallows, and closes nothing', async () => {
  const proxy = await echo({ down: { cut: { afterBytes: 2, how: 'blackhole' } } })
  const talking = talk(proxy, 'hello', false)
  const outcome = await Promise.race([talking, new Promise((resolve) => setTimeout(() => resolve('silence'), 250))])
  expect(outcome).toBe('silence')
  proxy.cut('close')
  expect(await talking).toMatchObject({ got: 'he' })
})

test('corrupt bytes have every bit flipped', async () => {
  const { got } = await talk(await echo({ down: { corrupt: { at: [1] } } }), 'abc')
  expect(Buffer.from(got, 'latin1')).toEqual(Buffer.from([0x61, 0x62 ^ 0xff, 0x63]))
})

test('new connections can be reset, closed or left alone', async () => {
  const proxy = await echo({ accept: 'reset' })
  expect((await talk(proxy, 'hello', false)).end).toMatch(/ECONNRESET|EPIPE/)
  proxy.setFaults({ accept: 'close' })
  expect((await talk(proxy, '', false)).got).toBe('')
  proxy.setFaults({ accept: 'silence' })
  const outcome = await Promise.race([
    talk(proxy, 'hello'),
    new Promise((resolve) => setTimeout(() => resolve('silence'), 150)),
  ])
  expect(outcome).toBe('silence')
})

test('a TLS connection cut inside a record fails at the client', async () => {
  const tls = selfSigned()
  const mock = await startMockProvider({ tls, script: { rules: [{ answer: { reply: { text: 'x '.repeat(3000) } } }] } })
  closing.push(() => mock.close())
  const ask = (url: string) =>
    new Promise<string>((resolve) => {
      const request = https.request(
        `${url}/v1/messages`,
        { method: 'POST', ca: tls.cert, agent: false },
        (response) => {
          response.resume()
          response.on('end', () => resolve('whole'))
          response.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'error'))
        },
      )
      request.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'error'))
      request.end('{"model":"m"}')
    })
  expect(await ask(mock.url)).toBe('whole')
  const proxy = await startFaultProxy({ to: mock.url, faults: { down: { cut: { afterBytes: 4000, how: 'close' } } } })
  closing.push(() => proxy.close())
  expect(await ask(proxy.url)).toBe('ECONNRESET')
})
