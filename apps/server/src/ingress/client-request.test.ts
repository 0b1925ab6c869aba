import { describe, expect, test } from 'vitest'
import { hostOf, sendRaw } from '../testing/raw-client.ts'
import { hello, startWorld } from '../testing/world.ts'

describe('a request that cannot be used', () => {
  const bad: [string, string, RegExp][] = [
    ['no JSON', 'hello', /not usable JSON: the text is not a JSON object \(at byte 0\)/],
    ['half a JSON', '{"model":"m"', /not usable JSON.*\(at byte 12\)/],
    ['a list', '[]', /not a JSON object/],
    ['no model', '{"messages":[]}', /^model: Field required/],
    ['an empty model', '{"model":"","messages":[]}', /^model: Field required/],
    ['a model that is no text', '{"model":1,"messages":[]}', /^model: Field required/],
    ['no messages', '{"model":"m"}', /^messages: Field required/],
    [
      'too much nesting',
      `{"model":"m","messages":${'['.repeat(300)}${']'.repeat(300)}}`,
      /nested deeper than 200 levels/,
    ],
  ]

  test.each(bad)('%s: 400 that says what and where', async (_, body, message) => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
    })
    expect(mocks[0]?.requests).toHaveLength(0)
  })

  test('too long: 413, and the client gets to read it', async () => {
    const { post } = await startWorld({ scripts: [{}], settings: ['max_body_bytes: 10000'] })
    const response = await post({ ...hello, padding: 'x'.repeat(10_000) })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } })
  })

  test.each([
    ['a length', (body: string) => [`content-length: ${body.length}`, (piece: string) => piece, '']],
    ['chunks', () => ['transfer-encoding: chunked', (piece: string) => `7d0\r\n${piece}\r\n`, '0\r\n\r\n']],
  ] as const)('too long, with %s: the rest is read, so that nothing but the 413 reaches its sender', async (_, how) => {
    const { lb } = await startWorld({ scripts: [{}], settings: ['max_body_bytes: 10000'] })
    const pieces = Array<string>(9).fill('x'.repeat(2_000))
    const [framing, frame, last] = how(pieces.join('')) as [string, (piece: string) => string, string]
    const head = `POST /v1/messages HTTP/1.1\r\nhost: ${hostOf(lb.url)}\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`
    const seen = await sendRaw(lb.url, [head, ...pieces.map(frame), last])
    expect(seen).toMatchObject({ statuses: [413], end: 'fin' })
    expect(seen.text).toContain('"request_too_large"')
  })

  test('encoded: 415', async () => {
    const { post } = await startWorld({ scripts: [{}] })
    const response = await post(hello, { headers: { 'content-encoding': 'zstd' } })
    expect(response.status).toBe(415)
  })
})

describe('an unknown model', () => {
  const routes = [
    '  "claude-*":',
    '    - { provider: a, model: passthrough, priority: 1 }',
    '  "gpt-4o":',
    '    - { provider: a, model: passthrough, priority: 1 }',
  ]

  test('is 404, and the known patterns are named', async () => {
    const { post } = await startWorld({ scripts: [{}], routes })
    const response = await post({ ...hello, model: 'gemini-9' })
    expect(response.status).toBe(404)
    const { error } = (await response.json()) as { error: { type: string; message: string } }
    expect(error.type).toBe('not_found_error')
    expect(error.message).toContain('gemini-9')
    expect(error.message).toContain('claude-*, gpt-4o')
  })

  test('is 404 for a provider that is named and not there', async () => {
    const { post } = await startWorld({ scripts: [{}], routes })
    const response = await post({ ...hello, provider: 'nobody' })
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('nobody')
  })
})

describe('lb’s own field', () => {
  test('provider: only that one answers, and it does not see the field', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}, {}] })
    const response = await post({ ...hello, provider: 'b' })
    expect(response.headers.get('x-lb-provider')).toBe('b')
    expect(mocks[1]?.requests[0]?.text).toBe(JSON.stringify(hello))
  })

  test.each([null, ''])('provider: %j names nobody, and is no provider’s business either', async (provider) => {
    const { post, mocks } = await startWorld({ scripts: [{}, {}] })
    const response = await post({ ...hello, provider })
    expect(response.headers.get('x-lb-provider')).toBe('a')
    expect(mocks[0]?.requests[0]?.text).toBe(JSON.stringify(hello))
  })

  test('provider: nobody else answers when that one fails', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}, { fault: 'error-500' }], settings: ['hold: 0'] })
    expect((await post({ ...hello, provider: 'b' })).status).toBe(500)
    expect(mocks[0]?.requests).toHaveLength(0)
  })

  test('an object of that name is somebody else’s and passes', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const body = { ...hello, provider: { order: ['x'] } }
    await post(body)
    expect(mocks[0]?.requests[0]?.text).toBe(JSON.stringify(body))
  })
})
