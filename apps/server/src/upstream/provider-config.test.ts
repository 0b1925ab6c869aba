import { describe, expect, test } from 'vitest'
import { chatPath, helloChat, startDialectWorld, upstreamDialects } from '../testing/chat-world.ts'
import { hello, startWorld } from '../testing/world.ts'

describe.each(upstreamDialects)('headers of the configuration, for an upstream of %s', (dialect) => {
  test('go up with every request, in the place of others of their name', async () => {
    const more = dialect === 'responses' ? 'dialect: responses, ' : ''
    const provider = `${more}headers: { X-Portal: "own", User-Agent: "portal", authorization: "Bearer own" }`
    const { post, mocks } = await startDialectWorld(dialect, [{}], { provider })
    const headers = { 'x-portal': 'client', 'user-agent': 'client' }
    await post(hello, { headers })
    await post(helloChat, { ...chatPath, headers })
    for (const { headers: sent } of mocks[0]?.requests ?? [])
      expect(sent).toMatchObject({ 'x-portal': 'own', 'user-agent': 'portal', authorization: 'Bearer own' })
    expect(mocks[0]?.requests).toHaveLength(2)
  })
})

test('a provider’s own timeout makes room for the next one before the general one would', async () => {
  const settings = ['timeouts: { streaming: { first_byte_timeout: 60 } }']
  const provider = 'timeouts: { first_byte_timeout: 0.2 }'
  const { post } = await startWorld({ scripts: [{ fault: 'stall-after-head' }, {}], settings, provider })
  const response = await post({ ...hello, stream: true })
  expect(response.headers.get('x-lb-provider')).toBe('b')
})

test('a provider’s own read timeout is for whole answers, too', async () => {
  const slow = { default: { delayMs: 20_000, reply: { text: 'late' } } }
  const { post } = await startWorld({ scripts: [slow, {}], provider: 'timeouts: { read_timeout: 0.2 }' })
  expect((await post(hello)).headers.get('x-lb-provider')).toBe('b')
})
