import { describe, expect, test } from 'vitest'
import { hello, startWorld, type World } from '../testing/world.ts'

const lbKey = 'lb-key-0123456789abcdef01234567'
const other = 'other-lb-key-0123456789abcdef01'
const own = 'sk-ant-the-clients-own-credential'

const settings = [`auth: { enabled: true, api_key: ${lbKey}, keys: [{ name: other, key: ${other} }] }`]

/** What the upstream was sent for each credential header, and everything else it saw as text. */
async function seenUpstream(world: World, headers: Record<string, string>) {
  expect((await world.post(hello, { headers })).status).toBe(200)
  const request = world.mocks[0]?.requests.at(-1)
  const all = JSON.stringify([request?.rawHeaders, request?.url, request?.text])
  return { apiKey: request?.headers['x-api-key'], authorization: request?.headers['authorization'], all }
}

describe('to a provider that takes the client’s own credential', () => {
  const provider = 'auth_value: passthrough'

  test.each([
    ['lb’s key in x-api-key, nothing else', { 'x-api-key': lbKey }, {}],
    ['lb’s key as Bearer, nothing else', { authorization: `Bearer ${lbKey}` }, {}],
    [
      'lb’s key in x-api-key, the client’s own login as Bearer',
      { 'x-api-key': lbKey, authorization: `Bearer ${own}` },
      { authorization: `Bearer ${own}` },
    ],
    [
      'lb’s key as Bearer, the client’s own key in x-api-key',
      { authorization: `Bearer ${lbKey}`, 'x-api-key': own },
      { apiKey: own },
    ],
    [
      'lb’s key in x-lb-key, both of the others the client’s',
      { 'x-lb-key': lbKey, authorization: `Bearer ${own}`, 'x-api-key': own },
      { authorization: `Bearer ${own}`, apiKey: own },
    ],
    ['lb’s key in both, as a key script sends it', { 'x-api-key': lbKey, authorization: `Bearer ${lbKey}` }, {}],
    ['two keys of lb', { 'x-api-key': lbKey, authorization: `Bearer ${other}` }, {}],
    ['another key of lb beside x-lb-key', { 'x-lb-key': lbKey, authorization: other, 'x-api-key': lbKey }, {}],
    ['lb’s key in a header that lb does not read, too', { 'x-api-key': lbKey, 'x-goog-api-key': lbKey }, {}],
  ])('%s', async (_, headers, expected) => {
    const world = await startWorld({ scripts: [{}], settings, provider })
    const { all, ...seen } = await seenUpstream(world, headers as Record<string, string>)
    expect(seen).toEqual({ apiKey: undefined, authorization: undefined, ...expected })
    expect(all).not.toContain(lbKey)
    expect(all).not.toContain(other)
  })

  test('while auth is off, what the client sends is its own', async () => {
    const world = await startWorld({ scripts: [{}], provider })
    const seen = await seenUpstream(world, { authorization: `Bearer ${own}`, 'x-api-key': own })
    expect(seen).toMatchObject({ authorization: `Bearer ${own}`, apiKey: own })
  })

  test('a 401 about the client’s own credential is final', async () => {
    const world = await startWorld({ scripts: [{ fault: 'bad-key' }], settings, provider })
    const response = await world.post(hello, { headers: { 'x-lb-key': lbKey, authorization: `Bearer ${own}` } })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('AUTH_FAILED')
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })
})

test('to a provider with a key of its own goes that key, and nothing of the client’s', async () => {
  const world = await startWorld({ scripts: [{}], settings })
  const { all, ...seen } = await seenUpstream(world, {
    'x-lb-key': lbKey,
    authorization: `Bearer ${own}`,
    'x-api-key': own,
  })
  expect(seen).toEqual({ apiKey: 'key-a', authorization: undefined })
  expect(all).not.toContain(own)
  expect(all).not.toContain(lbKey)
})
