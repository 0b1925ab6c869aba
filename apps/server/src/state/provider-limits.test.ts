import type { Provider } from '@lb/config'
import type { Availability } from '@lb/router'
import { describe, expect, test } from 'vitest'
import { startFileWorld } from '../testing/file-world.ts'
import { hello, startWorld } from '../testing/world.ts'
import { createProviderLimits } from './provider-limits.ts'

/** The limits of one provider, with what they woke. */
function limited(limits: Partial<Provider['limits']>) {
  const woken: string[] = []
  let allowed = limits
  const books = createProviderLimits(
    (request) => void woken.push(request),
    () => allowed,
  )
  const available = { kind: 'available', share: 1 } as const
  return {
    books,
    woken,
    allow: (other: typeof limits) => {
      allowed = other
    },
    start: (name: string, nowMs: number, tokens = 10) =>
      books.started('a', { request: name, attempt: name, tokens }, nowMs),
    state(nowMs: number, tokens = 10, request = 'next') {
      return books.within('a', { request, tokens }, available, nowMs)
    },
  }
}

const candidates = [{ provider: 'a' }] as unknown as Parameters<ReturnType<typeof limited>['books']['waiting']>[0]

describe('requests_per_minute', () => {
  test('is kept in any 60 seconds, and says when there is room', () => {
    const { start, state } = limited({ requestsPerMinute: 2 })
    start('1', 1_000)
    expect(state(2_000)).toMatchObject({ kind: 'available' })
    start('2', 30_000)
    expect(state(40_000)).toEqual({ kind: 'full', queue: true, firm: { opensAtMs: 61_000 } })
    expect(state(61_000)).toMatchObject({ kind: 'available' })
  })

  test('counts on over a change of the limit, and anew where it is forgotten', () => {
    const { books, start, state, allow } = limited({})
    for (const name of ['1', '2', '3']) start(name, 0)
    expect(state(1)).toMatchObject({ kind: 'available' })
    allow({ requestsPerMinute: 3 })
    expect(state(1)).toMatchObject({ kind: 'full' })
    books.keep((provider) => provider === 'a')
    expect(state(1)).toMatchObject({ kind: 'full' })
    books.keep(() => false)
    expect(state(1)).toMatchObject({ kind: 'available' })
  })
})

describe('tokens_per_minute', () => {
  test('counts an estimate while an attempt is open, then what the upstream counted', () => {
    const { books, start, state } = limited({ tokensPerMinute: 1_000 })
    start('1', 0, 600)
    expect(state(0, 500)).toMatchObject({ kind: 'full' })
    books.ended('1', 100, true, 1_000)
    expect(state(1_000, 500)).toMatchObject({ kind: 'available' })
    start('2', 2_000, 600)
    books.ended('2', undefined, true, 3_000)
    expect(state(3_000, 500)).toEqual({ kind: 'full', queue: true, firm: { opensAtMs: 63_000 } })
    start('3', 63_000, 600)
    books.ended('3', undefined, false, 63_000)
    expect(state(63_000, 500)).toMatchObject({ kind: 'available' })
  })
})

describe('concurrency', () => {
  test('frees the place at the end of an attempt, and wakes who waits, first come first served', () => {
    const { books, start, state, woken } = limited({ concurrency: 1 })
    start('1', 0)
    expect(state(1)).toEqual({ kind: 'full', queue: true, firm: { opensAtMs: null } })
    books.waiting(candidates, 'x', 'queue', 1)
    books.waiting(candidates, 'y', 'queue', 2)
    expect(state(2)).toMatchObject({ kind: 'full', queue: false })
    books.waiting(candidates, 'z', 'backoff', 2)
    books.ended('1', undefined, false, 3)
    books.ended('1', undefined, false, 3)
    expect(woken).toEqual(['x'])
    expect(state(3, 10, 'x')).toMatchObject({ kind: 'available' })
    expect(state(3, 10, 'y')).toMatchObject({ kind: 'full' })
    books.waiting(candidates, 'x', null, 4)
    expect(woken).toEqual(['x', 'y'])
  })

  test('that a new configuration raises lets the waiting look again', () => {
    const { books, start, state, woken, allow } = limited({ concurrency: 1 })
    start('1', 0)
    books.waiting(candidates, 'x', 'queue', 1)
    allow({ concurrency: 2 })
    books.changed()
    expect(woken).toEqual(['x'])
    expect(state(1, 10, 'x')).toMatchObject({ kind: 'available' })
  })
})

