import type { MockProvider } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'

/** A conversation whose last answer came with this reasoning. */
function conversation(...thinking: object[]): { model: string; max_tokens: number; messages: object[] } {
  const said = { role: 'assistant', content: [...thinking, { type: 'text', text: 'Hi.' }] }
  return { ...hello, messages: [...hello.messages, said, { role: 'user', content: 'Go on.' }] }
}
const carried = { type: 'thinking', thinking: 'Hm.', signature: carrier('{"v":1,"p":"deepseek","k":"text"}') }
const genuine = { type: 'thinking', thinking: 'Well.', signature: 'EqQBCgIYAhIM' }

function carrier(json: string): string {
  return `lb1.${Buffer.from(json).toString('base64url')}`
}

function sent(mocks: readonly MockProvider[]): string {
  return mocks[0]?.requests[0]?.text ?? ''
}

describe('an Anthropic client before Anthropic’s own endpoint', () => {
  test('has reasoning that lb carried taken out, and nothing else', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const body = { ...conversation(carried, genuine), temperature: 0.5, top_k: 3, thinking: { type: 'adaptive' } }
    await post(body)
    expect(JSON.parse(sent(mocks))).toEqual({ ...body, messages: conversation(genuine).messages })
  })

  test('has it taken out, however long the conversation, whoever made it up, and from redacted blocks', async () => {
    const long = { type: 'text', text: 'x'.repeat(100_000) }
    const redacted = { type: 'redacted_thinking', data: carried.signature }
    const madeUp = { ...carried, signature: 'lb1.whatever' }
    for (const blocks of [[long, carried], [redacted], [madeUp]]) {
      const { post, mocks } = await startWorld({ scripts: [{}] })
      await post(conversation(...blocks))
      expect(sent(mocks)).toContain('Go on.')
      expect(sent(mocks)).not.toContain('lb1.')
    }
  })

  test('has its bytes sent as they are when it only writes about such things', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const body = `{ "max_tokens":1.0,"model":"m","messages":[{"role":"user","content":"\\"lb1.x\\" ${carried.signature}"}] }`
    await post(body)
    expect(sent(mocks)).toBe(body)
  })

  test('has unsigned tool calls go on without reasoning, which would be refused', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] }
    const messages = [...hello.messages, { role: 'assistant', content: [carried, call] }, result]
    await post({ ...hello, max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 2000 }, messages })
    expect(mocks[0]?.requests[0]?.json).toMatchObject({ thinking: { type: 'disabled' } })
  })
})

describe('reasoning whose signature an upstream refuses (A19)', () => {
  const once = { rules: [{ answer: { fault: 'thinking-signature' }, repeat: 1 }] } as const
  const thought = 'EqQBCgIYAhIM'

  test('is left out of one more try, which is told as a loss', async () => {
    const { post, mocks, lines } = await startWorld({ scripts: [once] })
    const response = await post(conversation(genuine), { headers: { 'x-lb-debug': 'losses' } })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-lb-losses')).toContain('thinking_dropped')
    const [first, second] = mocks[0]?.requests ?? []
    expect(first?.text).toContain(thought)
    expect(second?.text).not.toContain(thought)
    expect(second?.json).toMatchObject({
      messages: [{ role: 'user' }, { content: [{ text: 'Hi.' }] }, { role: 'user' }],
    })
    expect(lines.find(({ event }) => event === 'request_completed')).toMatchObject({ end: 'completed' })
  })

  test('that is refused again is the client’s to hear of, as the upstream said it', async () => {
    const { post, mocks } = await startWorld({ scripts: [{ fault: 'thinking-signature' }] })
    const response = await post(conversation(genuine))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('Invalid `signature` in `thinking` block')
    expect(mocks[0]?.requests).toHaveLength(2)
  })

  test('is left out of what a Chat client sends, too', async () => {
    const { post, mocks } = await startWorld({ scripts: [once] })
    const detail = {
      type: 'reasoning.text',
      text: 'Well.',
      signature: thought,
      format: 'anthropic-claude-v1',
      index: 0,
    }
    const said = { role: 'assistant', content: 'Hi.', reasoning_details: [detail] }
    const messages = [{ role: 'user', content: 'Hello.' }, said, { role: 'user', content: 'Go on.' }]
    const response = await post({ ...hello, messages }, { path: '/v1/chat/completions' })
    expect(response.status).toBe(200)
    expect(mocks[0]?.requests.map(({ text }) => text.includes(thought))).toEqual([true, false])
  })

  test('is left out on the way to a gateway that hands it on to Anthropic', async () => {
    const { post, mocks } = await startWorld({ scripts: [once], types: ['openai'], provider: 'profile: openrouter' })
    const response = await post({ ...conversation(genuine), model: 'anthropic/claude-test-1' })
    expect(response.status).toBe(200)
    expect(mocks[0]?.requests.map(({ text }) => text.includes(thought))).toEqual([true, false])
  })
})

describe('an Anthropic client before a vendor that imitates the API', () => {
  const kimi = { scripts: [{}], provider: 'profile: kimi' }

  test('has its bytes sent as they are when there is nothing to change', async () => {
    const { post, mocks } = await startWorld(kimi)
    const body = '{ "model":"m","messages":[ {"role":"user","content":"\\u00fc"} ], "max_tokens" : 100 }'
    await post(body)
    expect(sent(mocks)).toBe(body)
  })

  test('has left out what the vendor refuses, and keeps the text of arguments', async () => {
    const { post, mocks } = await startWorld(kimi)
    const input = '{"n":12345678901234567890,"x":1.0}'
    const body = `{"model":"m","max_tokens":100,"provider":"a","output_config":{"effort":"high"},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":${input}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"b"}]}]}`
    await post(body, { headers: { 'anthropic-beta': 'some-2099,other' } })
    expect(sent(mocks)).toContain(`"input":${input}`)
    expect(mocks[0]?.requests[0]?.json).not.toHaveProperty('output_config')
    expect(mocks[0]?.requests[0]?.json).not.toHaveProperty('provider')
    expect(mocks[0]?.requests[0]?.headers).not.toHaveProperty('anthropic-beta')
  })

  test('is told what cannot be sent there', async () => {
    const { post, mocks } = await startWorld(kimi)
    const document = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' } }
    const response = await post({ ...hello, messages: [{ role: 'user', content: [document] }] })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
    expect(mocks[0]?.requests).toHaveLength(0)
  })
})

test('reasoning of another vendor comes back to it, and goes to nobody of Anthropic’s', async () => {
  const thinking = { default: { reply: { thinking: 'Hm, well.', text: 'Yes.' } } }
  const routes = [
    '  "a-*":',
    '    - { provider: a, model: passthrough, priority: 1 }',
    '  "b-*":',
    '    - { provider: b, model: passthrough, priority: 1 }',
  ]
  const { post, mocks } = await startWorld({ scripts: [thinking, {}], types: ['openai', 'anthropic'], routes })
  const answer = (await (await post({ ...hello, model: 'a-1', thinking: { type: 'adaptive' } })).json()) as {
    content: object[]
  }
  expect(JSON.stringify(answer.content)).toContain('"signature":"lb1.')
  await post({ ...conversation(...answer.content), model: 'b-1' })
  expect(mocks[1]?.requests[0]?.text).toContain('Yes.')
  expect(mocks[1]?.requests[0]?.text).not.toContain('lb1.')
})
