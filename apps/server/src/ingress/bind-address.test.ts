import { readFileSync } from 'node:fs'
import { loadConfig } from '@lb/config'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { startServer } from '../server.ts'
import { testConfig } from '../testing/world.ts'
import { addressToBind } from './bind-address.ts'

const open = testConfig([{ url: 'http://127.0.0.1:9' }], {}).settings.auth
const closed = testConfig([{ url: 'http://127.0.0.1:9' }], {
  settings: ['auth: { enabled: true, api_key: 0123456789abcdef0123456789 }'],
}).settings.auth

/** The addresses of this machine that a port is listened on, from the kernel. */
function listeners(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(new RegExp(` ([0-9A-F]+):${hex} [0-9A-F]+:0000 0A `, 'g'))].map(
      ([, address = '']) => address,
    ),
  )
}

describe('without auth', () => {
  test.each(['127.0.0.1', 'localhost', '::1', '[::1]', '127.0.0.5'])('%s is this machine only', async (host) => {
    expect(await addressToBind({ host, auth: open })).toMatch(/^(127\.0\.0\.\d|::1)$/)
  })

  test.each(['0.0.0.0', '::', '[::]', '10.0.0.1', '0', '::ffff:0.0.0.0'])('%s is not listened on', async (host) => {
    await expect(addressToBind({ host, auth: open })).rejects.toThrow('without settings.auth')
  })

  test('a configuration that would is refused before lb starts', () => {
    for (const host of ['0.0.0.0', '::', 'lb.example.com', '192.168.1.5']) {
      const text = `
providers: [{ name: a, type: anthropic, base_url: "http://a", auth_value: k }]
model_routes: { "*": [{ provider: a }] }
settings: { host: "${host}" }`
      const loaded = loadConfig(text, {})
      expect(loaded.ok, host).toBe(false)
    }
  })

  test.runIf(process.platform === 'linux')('the kernel says: 127.0.0.1 and nothing else', async () => {
    const lb = await startServer({
      config: testConfig([{ url: 'http://127.0.0.1:9' }], {}),
      log: pino({ enabled: false }),
    })
    expect(listeners(Number(new URL(lb.url).port))).toEqual(['0100007F'])
    await lb.close(0)
  })
})

test.each(['0.0.0.0', '::', '127.0.0.1'])('with auth %s may be listened on', async (host) => {
  expect(await addressToBind({ host, auth: closed })).toBe(host)
})
