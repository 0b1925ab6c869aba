import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createTokenClient, type TokenClientOptions } from './token-client.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  servers.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function send(
  url: string,
  options: Partial<TokenClientOptions> = {},
): ReturnType<ReturnType<typeof createTokenClient>['send']> {
  const client = createTokenClient({ epochMs: () => 7, ...options })
  const answer = await client.send({ url, method: 'POST', headers: { accept: 'application/json' }, body: 'a=1' })
  await client.close()
  return answer
}

describe('a token request', () => {
  test('is sent as it is, says what lb is, and the answer is read whole', async () => {
    let seen = {}
    const url = await serve((request, response) => {
      seen = { method: request.method, agent: request.headers['user-agent'], connection: request.headers.connection }
      response.writeHead(201, { 'Retry-After': '5' }).end('{"a":"ü"}')
    })
    expect(await send(`${url}/token`)).toMatchObject({
      ok: true,
      value: { status: 201, body: '{"a":"ü"}', epochMs: 7, headers: { 'retry-after': '5' } },
    })
    expect(seen).toEqual({ method: 'POST', agent: 'lb', connection: 'close' })
  })

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (bytes: Buffer) => bytes],
  ])('asks for plain text, and reads what came as %s all the same', async (encoding, encode) => {
    let asked: unknown
    const url = await serve((request, response) => {
      asked = request.headers['accept-encoding']
      response.writeHead(200, { 'content-encoding': encoding }).end(encode(Buffer.from('\ufeff{"a":"ü"}')))
    })
    expect(await send(url)).toMatchObject({ ok: true, value: { body: '{"a":"ü"}' } })
    expect(asked).toBe('identity')
  })

  test('does not unpack a bomb, nor what is damaged', async () => {
    for (const body of [gzipSync(Buffer.alloc(8 << 20)), Buffer.from('no gzip')]) {
      const url = await serve((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(body))
      expect(await send(url)).toEqual({ ok: false, error: 'answer-lost' })
    }
  })

  test('is not sent on to where a redirect points', async () => {
    let followed = false
    const elsewhere = await serve((_request, response) => {
      followed = true
      response.end()
    })
    const url = await serve((_request, response) => response.writeHead(307, { location: elsewhere }).end())
    expect(await send(url)).toMatchObject({ ok: true, value: { status: 307 } })
    expect(followed).toBe(false)
  })

  test('to nobody was not sent', async () => {
    const url = await serve(() => undefined)
    servers.splice(0)[0]?.close()
    expect(await send(url)).toEqual({ ok: false, error: 'not-sent' })
    expect(await send('http://no-such-host.invalid/')).toEqual({ ok: false, error: 'not-sent' })
  })

  test('whose answer does not come in time, breaks off, or never ends, may have been acted on', async () => {
    const silent = await serve(() => undefined)
    expect(await send(silent, { answerTimeoutMs: 100 })).toEqual({ ok: false, error: 'answer-lost' })
    const cut = await serve((request) => request.socket.destroy())
    expect(await send(cut)).toEqual({ ok: false, error: 'answer-lost' })
    const long = await serve((_request, response) => {
      response.write('x'.repeat(2 << 20))
    })
    expect(await send(long)).toEqual({ ok: false, error: 'answer-lost' })
  })

  test('to a server whose certificate is not good was not sent', async () => {
    const plain = await serve(() => undefined)
    const answer = await send(plain.replace('http:', 'https:'))
    expect(answer.ok).toBe(false)
  })

  test('goes through the proxy, with its password; a proxy that refuses has passed nothing on', async () => {
    const url = await serve((_request, response) => response.end('{}'))
    let asked = ''
    let authorization: string | undefined
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      asked = request.url ?? ''
      authorization = request.headers['proxy-authorization']
      if (authorization === undefined) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
        return
      }
      const [host = '', port = ''] = asked.split(':')
      const through = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        through.pipe(socket)
        socket.pipe(through)
      })
    })
    servers.push(proxy)
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const at = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
    expect(await send(url, { proxy: `http://${at}` })).toEqual({ ok: false, error: 'not-sent' })
    expect((await send(url, { proxy: `http://me:pass@${at}` })).ok).toBe(true)
    expect(`http://${asked}`).toBe(url)
    expect(authorization).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`)
  })
})
