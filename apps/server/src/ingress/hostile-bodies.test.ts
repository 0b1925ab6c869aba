import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { startWorld } from '../testing/world.ts'

// What this costs is measured in a process of its own, in apps/cli; here it is only refused.
const { post, mocks } = await startWorld({ scripts: [{}, {}], types: ['anthropic', 'openai'] }, afterAll)

const inside = (json: string): string => `{"model":"m","messages":${json}}`
const many = (count: number, piece: string): string => piece.repeat(count).slice(0, -1)

const hostile: readonly [string, () => string, number][] = [
  ['10^7 arrays in one another', () => inside('['.repeat(10_000_000)), 400],
  ['10^7 of them, closed', () => inside('['.repeat(10_000_000) + ']'.repeat(10_000_000)), 400],
  ['10^6 objects in one another', () => inside('{"a":'.repeat(1_000_000)), 400],
  ['24 MB of {}', () => inside(`[${many(8_000_000, '{},')}]`), 400],
  ['24 MB of []', () => inside(`[${many(8_000_000, '[],')}]`), 400],
  ['24 MB of numbers', () => inside(`[${many(12_000_000, '0,')}]`), 400],
  ['a million members', () => `{${many(1_000_000, '"":0,')}}`, 400],
  ['a thousand and one members', () => `{${many(1_001, '"":0,')}}`, 400],
  ['a model with a name of a megabyte', () => `{"messages":[],"model":"${'x'.repeat(1 << 20)}"}`, 400],
  ['a provider with such a name', () => `{"messages":[],"model":"m","provider":"${'x'.repeat(1 << 20)}"}`, 400],
  ['24 MB of an open string', () => inside(`"${'\\"'.repeat(12_000_000)}`), 400],
  ['24 MB of backslashes', () => inside(`"${'\\'.repeat(24_000_000)}`), 400],
  ['24 MB of spaces', () => ' '.repeat(24_000_000), 400],
  ['24 MB of zeros', () => '0'.repeat(24_000_000), 400],
  ['33 MB', () => inside(`["${'x'.repeat(34_000_000)}"]`), 413],
]

describe('a body that is there to hurt', () => {
  test.each(hostile)(
    '%s',
    async (_, make, status) => {
      const response = await post(make())
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ type: 'error' })
    },
    30_000,
  )

  test('compressed, whatever the encoding', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 24))
    for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'x-gzip', 'gzip, gzip', 'identity, gzip']) {
      const response = await post(bomb.toString('latin1'), { headers: { 'content-encoding': encoding } })
      expect(response.status, encoding).toBe(415)
    }
    expect((await post({ model: 'm', messages: [] }, { headers: { 'content-encoding': 'identity' } })).status).toBe(200)
  })

  test('keys that mean something to JavaScript mean nothing to lb', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const body =
      '{"__proto__":{"stream":true,"polluted":1},"constructor":{"prototype":{"polluted":1}},"model":"m","messages":[{"role":"user","content":"x","__proto__":{"a":1}}]}'
    for (const provider of ['a', 'b']) {
      const response = await post(body.replace('"model"', `"provider":"${provider}","model"`))
      expect(response.status).toBe(200)
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(mocks[0]?.requests.at(-1)?.text).toBe(body)
  })
})
