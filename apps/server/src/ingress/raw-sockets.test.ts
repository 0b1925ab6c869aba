import { afterAll, describe, expect, test } from 'vitest'
import { hostOf, sendRaw } from '../testing/raw-client.ts'
import { hello, startWorld } from '../testing/world.ts'

const body = JSON.stringify(hello)
/** The connection is closed without a word. */
const closed = 0

/**
 * Requests that two servers could read differently, or that are none, and what they are refused with. Nothing of them reaches
 * an upstream.
 */
const refused: readonly [string, readonly string[], readonly number[]][] = [
  [
    'content-length and transfer-encoding',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'content-length: {length}',
      'transfer-encoding: chunked',
      '',
      '{body}',
    ],
    [400],
  ],
  [
    'transfer-encoding and content-length',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'transfer-encoding: chunked',
      'content-length: {length}',
      '',
      '0',
      '',
      '',
    ],
    [400],
  ],
  [
    'two content-lengths',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: {length}', 'content-length: 5', '', '{body}'],
    [400],
  ],
  [
    'two equal content-lengths',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'content-length: {length}',
      'Content-Length: {length}',
      '',
      '{body}',
    ],
    [400],
  ],
  [
    'a list of content-lengths',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: {length}, {length}', '', '{body}'],
    [400],
  ],
  [
    'a signed content-length',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: +{length}', '', '{body}'],
    [400],
  ],
  [
    'a negative content-length',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: -1', '', '{body}'],
    [400],
  ],
  [
    'a hexadecimal content-length',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: 0x10', '', '{body}'],
    [400],
  ],
  [
    'an endless content-length',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'content-length: 99999999999999999999', '', '{body}'],
    [400],
  ],
  [
    'an unknown transfer coding',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: xchunked', '', '0', '', ''],
    [400, 501, closed],
  ],
  [
    'identity and chunked',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: chunked, identity', '', '0', '', ''],
    [400, 501],
  ],
  [
    'gzip and chunked',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: gzip, chunked', '', '0', '', ''],
    [400, 501],
  ],
  [
    'chunked twice',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'transfer-encoding: chunked',
      'transfer-encoding: chunked',
      '',
      '0',
      '',
      '',
    ],
    [400, 501],
  ],
  [
    'a transfer coding with a tab',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding:\tchunked\v', '', '0', '', ''],
    [400, 501],
  ],
  [
    'a space before the colon',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'transfer-encoding : chunked',
      'content-length: {length}',
      '',
      '{body}',
    ],
    [400],
  ],
  [
    'a folded header',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'x-a: b', ' c', 'content-length: {length}', '', '{body}'],
    [400],
  ],
  ['a folded first header', ['GET /health HTTP/1.1', ' host: {host}', '', ''], [400]],
  ['a header without a name', ['GET /health HTTP/1.1', 'host: {host}', ': x', '', ''], [400]],
  ['a header without a colon', ['GET /health HTTP/1.1', 'host: {host}', 'x', '', ''], [400]],
  ['NUL in a header', ['GET /health HTTP/1.1', 'host: {host}', 'x-a: \u0000', '', ''], [400]],
  ['a bare CR in a header', ['GET /health HTTP/1.1', 'host: {host}', 'x-a: b\rx-c: d', '', ''], [400]],
  [
    'a chunk size that is none',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: chunked', '', 'zz', '{body}', '0', '', ''],
    [400],
  ],
  [
    'a chunk size with a sign',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: chunked', '', '-1', '{body}', '0', '', ''],
    [400],
  ],
  [
    'a chunk that is longer than its size',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'transfer-encoding: chunked', '', '2', '{body}', '0', '', ''],
    [400],
  ],
  [
    'an endless chunk size',
    [
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'transfer-encoding: chunked',
      '',
      'fffffffffffffffff',
      '{body}',
      '0',
      '',
      '',
    ],
    [400],
  ],
  ['no host', ['GET /health HTTP/1.1', '', ''], [400]],
  ['no host in HTTP/1.0', ['GET /health HTTP/1.0', '', ''], [400]],
  ['two hosts', ['GET /health HTTP/1.1', 'host: {host}', 'host: evil.example', '', ''], [400]],
  ['two equal hosts', ['GET /health HTTP/1.1', 'host: {host}', 'host: {host}', '', ''], [400]],
  ['an absolute target of another host', ['GET http://evil.example/health HTTP/1.1', 'host: {host}', '', ''], [400]],
  ['an absolute target of this host', ['GET http://{host}/health HTTP/1.1', 'host: {host}', '', ''], [400]],
  ['CONNECT', ['CONNECT evil.example:443 HTTP/1.1', 'host: {host}', '', ''], [closed]],
  ['no version', ['GET /health', 'host: {host}', '', ''], [400, 505]],
  ['another version', ['GET /health HTTP/2.0', 'host: {host}', '', ''], [400, 505]],
  ['a version with words behind it', ['GET /health HTTP/1.1 x', 'host: {host}', '', ''], [400]],
  ['a method of nobody', ['GOT /health HTTP/1.1', 'host: {host}', '', ''], [400]],
  ['a method in small letters', ['get /health HTTP/1.1', 'host: {host}', '', ''], [400]],
  ['HTTP/2 without being asked', ['PRI * HTTP/2.0', '', 'SM', '', ''], [400, 505]],
  ['a TLS hello', ['\u0016\u0003\u0001\u0002\u0000\u0001', '', ''], [400]],
  ['nonsense', ['\u0000\u0001\u0002\u0003', '', ''], [400]],
  ['a request line of 20 KB', [`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'host: {host}', '', ''], [431]],
  ['a header of 20 KB', ['GET /health HTTP/1.1', 'host: {host}', `x-a: ${'a'.repeat(20_000)}`, '', ''], [431]],
  [
    '5000 headers',
    ['GET /health HTTP/1.1', 'host: {host}', ...Array.from({ length: 5000 }, (_, at) => `x${at}: a`), '', ''],
    [431],
  ],
  [
    'a wrong expectation',
    ['POST /v1/messages HTTP/1.1', 'host: {host}', 'expect: magic', 'content-length: {length}', '', '{body}'],
    [417],
  ],
]

/** One lb for all: what one connection sends must not concern another. */
const { lb, mocks, post } = await startWorld({ scripts: [{}] }, afterAll)

function wire(lines: readonly string[], lineEnd = '\r\n'): Buffer {
  const text = lines
    .join(lineEnd)
    .replaceAll('{host}', hostOf(lb.url))
    .replaceAll('{length}', String(body.length))
    .replaceAll('{body}', body)
  return Buffer.from(text, 'latin1')
}

describe('what two servers could read differently, or is no request', () => {
  test.each(refused)('%s', async (_, lines, statuses) => {
    const seen = await sendRaw(lb.url, wire(lines), 1)
    expect(statuses).toContain(seen.statuses[0] ?? closed)
    expect(mocks[0]?.requests).toHaveLength(0)
  })

  test('lines that end in LF alone', async () => {
    const seen = await sendRaw(lb.url, wire(['GET /health HTTP/1.1', 'host: {host}', '', ''], '\n'))
    expect(seen.statuses).toEqual([400])
  })

  test('a body behind a refused request is not taken for another request', async () => {
    const smuggled = [
      'POST /health/../x HTTP/1.1',
      'host: {host}',
      'content-length: 60',
      '',
      'GET /providers HTTP/1.1',
      'host: {host}',
      '',
      '',
    ]
    const seen = await sendRaw(lb.url, [
      wire(smuggled),
      wire(['GET /health HTTP/1.1', 'host: {host}', 'connection: close', '', '']),
    ])
    expect(seen.statuses[0]).toBe(400)
    expect(seen.text).not.toContain('total_providers')
  })
})

describe('what is unusual, and clear', () => {
  test.each([
    ['HTTP/1.0 with a host', ['GET /health HTTP/1.0', 'host: {host}', '', '']],
    ['a space too many', ['GET  /health HTTP/1.1', 'host: {host}', 'connection: close', '', '']],
    ['header names in capitals', ['GET /health HTTP/1.1', 'HOST: {host}', 'CONNECTION: close', '', '']],
    ['an empty line before the request', ['', 'GET /health HTTP/1.1', 'host: {host}', 'connection: close', '', '']],
    ['no space behind the colon', ['GET /health HTTP/1.1', 'host:{host}', 'connection:close', '', '']],
    [
      'an upgrade that nobody asked for',
      ['GET /health HTTP/1.1', 'host: {host}', 'connection: upgrade, close', 'upgrade: websocket', '', ''],
    ],
  ])('%s is answered', async (_, lines) => {
    expect((await sendRaw(lb.url, wire(lines))).statuses).toEqual([200])
  })

  test('a request that comes byte by byte is one', async () => {
    const bytes = wire(['GET /health HTTP/1.1', 'host: {host}', 'connection: close', '', ''])
    const seen = await sendRaw(
      lb.url,
      [...bytes].map((byte) => Buffer.from([byte])),
    )
    expect(seen.statuses).toEqual([200])
  })
})

describe('requests that do not wait for their answers', () => {
  const get = ['GET /health HTTP/1.1', 'host: {host}', '', '']

  test('a few are answered in order', async () => {
    const parts = ['/health', '/v1/models', '/nothing', '/'].map((path) =>
      wire([`GET ${path} HTTP/1.1`, 'host: {host}', '', '']),
    )
    const seen = await sendRaw(lb.url, Buffer.concat(parts), 4)
    expect(seen.statuses).toEqual([200, 200, 404, 200])
  })

  test('a thousand are not: most are refused, and the connection is closed', async () => {
    const slow = wire([
      'POST /v1/messages HTTP/1.1',
      'host: {host}',
      'content-type: application/json',
      'content-length: {length}',
      '',
      '{body}',
    ])
    const before = mocks[0]?.requests.length ?? 0
    const seen = await sendRaw(lb.url, Buffer.concat([slow, ...Array.from({ length: 1000 }, () => slow)]))
    expect(seen.end).toBe('fin')
    expect(seen.statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(20)
    expect((mocks[0]?.requests.length ?? 0) - before).toBeLessThanOrEqual(20)
    expect((await sendRaw(lb.url, wire(get), 1)).statuses).toEqual([200])
    expect((await post(hello)).status).toBe(200)
  })
})
