import type { Provider } from '@lb/config'
import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'
import { echoesOf, echoFilter } from './echoes.ts'

const head = (value: string) => ({ status: 400, rawHeaders: ['X-Echo', value], headers: { 'x-echo': value } })

describe('what lb adds to a request', () => {
  test('is masked wherever an upstream says it again, and nothing else is', () => {
    const echoes = echoFilter(['key-0123456789', 'header-value-1'])
    expect(echoes.bytes(Buffer.from('no key-0123456789, no header-value-1 ✓')).toString()).toBe('no ***, no *** ✓')
    expect(echoes.head(head('header-value-1'))).toMatchObject({
      rawHeaders: ['X-Echo', '***'],
      headers: { 'x-echo': '***' },
    })
    const failure = { kind: 'server-error', message: 'header-value-1!', errorType: 'key-0123456789' } as const
    expect(echoes.failure(failure)).toMatchObject({ message: '***!', errorType: '***' })
    const plain = head('something else')
    expect(echoes.head(plain)).toBe(plain)
    expect(echoes.bytes(Buffer.from('something else')).toString()).toBe('something else')
  })

  test('leaves nothing of a secret that holds another one', () => {
    expect(echoFilter(['0123456789', 'key-0123456789']).bytes(Buffer.from('key-0123456789')).toString()).toBe('***')
  })

  test('is not looked for when it is too short to be a secret, or not there', () => {
    expect(echoFilter(['short']).bytes(Buffer.from('short')).toString()).toBe('short')
    expect(echoFilter([]).head(head('x'))).toEqual(head('x'))
  })

  test('is looked for as it was sent: another key of the same provider is another secret', () => {
    const provider = { headers: [] } as unknown as Provider
    const [first, again, other] = ['key-0123456789', 'key-0123456789', 'key-9876543210'].map((secret) =>
      echoesOf(provider, secret),
    )
    expect(again).toBe(first)
    expect(first?.bytes(Buffer.from('key-0123456789 key-9876543210')).toString()).toBe('*** key-9876543210')
    expect(other?.bytes(Buffer.from('key-0123456789 key-9876543210')).toString()).toBe('key-0123456789 ***')
  })
})

test('the values of configured headers reach neither clients, nor logs, nor the management routes', async () => {
  const body =
    '{"type":"error","error":{"type":"invalid_request_error","message":"bad team-secret-1, bad gateway-key-2"}}'
  const { post, lb, lines, mocks } = await startWorld({
    scripts: [
      { default: { status: 400, body, headers: { 'x-debug': 'team-secret-1', 'request-id': 'gateway-key-2' } } },
    ],
    provider: 'headers: { x-team: team-secret-1, x-gateway: "Bearer gateway-key-2" }',
  })
  const response = await post(hello)
  expect(mocks[0]?.requests[0]?.headers).toMatchObject({ 'x-team': 'team-secret-1' })
  const shown = [
    await response.text(),
    JSON.stringify([...response.headers]),
    ...(await Promise.all(
      ['/providers', '/health', '/requests'].map(async (path) => (await fetch(lb.url + path)).text()),
    )),
    JSON.stringify(lines),
  ]
  expect(shown[0]).toContain('bad ***, bad ***')
  for (const text of shown) expect(text).not.toMatch(/team-secret-1|gateway-key-2/)
})
