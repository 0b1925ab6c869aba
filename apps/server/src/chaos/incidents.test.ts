import type { MockScript } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { eventNames, hello, startWorld } from '../testing/world.ts'

/** What went wrong for users of other proxies, by the number of the report: it must not go wrong here. */

const second: MockScript = { name: 'second' }

describe('CLIProxyAPI 4724: a quota was reset early, and only a restart of the proxy noticed', () => {
  test('whoever clears a pause is believed at once', async () => {
    const limited: MockScript = { rules: [{ answer: { fault: 'rate-limit-long' }, repeat: 1, next: { answer: {} } }] }
    const { post, lb, mocks } = await startWorld({ scripts: [limited], settings: ['hold: 0'] })
    expect((await post(hello)).status).toBe(429)
    expect((await post(hello)).status).toBe(429)
    expect(mocks[0]?.requests).toHaveLength(1)
    const cleared = await fetch(`${lb.url}/providers/a/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(cleared.status).toBe(200)
    expect((await post(hello)).status).toBe(200)
  })
})

describe('CLIProxyAPI 5476: one 404 blocked the only credential for twelve hours', () => {
  test('the only provider is asked again by the next request', async () => {
    const once: MockScript = { rules: [{ answer: { fault: 'model-not-found' }, repeat: 1, next: { answer: {} } }] }
    const { post } = await startWorld({ scripts: [once] })
    expect((await post(hello)).status).toBe(404)
    expect((await post(hello)).status).toBe(200)
  })
})

describe('CLIProxyAPI 5915: the limit of one model family took the whole account out for a day and a half', () => {
  test('the other models stay on the account', async () => {
    const limited: MockScript = {
      name: 'first',
      rules: [{ when: { model: 'claude-opus-*' }, answer: { fault: 'rate-limit-claim' } }],
    }
    const { post } = await startWorld({ scripts: [limited, second] })
    const opus = await post({ ...hello, model: 'claude-opus-5-5' })
    expect(opus.headers.get('x-lb-provider')).toBe('b')
    const haiku = await post({ ...hello, model: 'claude-haiku-5-5' })
    expect(haiku.headers.get('x-lb-provider')).toBe('a')
  })
})

describe('teamclaude 288: a 429 that gave no time was passed on with an invented minute', () => {
  test('the client is told no time that nobody gave', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'rate-limit-bare' }], settings: ['hold: 0'] })
    const response = await post(hello)
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after') ?? 0)).toBeLessThanOrEqual(30)
    expect(response.headers.get('x-should-retry')).toBe('true')
  })

  test('and the provider is asked again within moments', async () => {
    const once: MockScript = { rules: [{ answer: { fault: 'rate-limit-bare' }, repeat: 1, next: { answer: {} } }] }
    const { post } = await startWorld({ scripts: [once] })
    expect((await post(hello)).status).toBe(200)
  })
})

describe('teamclaude 165: a rate limit reached the client while another account was idle', () => {
  test.each(['rate-limit', 'rate-limit-bare', 'rate-limit-unified'] as const)(
    '%s goes on to the next',
    async (fault) => {
      const { post } = await startWorld({ scripts: [{ fault }, second] })
      const response = await post(hello)
      expect(response.status).toBe(200)
      expect(response.headers.get('x-lb-provider')).toBe('b')
      expect([...response.headers.values()]).not.toContain('rejected')
    },
  )
})

describe('litellm 24004: errors inside a 200 were counted as successes, and no fallback ran', () => {
  test.each(['anthropic', 'openai'] as const)(
    'the next provider answers, and the failure is seen (%s)',
    async (type) => {
      const { post, lines } = await startWorld({
        scripts: [{ fault: 'error-after-message-start' }, second],
        types: [type],
      })
      const response = await post({ ...hello, stream: true })
      expect(response.headers.get('x-lb-provider')).toBe('b')
      expect(eventNames(await response.text()).at(-1)).toBe('message_stop')
      expect(lines.filter(({ event }) => event === 'provider_health_error_recorded')).toMatchObject([{ provider: 'a' }])
    },
  )

  test.each(['anthropic', 'openai'] as const)('a failure in the middle is no empty end_turn (%s)', async (type) => {
    const { post } = await startWorld({ scripts: [{ fault: 'end-mid-text' }, second], types: [type] })
    const text = await (await post({ ...hello, stream: true })).text()
    expect(eventNames(text).at(-1)).toBe('error')
    expect(text).not.toContain('end_turn')
  })
})

describe('litellm 39431: nothing reached the client while the model was thinking', () => {
  test.each(['anthropic', 'openai'] as const)('thinking is shown as it comes (%s)', async (type) => {
    const { post } = await startWorld({ scripts: [{ fault: 'stall-mid-thinking' }, second], types: [type] })
    const abort = new AbortController()
    const response = await post({ ...hello, stream: true }, { signal: abort.signal })
    const reader = response.body?.getReader()
    let text = ''
    // The upstream says no more: what is not shown now never comes, and the test would wait for it.
    while (!text.includes('thinking_delta')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(text).toContain('message_start')
    abort.abort()
  })
})

describe('claude-relay-service 671: five unstable accounts, and each failure of one had to be sent again by hand', () => {
  const names = ['one', 'two', 'three', 'four', 'five']
  const broken = [
    'error-500',
    'error-502',
    'error-529',
    'rate-limit',
    'rate-limit-bare',
    'reset-before-response',
  ] as const
  const brokenStreams = [
    ...broken,
    'close-before-response',
    'error-after-message-start',
    'end-after-message-start',
  ] as const

  const asked = (mocks: readonly { readonly requests: readonly unknown[] }[]): number[] =>
    mocks.map(({ requests }) => requests.length)

  /** The answer of the provider of this name, whole, and nothing of an error. */
  const expectWhole = async (response: Response, stream: boolean, name: string): Promise<void> => {
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toContain(name)
    if (stream)
      expect(eventNames(text).filter((event) => /^(message_start|message_stop|error)$/.test(event))).toEqual(whole)
    else expect(JSON.parse(text)).toMatchObject({ type: 'message', stop_reason: 'end_turn' })
  }
  const whole = ['message_start', 'message_stop']

  test.each([
    ...broken.map((fault) => [fault, false] as const),
    ...brokenStreams.map((fault) => [fault, true] as const),
  ])(
    '%s (stream: %s): another account answers at once, and the next request begins there or finds all well',
    async (fault, stream) => {
      const [first, ...others] = names.map((name): MockScript => ({ name }))
      const { post, mocks } = await startWorld({ scripts: [{ ...first, fault }, ...others] })
      await expectWhole(await post({ ...hello, stream }), stream, 'two')
      // Whoever gave a date, or said twice in a row that it is broken, is left alone; one glitch is no reason to leave an account.
      for (let request = 0; request < 4; request += 1)
        await expectWhole(await post({ ...hello, stream }), stream, 'two')
      const [toFirst = 0, toSecond, ...toOthers] = asked(mocks)
      expect(toFirst).toBeLessThanOrEqual(2)
      expect([toSecond, ...toOthers]).toEqual([5, 0, 0, 0])
    },
  )

  test.each([false, true])(
    'each of them fails now and then, four of them at once: nobody notices (stream: %s)',
    async (stream) => {
      const scripts = names.map((name, index): MockScript => {
        const fault = broken[index % broken.length] ?? 'error-500'
        return index === 4 ? { name } : { name, rules: [{ answer: { fault }, repeat: 1, next: { answer: {} } }] }
      })
      const { post, mocks } = await startWorld({ scripts })
      const response = await post({ ...hello, stream })
      expect(response.headers.get('x-lb-attempts')).toBe('5')
      await expectWhole(response, stream, 'five')
      expect(asked(mocks)).toEqual([1, 1, 1, 1, 1])
    },
  )
})

/*
 * The report 217 of codex-lb could not be found in public any more. These are neighbouring reports of the same projects, about
 * what the design says of them: a limit without a date, a dead account, and a conversation's home.
 */

describe('claude-relay-service 1204: one 429 without a reset time closed the only account for 215 minutes', () => {
  test('the account is asked again within seconds, and is not closed to its other models meanwhile', async () => {
    const once: MockScript = {
      rules: [
        {
          when: { model: 'claude-opus-*' },
          answer: { fault: 'rate-limit-bare' },
          repeat: 1,
          next: { answer: {} },
        },
      ],
    }
    const { post, mocks } = await startWorld({ scripts: [once] })
    const began = performance.now()
    const [opus, haiku] = await Promise.all([
      post({ ...hello, model: 'claude-opus-5-5' }),
      post({ ...hello, model: 'claude-haiku-5-5' }),
    ])
    expect([opus.status, haiku.status]).toEqual([200, 200])
    expect(mocks[0]?.requests).toHaveLength(3)
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})

describe('claude-relay-service 611: a dead account was asked again and again, and looked healthy', () => {
  test('the next account answers, the dead one is left alone, and is shown as what it is', async () => {
    const { post, lb, mocks } = await startWorld({ scripts: [{ fault: 'bad-key' }, second] })
    const attempts: (string | null)[] = []
    for (let request = 0; request < 4; request += 1) {
      const response = await post(hello)
      expect([response.status, response.headers.get('x-lb-provider')]).toEqual([200, 'b'])
      attempts.push(response.headers.get('x-lb-attempts'))
    }
    expect(attempts).toEqual(['2', '1', '1', '1'])
    expect(mocks[0]?.requests).toHaveLength(1)
    const shown = await (await fetch(`${lb.url}/providers`)).text()
    expect(shown).toContain('down')
  })
})

describe('claude-relay-service 1007: a conversation stayed with an account that was limited', () => {
  test('it goes to another one, as a new conversation does', async () => {
    const limited: MockScript = { rules: [{ answer: {}, repeat: 1, next: { answer: { fault: 'rate-limit' } } }] }
    const { post } = await startWorld({ scripts: [limited, second] })
    const headers = { 'x-claude-code-session-id': 's-1' }
    const names: (string | null)[] = []
    for (let turn = 0; turn < 3; turn += 1) names.push((await post(hello, { headers })).headers.get('x-lb-provider'))
    expect(names).toEqual(['a', 'b', 'b'])
  })
})

describe('codex-lb 226: a failover took the conversation away from its warm account for good', () => {
  test('it is lent, and returns when its home is usable again', async () => {
    const busy: MockScript = {
      rules: [
        {
          answer: {},
          repeat: 1,
          next: {
            answer: { fault: 'rate-limit', headers: { 'retry-after': '1' } },
            repeat: 1,
            next: { answer: {} },
          },
        },
      ],
    }
    const { post } = await startWorld({ scripts: [busy, second] })
    const headers = { 'x-claude-code-session-id': 's-1' }
    const ask = async (): Promise<string | null> => (await post(hello, { headers })).headers.get('x-lb-provider')
    expect([await ask(), await ask(), await ask()]).toEqual(['a', 'b', 'b'])
    await expect.poll(ask, { interval: 400, timeout: 10_000 }).toBe('a')
  })
})

describe('codex-lb 225: a passing 500 reached the client although another account was healthy', () => {
  test.each([true, false])(
    'the next account answers, and the first one is not given up (stream: %s)',
    async (stream) => {
      const once: MockScript = { rules: [{ answer: { fault: 'error-500' }, repeat: 1, next: { answer: {} } }] }
      const { post } = await startWorld({ scripts: [once, second] })
      const ask = async (): Promise<string | null> => {
        const response = await post({ ...hello, stream })
        await response.text()
        return response.headers.get('x-lb-provider')
      }
      expect([await ask(), await ask()]).toEqual(['b', 'a'])
    },
  )
})
