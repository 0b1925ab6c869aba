import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'

describe('a request that is at fault itself', () => {
  test.each([{ stream: false }, { stream: true }])(
    'gets the upstream’s 400 byte for byte, after one call (%j)',
    async ({ stream }) => {
      const body =
        '{ "type":"error" ,"error":{"type":"invalid_request_error","message":"messages.0: n\\u00f6 1e400"},"x":12345678901234567890}'
      const { post, mocks } = await startWorld({ scripts: [{ default: { status: 400, body } }, {}] })
      const response = await post({ ...hello, stream })
      expect(response.status).toBe(400)
      expect(await response.text()).toBe(body)
      expect(mocks.map(({ requests }) => requests.length)).toEqual([1, 0])
    },
  )

  test('changes nobody’s health', async () => {
    const { post, lb, lines } = await startWorld({ scripts: [{ fault: 'invalid-request' }, {}] })
    for (let request = 0; request < 5; request += 1) await (await post(hello)).text()
    const listed = (await (await fetch(`${lb.url}/providers`)).json()) as { healthy_providers: number }
    expect(listed.healthy_providers).toBe(2)
    expect(lines.some(({ event }) => event === 'provider_health_error_recorded')).toBe(false)
  })

  test('keeps the wording that Claude Code repairs itself by', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'prompt-too-long' }] })
    expect(await (await post(hello)).json()).toMatchObject({
      error: { message: expect.stringMatching(/^prompt is too long: \d+ tokens > \d+ maximum/) },
    })
  })
})

