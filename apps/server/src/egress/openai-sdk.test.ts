import OpenAI, { APIError, NotFoundError } from 'openai'
import { describe, expect, test } from 'vitest'
import { startDialectWorld, upstreamDialects } from '../testing/chat-world.ts'
import { startWorld, type World } from '../testing/world.ts'

function clientOf({ lb }: World): OpenAI {
  return new OpenAI({ baseURL: `${lb.url}/v1`, apiKey: 'sk-client', maxRetries: 0 })
}

const asked = { model: 'claude-test-1', messages: [{ role: 'user' as const, content: 'add 1 and 2' }] }
const tools = [{ type: 'function' as const, function: { name: 'add', parameters: { type: 'object' } } }]

describe.each(upstreamDialects)('the official OpenAI client before an upstream of %s', (dialect) => {
  test('reads a whole answer and its id', async () => {
    const world = await startDialectWorld(dialect, [{ default: { reply: { text: 'Three.' } } }])
    const completion = await clientOf(world).chat.completions.create(asked)
    expect(completion.choices[0]?.message.content).toBe('Three.')
    expect(completion._request_id).toBeTruthy()
  })

  test('folds a stream with calls to what the model said', async () => {
    const toolCalls = [
      { name: 'add', input: { a: 1, b: 2 } },
      { name: 'add', input: { a: 3, b: 4 } },
    ]
    const world = await startDialectWorld(dialect, [{ default: { reply: { text: 'Let me see.', toolCalls } } }])
    const stream = clientOf(world).chat.completions.stream({ ...asked, tools, stream_options: { include_usage: true } })
    const completion = await stream.finalChatCompletion()
    const [choice] = completion.choices
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(choice?.message.content).toBe('Let me see.')
    const calls = choice?.message.tool_calls?.map((call) => JSON.parse(call.function.arguments) as unknown)
    expect(calls).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ])
    expect(completion.usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('goes on with the result of a call', async () => {
    const world = await startDialectWorld(dialect, [{ default: { reply: { text: 'Three.' } } }])
    const called = { id: 'call_1', type: 'function' as const, function: { name: 'add', arguments: '{"a":1,"b":2}' } }
    const messages = [
      ...asked.messages,
      { role: 'assistant' as const, content: null, tool_calls: [called] },
      { role: 'tool' as const, tool_call_id: 'call_1', content: '3' },
    ]
    const completion = await clientOf(world).chat.completions.create({ ...asked, messages, tools })
    expect(completion.choices[0]?.message.content).toBe('Three.')
  })

  test('throws its own errors: for a status, and inside of a stream', async () => {
    const failing = await startDialectWorld(dialect, [
      { default: { error: { status: 404, message: 'no such model' } } },
    ])
    await expect(clientOf(failing).chat.completions.create(asked)).rejects.toThrow(NotFoundError)
    const breaking = await startDialectWorld(dialect, [{ fault: 'error-mid-text' }])
    const stream = await clientOf(breaking).chat.completions.create({ ...asked, stream: true })
    await expect(drain(stream)).rejects.toThrow(APIError)
  })
})

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

test('the official OpenAI client lists the models', async () => {
  const routes = ['  "claude-test-1":', '    - { provider: a, model: passthrough, priority: 1 }']
  const models = await clientOf(await startWorld({ scripts: [{}], routes })).models.list()
  expect(models.data.map(({ id }) => id)).toContain('claude-test-1')
})
