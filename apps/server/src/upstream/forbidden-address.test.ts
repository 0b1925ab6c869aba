import type { LookupAddress } from 'node:dns'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'
import { FORBIDDEN_ADDRESS, guardedLookup, isForbidden } from './forbidden-address.ts'
import { createPools } from './pools.ts'
import { send } from './send.ts'

describe('no name may lead to', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    '::',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('%s', (address) => {
    expect(isForbidden(address, address.includes(':') ? 6 : 4)).toBe(true)
  })
})

describe('a name may lead to', () => {
  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.17.0.2',
    '100.64.0.1',
    '1.1.1.1',
    '::1',
    'fd00::1',
    '2606:4700::1',
    '64:ff9b::101:101',
    '::ffff:10.0.0.1',
  ])('%s', (address) => {
    expect(isForbidden(address, address.includes(':') ? 6 : 4)).toBe(false)
  })
})

/** A name server that says something else every time, the last thing for ever. */
function rebinding(...answers: readonly (readonly string[])[]): Parameters<typeof guardedLookup>[0] {
  let asked = 0
  return (_name, _options, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    process.nextTick(callback, null, found)
  }
}

describe('a resolver for sockets', () => {
  const ask = (resolve: Parameters<typeof guardedLookup>[0], all: boolean): Promise<unknown> =>
    new Promise((done) => guardedLookup(resolve)('x.example', { all }, (error, ...found) => done(error?.code ?? found)))

  test('leaves out what is forbidden', async () => {
    const mixed = ['169.254.169.254', '10.0.0.7', 'fe80::1']
    expect(await ask(rebinding(mixed), true)).toEqual([[{ address: '10.0.0.7', family: 4 }]])
    expect(await ask(rebinding(mixed), false)).toEqual(['10.0.0.7', 4])
    expect(await ask(rebinding(['169.254.169.254']), true)).toBe(FORBIDDEN_ADDRESS)
    expect(await ask(rebinding(['169.254.169.254']), false)).toBe(FORBIDDEN_ADDRESS)
    expect(await ask(rebinding([]), true)).toBe(FORBIDDEN_ADDRESS)
  })

  test('passes on that there is no such name', async () => {
    const nowhere: Parameters<typeof guardedLookup>[0] = (_name, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    expect(await ask(nowhere, true)).toBe('ENOTFOUND')
  })

  test('is not asked about an address that the configuration spells out', async () => {
    const asked: string[] = []
    const socket = connect({
      host: '127.0.0.1',
      port: 9,
      lookup: (name, _options, callback) => {
        asked.push(name)
        callback(null, '127.0.0.1', 4)
      },
    })
    await new Promise((resolve) => socket.once('close', resolve).on('error', () => {}))
    expect(asked).toEqual([])
  })
})

test('a name that is rebound between two connections is refused at the second', async () => {
  const { mocks } = await startWorld({ scripts: [{}] })
  const port = new URL(mocks[0]?.url ?? '').port
  const pools = createPools(guardedLookup(rebinding(['127.0.0.1'], ['169.254.169.254'])))
  const pool = pools.get({ origin: `http://provider.example:${port}`, connectTimeoutMs: 5000 })
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      const headers = ['connection', 'close', 'content-type', 'application/json']
      const request = {
        origin: `http://provider.example:${port}`,
        path: '/v1/messages',
        headers,
        body: Buffer.from(JSON.stringify(hello)),
      }
      send(pool, request, {
        head: () => {},
        bytes: () => true,
        end: () => resolve('answered'),
        failed: ({ code }) => resolve(code ?? ''),
      })
    })
  expect(await ask()).toBe('answered')
  expect(await ask()).toBe(FORBIDDEN_ADDRESS)
  expect(mocks[0]?.requests).toHaveLength(1)
  await pools.close()
})