test('a provider that is barred is not asked as a last resort while it is full', () => {
  const { books, start } = limited({ concurrency: 1 })
  start('1', 0)
  const barred = { kind: 'barred', reason: 'ejected', hard: false, untilMs: 9, notBeforeMs: null } as const
  const asked = { request: 'x', tokens: 1 }
  const within = (availability: Availability): Availability => books.within('a', asked, availability, 100)
  // A date, because a pace of ours would be passed by a request that can wait no longer.
  const later = { lastResortAtMs: 1_100, notBeforeMs: 1_100 }
  expect(within({ ...barred, lastResortAtMs: 5 })).toMatchObject(later)
  const date = { notBeforeMs: 9_000, lastResortAtMs: 9_000 }
  expect(within({ ...barred, ...date })).toMatchObject(date)
  expect(within({ ...barred, lastResortAtMs: null })).toMatchObject({ lastResortAtMs: null, notBeforeMs: null })
})

describe('lb in front of a provider', () => {
  const slow = { name: 'slow', default: { delayMs: 300 } }

  test('with a place goes to the next one while it is taken, and comes back', async () => {
    const { post, mocks } = await startWorld({
      scripts: [slow, {}],
      provider: 'limits: { concurrency: 1 }',
      settings: ['deduplication: { enabled: false }'],
    })
    const answers = await Promise.all([post(hello), post(hello)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(mocks.map(({ requests }) => requests.length)).toEqual([1, 1])
    await Promise.all(answers.map((answer) => answer.text()))
    expect((await post(hello)).headers.get('x-lb-provider')).toBe('a')
  })

  test('waits for the place where there is nobody else, and never goes beyond it', async () => {
    const { post, mocks } = await startWorld({
      scripts: [slow],
      provider: 'limits: { concurrency: 1 }',
      settings: ['deduplication: { enabled: false }'],
    })
    const answers = await Promise.all([post(hello), post(hello), post(hello)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(mocks[0]?.requests).toHaveLength(3)
    // Two more may wait for each place; whoever comes then is told at once.
    const crowd = await Promise.all(Array.from({ length: 5 }, () => post(hello)))
    expect(crowd.map(({ status }) => status).sort()).toEqual([200, 200, 200, 529, 529])
    const refused = crowd.find(({ status }) => status === 529)
    expect(await refused?.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  })

  test('tells when there is room again, in the client’s dialect, after its requests of the minute', async () => {
    const { post, mocks } = await startWorld({
      scripts: [{}, {}],
      provider: 'limits: { requests_per_minute: 1 }',
      settings: ['deduplication: { enabled: false }'],
    })
    const names = [await post(hello), await post(hello)].map(({ headers }) => headers.get('x-lb-provider'))
    expect(names).toEqual(['a', 'b'])
    const refused = await post(hello)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    const chat = { model: hello.model, messages: [{ role: 'user', content: 'hello' }] }
    const openAi = await post(chat, { path: '/v1/chat/completions' })
    expect(openAi.status).toBe(429)
    expect(await openAi.json()).toMatchObject({ error: { message: expect.any(String) } })
    expect(mocks.map(({ requests }) => requests.length)).toEqual([1, 1])
  })

  test('takes the tokens that it counted from the minute', async () => {
    const { post, mocks } = await startWorld({
      scripts: [{ default: { reply: { text: 'x', usage: { inputTokens: 900, outputTokens: 200 } } } }, {}],
      provider: 'limits: { tokens_per_minute: 1000 }',
      settings: ['deduplication: { enabled: false }'],
    })
    for (const name of ['a', 'b']) {
      const response = await post(hello)
      await response.text()
      expect(response.headers.get('x-lb-provider')).toBe(name)
    }
    expect(mocks[0]?.requests).toHaveLength(1)
  })

  test('takes up a limit that a reload brings, with what is in use already', async () => {
    const { mocks } = await startWorld({ scripts: [{}] })
    const text = (limits: string): string =>
      [
        `providers: [{ name: a, type: anthropic, base_url: "${mocks[0]?.url}", auth_value: key-of-a, limits: ${limits} }]`,
        'model_routes: { "*": [{ provider: a }] }',
        'settings: { port: 0, log_file_path: "", usage: { enabled: false }, deduplication: { enabled: false } }',
      ].join('\n')
    const { lb, write, call } = await startFileWorld(text('{}'))
    const ask = async (): Promise<number> => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(hello) }
      const response = await fetch(`${lb.url}/v1/messages`, init)
      await response.text()
      return response.status
    }
    expect([await ask(), await ask()]).toEqual([200, 200])
    await write(text('{ requests_per_minute: 2 }'))
    await call('POST', '/providers/reload')
    expect(await ask()).toBe(429)
    await write(text('{ requests_per_minute: 3 }'))
    await call('POST', '/providers/reload')
    expect([await ask(), await ask()]).toEqual([200, 429])
  })
})
