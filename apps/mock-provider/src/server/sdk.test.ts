import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { FaultName } from '../fault/presets.ts'
import type { Reply } from '../script/answer.ts'
import { type MockProvider, startMockProvider } from './mock-provider.ts'

/** The official clients judge the answers: what they accept, clients accept. */

const FULL: Reply = {
  thinking: 'Let me think about it.',
  text: 'Grüße, 你好 and 👋🏽.',
  toolCalls: [
    { name: 'get_weather', input: { city: 'Zürich', days: [1, 2.5] } },
    { name: 'get_weather', input: {} },
  ],
}

let mock: MockProvider
let anthropic: Anthropic
let openai: OpenAI
beforeAll(async () => {
  mock = await startMockProvider()
  anthropic = new Anthropic({ apiKey: 'k', baseURL: mock.url, maxRetries: 0 })
  openai = new OpenAI({ apiKey: 'k', baseURL: `${mock.url}/v1`, maxRetries: 0 })
})
beforeEach(async () => {
  await mock.setScript({ strict: true, rules: [{ when: { endpoint: 'generate' }, answer: { reply: FULL } }] })
  mock.clear()
})
afterAll(() => mock.close())

const MESSAGES = { model: 'claude-sonnet-5-5', max_tokens: 1024, messages: [{ role: 'user' as const, content: 'hi' }] }
const CHAT = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'hi' }] }
const RESPONSES = { model: 'gpt-5.5', input: 'hi' }

test('Anthropic: the stream puts together to the message that is sent whole', async () => {
  const whole = await anthropic.messages.create(MESSAGES)
  mock.clear()
  const streamed = await anthropic.messages.stream(MESSAGES).finalMessage()
  const { id, usage, ...rest } = whole
  expect(streamed).toMatchObject(rest)
  expect(streamed.id).toBe(id)
  expect(streamed.usage.output_tokens).toBe(usage.output_tokens)
  expect(streamed.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use'])
})

test('Anthropic: tokens are counted and models are listed', async () => {
  const { input_tokens } = await anthropic.messages.countTokens({ model: MESSAGES.model, messages: MESSAGES.messages })
  expect(input_tokens).toBe((await anthropic.messages.create(MESSAGES)).usage.input_tokens)
  const ids: string[] = []
  for await (const model of anthropic.models.list()) ids.push(model.id)
  expect(ids).toContain('claude-opus-5-5')
  expect((await anthropic.models.retrieve('claude-opus-5-5')).display_name).toBe('Claude Opus 5.5')
  await expect(anthropic.models.retrieve('gone')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
})

test.each([
  ['bad-key', Anthropic.AuthenticationError],
  ['invalid-request', Anthropic.BadRequestError],
  ['rate-limit', Anthropic.RateLimitError],
  ['error-500', Anthropic.InternalServerError],
  ['error-529', Anthropic.InternalServerError],
  ['error-first', Anthropic.APIError],
  ['error-mid-text', Anthropic.APIError],
  ['close-before-response', Anthropic.APIConnectionError],
  ['reset-before-response', Anthropic.APIConnectionError],
] satisfies readonly (readonly [FaultName, unknown])[])(
  'Anthropic: %s is the error class it should be',
  async (fault, type) => {
    await mock.setScript({ fault })
    await expect(anthropic.messages.stream(MESSAGES).finalMessage()).rejects.toBeInstanceOf(type)
  },
)

test('Anthropic: the client retries as the headers say', async () => {
  await mock.setScript({
    rules: [
      {
        answer: { error: { status: 529 }, headers: { 'retry-after-ms': '1' } },
        repeat: 2,
        next: { answer: { reply: FULL } },
      },
    ],
  })
  const message = await anthropic.messages.create(MESSAGES, { maxRetries: 2 })
  expect(message.stop_reason).toBe('tool_use')
  expect(mock.requests.length).toBe(3)
})

test('Anthropic: an aborted stream is seen to be aborted', async () => {
  await mock.setScript({ fault: 'stall-mid-text' })
  const stream = anthropic.messages.stream(MESSAGES)
  stream.on('text', () => stream.abort())
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError)
  await mock.idle()
  expect(mock.requests[0]?.outcome).toBe('client-left')
})

test('OpenAI Chat: the stream puts together to the completion that is sent whole', async () => {
  const whole = await openai.chat.completions.create(CHAT)
  mock.clear()
  const stream = openai.chat.completions.stream({ ...CHAT, stream_options: { include_usage: true } })
  const streamed = await stream.finalChatCompletion()
  const choice = whole.choices[0]
  expect(streamed.choices[0]?.finish_reason).toBe('tool_calls')
  expect(streamed.choices[0]?.message.content).toBe(choice?.message.content)
  const calls = choice?.message.tool_calls?.map((call) => (call.type === 'function' ? call.function : undefined))
  expect(streamed.choices[0]?.message.tool_calls?.map((call) => call.function)).toMatchObject(calls ?? [])
  expect(streamed.usage).toEqual(whole.usage)
})

test('OpenAI Responses: the stream puts together to the response that is sent whole', async () => {
  const whole = await openai.responses.create(RESPONSES)
  mock.clear()
  const streamed = await openai.responses.stream(RESPONSES).finalResponse()
  expect(streamed.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call', 'function_call'])
  expect(streamed.output).toMatchObject(whole.output)
  expect(streamed.output_text).toBe(FULL.text)
  expect(streamed.usage).toEqual(whole.usage)
})

test('OpenAI: models are listed, and errors are the classes they should be', async () => {
  const ids: string[] = []
  for await (const model of openai.models.list()) ids.push(model.id)
  expect(ids).toContain('gpt-5.5')
  for (const [fault, type] of [
    ['bad-key', OpenAI.AuthenticationError],
    ['insufficient-quota', OpenAI.RateLimitError],
    ['error-500', OpenAI.InternalServerError],
  ] as const) {
    await mock.setScript({ fault })
    await expect(openai.chat.completions.create(CHAT)).rejects.toBeInstanceOf(type)
  }
  await mock.setScript({ fault: 'error-mid-text' })
  await expect(openai.chat.completions.stream(CHAT).finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError)
})

test('the demo runs a tool round trip with each client', async () => {
  await mock.setScript({ strict: true })
  const parameters = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
  const asked = { role: 'user' as const, content: 'Use get_weather for “Oslo”' }

  const tools = [{ name: 'get_weather', input_schema: parameters }]
  const call = await anthropic.messages.create({ ...MESSAGES, tools, messages: [asked] })
  const use = call.content.find((block) => block.type === 'tool_use')
  expect(use?.input).toEqual({ city: 'Oslo' })
  const answered = {
    role: 'user' as const,
    content: [{ type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'rain' }],
  }
  const said = { role: 'assistant' as const, content: call.content }
  const last = await anthropic.messages.create({ ...MESSAGES, tools, messages: [asked, said, answered] })
  expect(last.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('get_weather answered: “rain”') })

  const functions = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }]
  const completion = await openai.chat.completions.create({ ...CHAT, tools: functions, messages: [asked] })
  const message = completion.choices[0]?.message
  const id = message?.tool_calls?.[0]?.id ?? ''
  if (message === undefined) throw new Error('no message')
  const end = await openai.chat.completions.create({
    ...CHAT,
    tools: functions,
    messages: [asked, message, { role: 'tool', tool_call_id: id, content: 'snow' }],
  })
  expect(end.choices[0]?.message.content).toContain('get_weather answered: “snow”')
})
