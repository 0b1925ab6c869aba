import type { MockScript } from '@lb/mock-provider'
import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { startDialectWorld } from '../testing/chat-world.ts'
import { hello } from '../testing/world.ts'

const json = { 'content-type': 'application/json' }
const sse = { 'content-type': 'text/event-stream' }
const answering = (body: string, headers: Record<string, string> = json): MockScript => ({
  default: { body, headers },
})
const whole = (members: JsonObject, ...choices: JsonObject[]): string =>
  JSON.stringify({ id: 'c', choices, usage: { prompt_tokens: 3, completion_tokens: 2 }, ...members })
const said = (message: JsonObject, finish_reason = 'stop'): JsonObject => ({ message, finish_reason })
const good: MockScript = { default: { reply: { text: 'elsewhere' } } }
const refused = '{"id":"","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}'

/** What an Anthropic client gets from the first upstream of Chat that can answer. */
async function asked(scripts: readonly MockScript[], stream: boolean): Promise<{ status: number; text: string }> {
  const { post } = await startDialectWorld('chat', scripts)
  const response = await post({ ...hello, stream })
  return { status: response.status, text: await response.text() }
}

describe.each([false, true])('an Anthropic client before an odd upstream of Chat, stream: %s', (stream) => {
  test('is answered by another one where the first says in a 200 that its money is gone (MiniMax)', async () => {
    const body = stream ? `data: ${refused}\n\n` : refused
    const { status, text } = await asked([answering(body, stream ? sse : json), good], stream)
    expect([status, text.includes('elsewhere')]).toEqual([200, true])
  })

  test('is told so in the words of the first where there is no other', async () => {
    const { status, text } = await asked([answering(refused)], stream)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(text).toContain('error')
  })

  test('gets an answer that has an empty error beside it', async () => {
    const body = whole(
      { error: { message: '', type: '', code: null } },
      said({ role: 'assistant', content: 'all well' }),
    )
    const { status, text } = await asked([answering(body)], stream)
    expect([status, text.includes('all well')]).toEqual([200, true])
  })
})

test('an Anthropic client gets the calls that stand in a second choice (GitHub Copilot)', async () => {
  const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }
  const choices = [said({ content: 'so' }, 'tool_calls'), said({ tool_calls: [call] }, 'tool_calls')]
  const { text } = await asked([answering(whole({}, ...choices))], false)
  expect(JSON.parse(text)).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ text: 'so' }, { type: 'tool_use', name: 'look', input: { a: 1 } }],
  })
})

test('an answer that Groq cuts short is an error in the stream, and has no end', async () => {
  const chunks = [
    '{"id":"c","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}',
    '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":null}],"x_groq":{"id":"r","error":"over_capacity"}}',
    '[DONE]',
  ]
  const { text } = await asked([answering(chunks.map((chunk) => `data: ${chunk}\n\n`).join(''), sse)], true)
  expect(text).toContain('event: error')
  expect(text).not.toContain('message_stop')
})
