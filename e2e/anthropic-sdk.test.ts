import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { startWorld } from '../apps/server/src/testing/world.ts'

const question = { model: 'claude-test-1', max_tokens: 200, messages: [{ role: 'user' as const, content: 'hello' }] }
const clientOf = (baseURL: string): Anthropic => new Anthropic({ baseURL, apiKey: 'dummy', maxRetries: 0 })
const weather = {
  name: 'get_weather',
  description: 'weather in a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

describe.each(['anthropic', 'openai'] as const)('the official Anthropic SDK, to a provider of type %s', (type) => {
  test('creates a message', async () => {
    const { lb } = await startWorld({ scripts: [{}], types: [type] })
    const message = await clientOf(lb.url).messages.create(question)
    expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' })
    expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('hello') })
    expect(message.usage.output_tokens).toBeGreaterThan(0)
  })

  test('streams a message', async () => {
    const { lb } = await startWorld({ scripts: [{}], types: [type] })
    const stream = clientOf(lb.url).messages.stream(question)
    let text = ''
    stream.on('text', (delta) => {
      text += delta
    })
    const final = await stream.finalMessage()
    expect(final.content[0]).toMatchObject({ type: 'text', text })
    expect(final.stop_reason).toBe('end_turn')
  })

  test('calls a tool', async () => {
    const { lb } = await startWorld({ scripts: [{}], types: [type] })
    const messages = [{ role: 'user' as const, content: 'please use get_weather' }]
    const final = await clientOf(lb.url)
      .messages.stream({ ...question, messages, tools: [weather] })
      .finalMessage()
    expect(final.stop_reason).toBe('tool_use')
    expect(final.content.at(-1)).toMatchObject({
      type: 'tool_use',
      name: 'get_weather',
      input: { city: expect.any(String) },
    })
  })

  test('counts tokens', async () => {
    const { lb } = await startWorld({ scripts: [{}], types: [type] })
    const { model, messages } = question
    const counted = await clientOf(lb.url).messages.countTokens({ model, messages })
    expect(counted.input_tokens).toBeGreaterThan(0)
  })

  test('aborts, and the upstream is closed', async () => {
    // Of OpenAI types an answer is finished by default, so that a retry can be served from it.
    const provider = 'streaming_mode: direct'
    const { lb, mocks } = await startWorld({ scripts: [{ paceMs: 50 }], types: [type], provider })
    const stream = clientOf(lb.url).messages.stream(question)
    await new Promise((resolve) => stream.on('text', resolve))
    stream.abort()
    await expect(stream.done()).rejects.toThrow(Anthropic.APIUserAbortError)
    await mocks[0]?.idle()
    expect(mocks[0]?.requests[0]?.outcome).toBe('client-left')
  })
})

describe('the official Anthropic SDK sees lb’s errors as its own classes', () => {
  const cases = [
    ['invalid-request', Anthropic.BadRequestError, 400],
    ['bad-key', Anthropic.AuthenticationError, 401],
    ['rate-limit', Anthropic.RateLimitError, 429],
    ['error-500', Anthropic.InternalServerError, 500],
    ['error-529', Anthropic.InternalServerError, 529],
  ] as const

  test.each(cases)('%s', async (fault, errorClass, status) => {
    const { lb } = await startWorld({ scripts: [{ fault }], settings: ['hold: 0'] })
    const failed = clientOf(lb.url).messages.create(question)
    await expect(failed).rejects.toBeInstanceOf(errorClass)
    await expect(failed).rejects.toMatchObject({ status })
  })

  test('an unknown model is not found', async () => {
    const { lb } = await startWorld({
      scripts: [{}],
      routes: ['  "claude-known-*":', '    - { provider: a, model: passthrough, priority: 1 }'],
    })
    await expect(clientOf(lb.url).messages.create(question)).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  })
})
