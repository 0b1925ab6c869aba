import type { MockScript } from '@lb/mock-provider'
import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatPath, helloChat, readChat, startDialectWorld, upstreamDialects } from '../testing/chat-world.ts'
import { startWorld } from '../testing/world.ts'

const text = { default: { reply: { text: 'Hello there.' } } }
const call = { default: { reply: { toolCalls: [{ name: 'add', input: '{"a":1.0,"b":12345678901234567890}' }] } } }
/** What the mock would write as a value. */
const wholeCall = {
  when: { stream: false },
  answer: {
    body: '{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"toolu_1","name":"add","input":{"a":1.0,"b":12345678901234567890}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}',
    headers: { 'content-type': 'application/json' },
  },
}
const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }]
const paths = { anthropic: '/v1/messages', chat: '/v1/chat/completions', responses: '/v1/responses' }

describe.each(upstreamDialects)('a chat client before an upstream of %s', (dialect) => {
  test('gets a whole answer in its own dialect', async () => {
    const { post, mocks } = await startDialectWorld(dialect, [text])
    const response = await post(helloChat, chatPath)
    expect(response.headers.get('x-request-id')).toBeTruthy()
    expect(mocks[0]?.requests[0]?.url).toBe(paths[dialect])
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model: helloChat['model'],
      choices: [{ message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: expect.any(Number) },
    })
  })

  test('gets a stream in its own dialect', async () => {
    const { post, lines } = await startDialectWorld(dialect, [text])
    const asked = { ...helloChat, stream: true, stream_options: { include_usage: true } }
    const read = readChat(await (await post(asked, chatPath)).text())
    expect(read).toMatchObject({ text: 'Hello there.', finish: ['stop'], errors: [], isDone: true })
    expect(read.chunks.at(-1)).toMatchObject({ usage: { prompt_tokens: expect.any(Number) } })
    const line = lines.find(({ event }) => event === 'request_completed')
    expect(line).toMatchObject({ endpoint: 'chat', end: 'completed', input_tokens: expect.any(Number) })
  })

  test('gets calls with the model’s own arguments', async () => {
    const { post } = await startDialectWorld(dialect, [
      dialect === 'anthropic' ? { ...call, rules: [wholeCall] } : call,
    ])
    const whole = await (await post({ ...helloChat, tools }, chatPath)).text()
    expect(whole).toContain(String.raw`{\"a\":1.0,\"b\":12345678901234567890}`)
    const { chunks, finish } = readChat(await (await post({ ...helloChat, tools, stream: true }, chatPath)).text())
    const said = chunks.flatMap((chunk) => JSON.stringify(chunk).match(/"arguments":"((?:\\.|[^"\\])*)"/)?.[1] ?? [])
    expect(said.join('').replaceAll('\\', '')).toBe('{"a":1.0,"b":12345678901234567890}')
    expect(finish).toEqual(['tool_calls'])
  })

  test.each([
    [400, 400],
    [401, 401],
    [404, 404],
    [429, 429],
    [500, 500],
  ])('is told of a %i as OpenAI tells it', async (status, told) => {
    const answer = { error: { status, message: 'no such luck' }, headers: { 'retry-after': null } }
    const { post } = await startDialectWorld(dialect, [{ default: answer }], { settings: ['max_attempts: 1'] })
    const response = await post(helloChat, chatPath)
    expect(response.status).toBe(told)
    expect(response.headers.get('x-request-id')).toBeTruthy()
    expect(await response.json()).toMatchObject({
      error: { message: expect.any(String), type: expect.any(String), param: null },
    })
  })

  test('that broke off is told in the stream, and not given an end', async () => {
    const { post } = await startDialectWorld(dialect, [{ fault: 'end-mid-text' }])
    const read = readChat(await (await post({ ...helloChat, stream: true }, chatPath)).text())
    expect(read.errors).toHaveLength(1)
    expect(read).toMatchObject({ finish: [], isDone: false })
  })

  test('gets the stream of a whole answer, where the upstream gives no other', async () => {
    const { post } = await startDialectWorld(dialect, [{ default: { stream: false, reply: { text: 'All at once.' } } }])
    const read = readChat(await (await post({ ...helloChat, stream: true }, chatPath)).text())
    expect(read).toMatchObject({ text: 'All at once.', finish: ['stop'], isDone: true })
  })

  test('asks for the model of the route, and only for that', async () => {
    const routes = ['  "*":', '    - { provider: a, model: "vendor/model-7", priority: 1 }']
    const { post, mocks } = await startDialectWorld(dialect, [text], { routes })
    await post({ ...helloChat, provider: 'a' }, chatPath)
    expect(mocks[0]?.requests[0]?.json).toMatchObject({ model: 'vendor/model-7' })
    expect(mocks[0]?.requests[0]?.json).not.toHaveProperty('provider')
  })
})

