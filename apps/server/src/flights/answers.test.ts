import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'

const cached = ['deduplication: { cache: { enabled: true, ttl: 60 } }']
const streamed = { ...hello, stream: true }

describe('an answer that is kept', () => {
  test.each([
    ['a stream', streamed],
    ['a whole answer', hello],
  ])('is given again byte for byte, with its age: %s', async (_, body) => {
    const { post, mocks } = await startWorld({ scripts: [{}], settings: cached })
    const first = await post(body)
    const text = await first.text()
    const second = await post(body)
    expect(await second.text()).toBe(text)
    expect(second.headers.get('x-lb-cache')).toBe('hit')
    expect(second.headers.get('age')).toMatch(/^\d+$/)
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
    expect(second.headers.get('x-lb-request-id')).not.toBe(first.headers.get('x-lb-request-id'))
    expect(mocks[0]?.requests).toHaveLength(1)
  })

  test('is not for a client that wants none, and is not left by one', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], settings: cached })
    await (await post(hello, { headers: { 'x-lb-cache': 'no' } })).text()
    await (await post(hello)).text()
    await (await post(hello, { headers: { 'cache-control': 'no-store' } })).text()
    await (await post(hello, { headers: { 'cache-control': 'no-cache' } })).text()
    expect(mocks[0]?.requests).toHaveLength(4)
  })

  test('is never an error, a cut answer, or one that its limit ended', async () => {
    const scripts = [
      {
        rules: [
          {
            answer: { fault: 'invalid-request' as const },
            repeat: 1,
            next: {
              answer: { fault: 'end-mid-text' as const },
              repeat: 1,
              next: { answer: { reply: { text: 'half', stopReason: 'max_tokens' } } },
            },
          },
        ],
      },
    ]
    const { post, mocks } = await startWorld({ scripts, settings: cached })
    for (let request = 0; request < 4; request += 1) await (await post(streamed)).text()
    expect(mocks[0]?.requests).toHaveLength(4)
  })
})

test('without the setting nothing is kept', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  await (await post(hello)).text()
  const again = await post(hello)
  expect(again.headers.get('x-lb-cache')).toBeNull()
  expect(mocks[0]?.requests).toHaveLength(2)
})

describe('streaming_mode: background', () => {
  const provider = 'streaming_mode: background'

  test('finishes a call whose client left, and gives the answer to its retry', async () => {
    const { post, mocks } = await startWorld({ scripts: [{ paceMs: 10 }], provider })
    const leaving = new AbortController()
    const first = await post(streamed, { signal: leaving.signal })
    await first.body?.getReader().read()
    leaving.abort()
    const retry = await post(streamed)
    expect(await retry.text()).toContain('message_stop')
    await mocks[0]?.idle()
    expect(mocks[0]?.requests.map(({ outcome }) => outcome)).toEqual(['answered'])
  })

  test('keeps the answer for a while after its end, once for each who missed it', async () => {
    const { post, mocks } = await startWorld({ scripts: [{ paceMs: 2 }], provider })
    const leaving = new AbortController()
    const first = await post(streamed, { signal: leaving.signal })
    await first.body?.getReader().read()
    leaving.abort()
    await mocks[0]?.idle()
    await (await post(streamed)).text()
    expect(mocks[0]?.requests).toHaveLength(1)
    await (await post(streamed)).text()
    expect(mocks[0]?.requests).toHaveLength(2)
  })
})
