import { type AnswerCachePolicy, type AnswerStore, defaultAnswerCachePolicy } from '@lb/dedup'
import { describe, expect, test, vi } from 'vitest'
import { createGate } from '../testing/gate.ts'
import { hello, type PostOptions, startWorld, type World } from '../testing/world.ts'
import { createAnswerCollector, storedAnswer } from './answers.ts'

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

describe('deduplication.cache', () => {
  const cache = (members: string): string[] => [`deduplication: { cache: { enabled: true, ${members} } }`]
  const asking = (text: string): object => ({ ...hello, messages: [{ role: 'user', content: text }] })
  const ask = async (world: World, body: object, options?: PostOptions): Promise<string | null> => {
    const answer = await world.post(body, options)
    await answer.text()
    return answer.headers.get('x-lb-cache')
  }

  test('ttl: an answer is good so long', async () => {
    const world = await startWorld({ scripts: [{}], settings: cache('ttl: 0.2') })
    await ask(world, hello)
    expect(await ask(world, hello)).toBe('hit')
    await vi.waitFor(async () => expect(await ask(world, hello)).toBeNull(), { timeout: 5000, interval: 50 })
    expect(world.mocks[0]?.requests).toHaveLength(2)
  })

  test('max_entries: the one that was not asked for longest goes', async () => {
    const world = await startWorld({ scripts: [{}], settings: cache('ttl: 60, max_entries: 2') })
    for (const text of ['a', 'b', 'a', 'c']) await ask(world, asking(text))
    const hits = [await ask(world, asking('a')), await ask(world, asking('c')), await ask(world, asking('b'))]
    expect(hits).toEqual(['hit', 'hit', null])
  })

  test('max_bytes: one answer takes no more than an eighth', async () => {
    const scripts = [{ default: { reply: { text: 'x'.repeat(4000) } } }]
    const small = await startWorld({ scripts, settings: cache('ttl: 60, max_bytes: 20000') })
    const large = await startWorld({ scripts, settings: cache('ttl: 60, max_bytes: 200000') })
    expect([await ask(small, hello), await ask(small, hello)]).toEqual([null, null])
    expect([await ask(large, hello), await ask(large, hello)]).toEqual([null, 'hit'])
  })

  test('never serves another client key', async () => {
    const key = (name: string): string => `${name}-0123456789abcdef0123456789`
    const keys = ['ann', 'bob'].map((name) => `{ name: ${name}, key: ${key(name)} }`).join(', ')
    const auth = `auth: { enabled: true, admin_key: admin-0123456789abcdef0123, keys: [${keys}] }`
    const world = await startWorld({ scripts: [{}], settings: [...cache('ttl: 60'), auth] })
    const by = (name: string) => ask(world, hello, { headers: { 'x-api-key': key(name) } })
    expect([await by('ann'), await by('bob'), await by('ann'), await by('bob')]).toEqual([null, null, 'hit', 'hit'])
  })

  test.each([
    'json-error-200',
    'error-mid-text',
    'no-message-stop',
    'end-mid-text',
    'reset-mid-text',
    'truncated-json-whole',
    'html-200',
    'empty-200',
    'error-529',
  ] as const)('never keeps %s, neither of a stream nor of a whole answer', async (fault) => {
    const world = await startWorld({ scripts: [{ fault }], settings: [...cache('ttl: 60'), 'max_attempts: 1'] })
    // A whole answer has no message_stop to miss.
    for (const body of fault === 'no-message-stop' ? [streamed] : [streamed, hello]) {
      const hits: (string | null)[] = []
      for (let time = 0; time < 2; time += 1) hits.push(await ask(world, body).catch(() => 'cut'))
      expect(hits).not.toContain('hit')
    }
  })

  test('keeps streams and whole answers apart, and nothing where sharing is off', async () => {
    const world = await startWorld({ scripts: [{}], settings: cache('ttl: 60') })
    expect([await ask(world, hello), await ask(world, streamed), await ask(world, hello)]).toEqual([null, null, 'hit'])
    const off = await startWorld({
      scripts: [{}],
      settings: ['deduplication: { enabled: false, cache: { enabled: true } }'],
    })
    expect([await ask(off, hello), await ask(off, hello)]).toEqual([null, null])
  })

  test('keeps an answer that several shared only if all of them allow it', async () => {
    const gate = createGate()
    const world = await startWorld({
      scripts: [{ default: { delayMs: 1 } }],
      settings: cache('ttl: 60'),
      clock: gate.clock,
    })
    const first = ask(world, hello)
    await world.mocks[0]?.next()
    const second = world.post(hello, { headers: { 'x-lb-cache': 'no' } })
    // Its record is there once it has joined, its answer once the gate is open.
    await vi.waitFor(async () => {
      const text = await (await fetch(`${world.lb.url}/metrics`)).text()
      expect(text).toContain('lb_coalesced_requests_total{how="joined"} 1')
    })
    gate.open()
    await Promise.all([first, second.then((answer) => answer.text())])
    expect(await ask(world, hello)).toBeNull()
    expect(await ask(world, hello)).toBe('hit')
  })
})

test('a store that fails has nothing, and breaks nothing', async () => {
  const broken: AnswerStore = {
    get: () => Promise.reject(new Error('the store is away')),
    set: () => Promise.reject(new Error('the store is away')),
  }
  expect(await storedAnswer(broken, 'key', {}, 0, policy)).toBeUndefined()
  const collector = createAnswerCollector({ store: broken, key: 'key', policy, includeMaxTokens: false })
  collector.take(Buffer.from('x'))
  collector.end({ kind: 'whole', stopReason: 'end_turn' }, { status: 200, headers: [] }, 0)
  await new Promise((resolve) => void setImmediate(resolve))
})

const policy: AnswerCachePolicy = { ...defaultAnswerCachePolicy, enabled: true }