/** What Cursor's agent sends, by the name of the model. */
const schema = { type: 'object', properties: { c: { type: 'string' } } }
const patch = {
  type: 'custom',
  name: 'ApplyPatch',
  format: { type: 'grammar', definition: 'start: "a"', syntax: 'lark' },
}
const cursorGpt: JsonObject = {
  model: 'claude-test-1',
  input: [
    { role: 'system', content: 'You are an agent.' },
    { role: 'user', content: [{ type: 'input_text', text: 'list it' }] },
    { type: 'function_call', call_id: 'call_1', name: 'Shell', arguments: '{"c":"ls"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'a' },
  ],
  tools: [{ type: 'function', name: 'Shell', parameters: schema }, patch],
  include: ['reasoning.encrypted_content'],
  text: { verbosity: 'low' },
  stream_options: { include_usage: true },
}
const cursorClaude: JsonObject = {
  model: 'claude-test-1',
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'list it' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'Shell', input: { c: 'ls' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'a' }] }] },
  ],
  tools: [{ name: 'Shell', description: 'runs', input_schema: schema }],
}

describe.each(upstreamDialects)('Cursor before an upstream of %s', (dialect) => {
  test.each([
    ['the words of Responses', cursorGpt],
    ['Anthropic’s blocks', cursorClaude],
  ])('asks in %s, and gets a Chat stream', async (_what, asked) => {
    const { post, mocks } = await startDialectWorld(dialect, [{ ...text, strict: true }])
    const response = await post({ ...asked, stream: true, provider: 'a' }, chatPath)
    expect(response.status).toBe(200)
    expect(readChat(await response.text())).toMatchObject({ text: 'Hello there.', finish: ['stop'], isDone: true })
    const sent = mocks[0]?.requests[0]
    expect(sent?.url).toBe(paths[dialect])
    expect(sent?.text).toContain('"call_1"')
    expect(sent?.json).not.toHaveProperty('provider')
    if (dialect !== 'responses') expect(sent?.json).not.toHaveProperty('input')
  })

  test('may have a flat tool among others', async () => {
    const { post, mocks } = await startDialectWorld(dialect, [text])
    expect((await post({ ...helloChat, tools: [...tools, patch] }, chatPath)).status).toBe(200)
    const names = {
      anthropic: { name: 'ApplyPatch' },
      chat: { custom: { name: 'ApplyPatch' } },
      responses: { name: 'ApplyPatch' },
    }
    expect(mocks[0]?.requests[0]?.json).toMatchObject({ tools: [{}, names[dialect]] })
  })

  test('is told that lb does not keep its history', async () => {
    const { post, mocks } = await startDialectWorld(dialect, [text])
    const response = await post({ ...cursorGpt, previous_response_id: 'resp_1' }, chatPath)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: 'previous_response_id' } })
    expect(mocks[0]?.requests).toHaveLength(0)
  })
})