describe('when every provider fails', () => {
  test('the most useful answer is passed on, without another provider’s words', async () => {
    const scripts = [
      { default: { error: { status: 401, message: 'alpha says no' } } },
      { default: { error: { status: 503, message: 'beta is down' } } },
    ]
    const { post } = await startWorld({ scripts })
    const response = await post(hello)
    const text = await response.text()
    expect(response.status).toBe(503)
    expect(text).toContain('beta is down')
    expect(text).not.toContain('alpha')
  })

  test('a credential that is good for lb only is not told to be the reason', async () => {
    const auth = ['auth_value: own', 'auth_type: passthrough, auth_value: passthrough']
    const { post, mocks } = await startWorld({ scripts: [{ fault: 'error-529' }, { fault: 'bad-key' }], auth })
    const response = await post(hello, { headers: { 'x-api-key': 'any-text' } })
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([529, 'true'])
    expect(mocks[1]?.requests).toHaveLength(1)
  })

  test('the client learns when to come back, in whole seconds', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'rate-limit' }], settings: ['hold: 0'] })
    const first = await post(hello)
    expect(first.status).toBe(429)
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThanOrEqual(29)
    // The second is not sent: the first said when.
    const again = await post(hello)
    expect(again.status).toBe(429)
    expect(again.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(again.headers.get('x-should-retry')).toBe('true')
    expect(await again.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })

  test('one account’s limits are not shown as the client’s own', async () => {
    const { post } = await startWorld({
      scripts: [{ fault: 'rate-limit-unified' }, { fault: 'rate-limit-unified' }],
      settings: ['hold: 0'],
    })
    const response = await post(hello)
    expect(response.status).toBe(429)
    expect([...response.headers.keys()].filter((name) => name.startsWith('anthropic-ratelimit'))).toEqual([])
  })

  test('whatever a vendor calls its limits, nothing of them is shown', async () => {
    const headers = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-priority-input-tokens-remaining': '0',
      'anthropic-fast-output-tokens-reset': '2027-01-01T00:00:00Z',
      'X-RateLimit-Remaining-Requests': '0',
      'x-ratelimitbysize-remaining-minute': '0',
      'x-rate-limit-remaining': '0',
      'RateLimit-Policy': '"burst";q=1',
      ratelimit: '"burst";r=0',
    }
    const limited = { default: { error: { status: 429, message: 'slow down' }, headers } }
    const shown = async (scripts: object[]): Promise<string[]> => {
      const { post } = await startWorld({ scripts, settings: ['hold: 0'] })
      return [...(await post(hello)).headers.keys()].filter((name) => /limit|priority|fast/.test(name))
    }
    expect(await shown([limited, limited])).toEqual([])
    // Where there is nobody else, they are what the client has.
    expect(await shown([limited])).toHaveLength(8)
  })

  test.each([
    ['it alone could be asked', ['auth_value: passthrough']],
    ['another one failed, too', ['auth_value: passthrough', 'auth_value: key-b']],
  ])('a refusal of the client’s own key keeps its date and its limits (%s)', async (_, auth) => {
    const headers = { 'retry-after': '29.5', 'anthropic-ratelimit-unified-status': 'rejected' }
    const limited = { default: { error: { status: 429, message: 'slow down' }, headers } }
    const { post } = await startWorld({
      scripts: [limited, { fault: 'error-500' as const }].slice(0, auth.length),
      auth,
      settings: ['hold: 0'],
    })
    const response = await post(hello, { headers: { 'x-api-key': 'mine' } })
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([429, 'true'])
    if (auth.length === 1) expect(response.headers.get('retry-after')).toBe('30')
    expect(response.headers.get('anthropic-ratelimit-unified-status')).toBe('rejected')
  })

  test('is told not to ask again where all who were asked say so, and only then', async () => {
    const final = { fault: 'rate-limit-final' as const }
    const told = async (...scripts: object[]): Promise<string | null> => {
      const { post } = await startWorld({ scripts, settings: ['hold: 0'] })
      return (await post(hello)).headers.get('x-should-retry')
    }
    expect(await told(final)).toBe('false')
    expect(await told(final, final)).toBe('false')
    expect(await told(final, { fault: 'error-503' })).toBe('true')
    expect(await told(final, { fault: 'connection-refused' })).toBe('true')
  })

  test('how many attempts were made is told, whoever’s words the error has', async () => {
    const scripts = [{ fault: 'error-500' as const }, { fault: 'rate-limit' as const }]
    const world = await startWorld({ scripts, settings: ['hold: 0'] })
    const told = await world.post(hello)
    const calls = world.mocks.reduce((sum, { requests }) => sum + requests.length, 0)
    expect([told.status, told.headers.get('x-lb-attempts')]).toEqual([500, String(calls)])
    const { post } = await startWorld({ scripts: [{ fault: 'rate-limit' }], settings: ['hold: 0'] })
    await post(hello)
    expect((await post(hello)).headers.get('x-lb-attempts')).toBe('0')
  })

  test('nobody reachable: an error in Anthropic’s shape, with ids', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'connection-refused' }], settings: ['hold: 0'] })
    const response = await post(hello)
    const id = response.headers.get('x-lb-request-id')
    expect(response.status).toBe(502)
    expect(id).toMatch(/^req_[0-9a-f]{24}$/)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'api_error', message: expect.any(String) },
      request_id: id,
    })
  })

  test('a redirect never reaches the client: it would follow it', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'redirect-307' }], settings: ['hold: 0'] })
    const response = await post(hello)
    expect(response.status).toBe(502)
    expect(response.headers.has('location')).toBe(false)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  })

  test('a firewall’s page becomes an error that a client can read', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'html-403' }], settings: ['hold: 0'] })
    const response = await post(hello)
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'permission_error' } })
  })

  test.each([
    ['/v1/messages', 'openai'],
    ['/v1/chat/completions', 'anthropic'],
  ] as const)('%s: a page of an upstream of type %s becomes JSON and says so', async (path, type) => {
    const page = { default: { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>down</html>' } }
    const { post } = await startWorld({ scripts: [page], types: [type], settings: ['hold: 0'] })
    const response = await post(hello, { path })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toHaveProperty('error.message')
  })

  test('an upstream’s refusal in another dialect is said in the client’s', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'rate-limit' }], types: ['openai'], settings: ['hold: 0'] })
    const response = await post(hello)
    expect(response.status).toBe(429)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })
})
