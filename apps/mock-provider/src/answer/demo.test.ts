import type { Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import { requestOf } from '../testing/plan-of.ts'
import { demoReply } from './demo.ts'

const BASH: Json = {
  name: 'Bash',
  input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
}

function reply(body: { readonly [field: string]: Json }, path = '/v1/messages') {
  return demoReply(requestOf(path, { model: 'claude-sonnet-5-5', ...body }), 'first')
}

function said(text: string): Json {
  return [{ role: 'user', content: text }]
}

test('it says who it is, what it heard and how it answers', () => {
  const { text, stopReason } = reply({ messages: said('Guten Tag 👋'), stream: true })
  expect(text).toContain('“first”')
  expect(text).toContain('You wrote: “Guten Tag 👋”.')
  expect(text).toContain('streamed word by word in the Anthropic Messages format for the model claude-sonnet-5-5')
  expect(stopReason).toBeUndefined()
  expect(reply({ messages: said('hi') }, '/v1/chat/completions').text).toContain('in one piece in the OpenAI Chat')
})

test('a long question is echoed in part', () => {
  const text = String(reply({ messages: said('ü'.repeat(1000)) }).text)
  expect(text).toContain(`${'ü'.repeat(279)}…`)
  expect(text).not.toContain('ü'.repeat(280))
})

test('it calls the tool that the text asks for, and concludes with what the tool said', () => {
  const messages: Json[] = [{ role: 'user', content: 'run `date`' }]
  const first = reply({ messages, tools: [BASH] })
  expect(first.toolCalls).toEqual([{ name: 'Bash', input: { command: 'date' } }])
  messages.push({ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Bash', input: {} }] })
  const result = { type: 'tool_result', tool_use_id: 't' }
  const after = (more: { readonly [field: string]: Json }) =>
    reply({ messages: [...messages, { role: 'user', content: [{ ...result, ...more }] }], tools: [BASH] })
  expect(after({ content: 'Thursday' }).text).toContain('Bash answered: “Thursday”.')
  expect(after({ content: 'not found', is_error: true }).text).toContain('Bash failed: “not found”.')
  expect(after({ content: '' }).text).toContain('Bash came back without any output.')
  expect(after({ content: 'Thursday' }).toolCalls).toBeUndefined()
})

test('an answer that must follow a schema follows it', () => {
  const schema: Json = {
    type: 'object',
    properties: { title: { type: 'string' }, isNewTopic: { type: 'boolean' } },
    required: ['title'],
  }
  const { text } = reply({
    messages: said('please fix the login bug in server.ts today'),
    output_config: { format: { schema } },
  })
  expect(JSON.parse(String(text))).toEqual({ title: 'Please fix the login bug in', isNewTopic: false })
  expect(JSON.parse(String(reply({ messages: said('!?'), output_config: { format: { schema } } }).text))).toMatchObject(
    {
      title: 'Mock conversation',
    },
  )
})

test('a limit of one token gets one word and says why it ends', () => {
  const probe = reply({ messages: said('quota'), max_tokens: 1 })
  expect(probe).toEqual({ text: 'Hello!', stopReason: 'max_tokens', usage: { outputTokens: 1 } })
  const short = reply({ messages: said('hi'), max_tokens: 20 })
  expect(String(short.text).length).toBeLessThanOrEqual(80)
  expect(short.stopReason).toBe('max_tokens')
})

test('thoughts are shown to those who ask for them', () => {
  expect(reply({ messages: said('hi'), thinking: { type: 'adaptive' } }).thinking).toContain('The user wants')
  expect(reply({ messages: said('hi'), thinking: { type: 'adaptive', display: 'omitted' } }).thinking).toBeUndefined()
})