test('what asks in the words of Responses goes to Responses in these, and its calls come back as Chat has them', async () => {
  const patched: MockScript = {
    default: {
      body: JSON.stringify({
        id: 'resp_1',
        status: 'completed',
        output: [
          { type: 'custom_tool_call', call_id: 'call_9', name: 'ApplyPatch', input: '*** Begin' },
          { type: 'function_call', call_id: 'call_10', name: 'Shell', arguments: '{"c":1.0}' },
        ],
        usage: { input_tokens: 1, output_tokens: 1 },
      }),
      headers: { 'content-type': 'application/json' },
    },
  }
  const { post, mocks } = await startDialectWorld('responses', [patched])
  const response = await post({ ...cursorGpt, provider: 'a' }, { ...chatPath, headers: { 'x-lb-debug': 'losses' } })
  const { stream_options, ...words } = cursorGpt
  expect(mocks[0]?.requests[0]?.json).toEqual({ store: false, ...words })
  expect(response.headers.get('x-lb-losses')).toBe('none')
  expect(await response.json()).toMatchObject({
    choices: [
      {
        message: {
          tool_calls: [
            { id: 'call_9', type: 'custom', custom: { name: 'ApplyPatch', input: '*** Begin' } },
            { id: 'call_10', type: 'function', function: { name: 'Shell', arguments: '{"c":1.0}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  })
  await post({ ...cursorGpt, provider: { order: ['x'] }, store: true }, chatPath)
  expect(mocks[0]?.requests[1]?.json).toMatchObject({ store: true, provider: { order: ['x'] } })
})

describe('a chat client before an upstream of its own dialect', () => {
  test('has its words put right only where lb can read them', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    const odd = '{"model":"m", "messages":[{"role":"oracle"}],"tools":[{"name":"f"}]}'
    const fine =
      '{"model":"m", "messages":[{"role":"user","content":"x"}],"tools":[{"type":"custom","custom":{"name":"f"}}]}'
    await post(odd, chatPath)
    await post(fine, chatPath)
    await post('{"model":"m","input":[7]}', chatPath)
    expect(mocks[0]?.requests.map(({ text }) => text)).toEqual([odd, fine])
  })

  test('has members that are not lb’s kept where its words were put right', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    await post({ ...cursorClaude, provider: { order: ['x'] }, model: 'm' }, chatPath)
    expect(mocks[0]?.requests[0]?.json).toMatchObject({
      model: 'm',
      provider: { order: ['x'] },
      tools: [{ type: 'function' }],
    })
  })

  test('has what was left out reported', async () => {
    const { post } = await startWorld({ scripts: [{}], types: ['openai'] })
    const response = await post(cursorGpt, { ...chatPath, headers: { 'x-lb-debug': 'losses' } })
    expect(response.headers.get('x-lb-losses')).toBe('feature_dropped=1')
  })

  test('has its bytes sent as they are: spaces, key order, numbers, odd unicode', async () => {
    const body = '{ "model":"m","messages":[{"role":"user","content":"\\ud800 ü"}],"n":1e400,"a":1,"a":2 , "top_p":1.0}'
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    await post(body, chatPath)
    expect(mocks[0]?.requests[0]?.text).toBe(body)
  })

  test('does not name the account that its own key belongs to beside lb’s key', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    const headers = { 'openai-organization': 'org-1', 'openai-beta': 'x=1', authorization: 'Bearer client' }
    await post(helloChat, { ...chatPath, headers })
    expect(mocks[0]?.requests[0]?.headers).toMatchObject({ 'openai-beta': 'x=1', authorization: 'Bearer key-a' })
    expect(mocks[0]?.requests[0]?.headers).not.toHaveProperty('openai-organization')
  })
})

test('an Anthropic upstream is told its version, and nothing of the client’s', async () => {
  const { post, mocks } = await startWorld({ scripts: [{ strict: true }] })
  await post(helloChat, { ...chatPath, headers: { 'openai-organization': 'org-1' } })
  expect(mocks[0]?.requests[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01', 'x-api-key': 'key-a' })
  expect(mocks[0]?.requests[0]?.headers).not.toHaveProperty('openai-organization')
})

test('what lb carried for another vendor is not shown to an Anthropic upstream; what it carried for Responses goes there', async () => {
  const carrier = { v: 1, p: 'openai-responses', k: 'item', d: { type: 'reasoning', id: 'rs_1', summary: [] } }
  const signature = `lb1.${Buffer.from(JSON.stringify(carrier)).toString('base64url')}`
  const detail = { type: 'reasoning.text', text: '', signature, format: 'anthropic-claude-v1', index: 0 }
  const history = [
    { role: 'assistant', content: 'hi', reasoning_details: [detail] },
    { role: 'user', content: 'more' },
  ]
  const asked = { ...helloChat, messages: [{ role: 'user', content: 'hello' }, ...history] }
  const anthropic = await startDialectWorld('anthropic', [{ ...text, strict: true }])
  expect((await anthropic.post(asked, chatPath)).status).toBe(200)
  expect(anthropic.mocks[0]?.requests[0]?.text).not.toContain('lb1.')
  const responses = await startDialectWorld('responses', [text])
  expect((await responses.post(asked, chatPath)).status).toBe(200)
  expect(responses.mocks[0]?.requests[0]?.text).toContain('"id":"rs_1"')
})

test('a limit that the client never named does not go up to Responses', async () => {
  const { post, mocks } = await startDialectWorld('responses', [text])
  await post(helloChat, chatPath)
  await post({ ...helloChat, max_completion_tokens: 77 }, chatPath)
  expect(mocks[0]?.requests[0]?.json).not.toHaveProperty('max_output_tokens')
  expect(mocks[0]?.requests[1]?.json).toMatchObject({ max_output_tokens: 77 })
})

test('what cannot be said in the upstream’s dialect is refused in the client’s', async () => {
  for (const dialect of ['anthropic', 'responses'] as const) {
    const { post, mocks } = await startDialectWorld(dialect, [text])
    const response = await post({ ...helloChat, n: 3 }, chatPath)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    expect(mocks[0]?.requests).toHaveLength(0)
  }
})

test('a profile leads single models to Responses', async () => {
  const provider = 'profile: { base: openai, models: [{ match: ["deep-*"], set: { dialect: responses } }] }'
  const { post, mocks } = await startWorld({ scripts: [text], types: ['openai'], provider })
  await post({ ...helloChat, model: 'deep-1' }, chatPath)
  await post({ ...helloChat, model: 'other-1' }, chatPath)
  expect(mocks[0]?.requests.map(({ url }) => url)).toEqual([paths.responses, paths.chat])
})
