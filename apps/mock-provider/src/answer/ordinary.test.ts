import type { Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import { QUESTION, requestOf, SETTING } from '../testing/plan-of.ts'
import { compose } from './compose.ts'
import { endpointOf } from './request.ts'
import { tokensOfRequest } from './tokens.ts'

const MODELS = ['claude-opus-5-5', 'gpt-5.5']
const ANTHROPIC = { 'anthropic-version': '2023-06-01' }
const STRICT = { ...ANTHROPIC, 'x-api-key': 'k' }

function ask(path: string, json?: Json, headers: { readonly [name: string]: string } = {}, strict = false) {
  const composed = compose({ kind: 'ordinary' }, requestOf(path, json, headers), { ...SETTING, models: MODELS, strict })
  if (!composed.ok || composed.value.body.kind !== 'whole') throw new Error('no whole answer')
  return { status: composed.value.status, body: JSON.parse(Buffer.from(composed.value.body.bytes).toString()) }
}

test('the list of models is in the form of the API that the headers speak', () => {
  expect(ask('/v1/models', undefined, ANTHROPIC).body).toEqual({
    data: [
      { type: 'model', id: 'claude-opus-5-5', display_name: 'Claude Opus 5.5', created_at: '2026-01-01T00:00:00Z' },
      { type: 'model', id: 'gpt-5.5', display_name: 'Gpt 5.5', created_at: '2026-01-01T00:00:00Z' },
    ],
    has_more: false,
    first_id: 'claude-opus-5-5',
    last_id: 'gpt-5.5',
  })
  expect(ask('/v1/models').body).toMatchObject({ object: 'list', data: [{ object: 'model' }, { id: 'gpt-5.5' }] })
  expect(ask('/v1/models/gpt-5.5').body).toMatchObject({ id: 'gpt-5.5', owned_by: 'mock' })
  expect(ask('/v1/models/gone', undefined, ANTHROPIC)).toMatchObject({
    status: 404,
    body: { type: 'error', error: { type: 'not_found_error', message: 'model: gone' } },
  })
})

test('a token count is the input_tokens of the answer', () => {
  const body: Json = { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(400) }], tools: [{ name: 'a' }] }
  const { input_tokens } = ask('/v1/messages/count_tokens', body, ANTHROPIC).body
  expect(input_tokens).toBeGreaterThan(100)
  expect(ask('/v1/messages', body, ANTHROPIC).body.usage.input_tokens).toBe(input_tokens)
  expect(ask('/v1/responses/input_tokens', { model: 'm', input: 'hello' }).body).toMatchObject({
    object: 'response.input_tokens',
    input_tokens: expect.any(Number),
  })
})

test('a nested request is counted without recursion', () => {
  let content: Json = 'deep'
  for (let depth = 0; depth < 50_000; depth++) content = [content]
  expect(tokensOfRequest({ messages: content })).toBe(1)
})

test('what is no JSON object, or names no model, is refused', () => {
  expect(ask('/v1/messages', 'text').status).toBe(400)
  expect(ask('/v1/chat/completions', {}).body.error.message).toBe('model: Field required')
})

test('paths that are not served answer 404 in their dialect', () => {
  expect(ask('/v1/messages/batches', {})).toMatchObject({ status: 404, body: { type: 'error' } })
  expect(ask('/v1/embeddings', {}).body.error.message).toBe('POST /v1/embeddings is not served here')
  expect(endpointOf('POST', '/v1/messages', {}, ['openai-chat'])).toEqual({ kind: 'unknown', dialect: 'anthropic' })
  expect(endpointOf('GET', '/v1/models', {}, ['anthropic'])).toEqual({ kind: 'models', dialect: 'anthropic' })
  expect(endpointOf('GET', '/v1/models/%zz', {}, ['anthropic'])).toMatchObject({ id: '%zz' })
})

test('a strict mock refuses what the real API refuses', () => {
  const messages = QUESTION['messages'] as Json
  const refused = (json: Json, headers: { readonly [name: string]: string } = STRICT, path = '/v1/messages') => {
    const { status, body } = ask(path, json, headers, true)
    return [status, body.error?.message]
  }
  expect(refused({ model: 'm', max_tokens: 1, messages }, ANTHROPIC)).toEqual([401, 'x-api-key header is required'])
  expect(refused({ model: 'm', max_tokens: 1, messages }, { 'x-api-key': 'k' })).toEqual([
    400,
    'anthropic-version: header is required',
  ])
  expect(refused({ model: 'm', messages })).toEqual([400, 'max_tokens: Field required'])
  expect(refused({ model: 'm', max_tokens: 0, messages })[0]).toBe(400)
  expect(refused({ model: 'm', max_tokens: 1 })).toEqual([400, 'messages: Field required'])
  expect(refused({ model: 'm', max_tokens: 1, messages: [] })[0]).toBe(400)
  expect(refused({ model: 'm' }, { authorization: 'Bearer k' }, '/v1/responses')).toEqual([
    400,
    'input: Field required',
  ])
  expect(refused({ model: 'm', max_tokens: 1, messages })[0]).toBe(200)
})

test('a strict mock wants every tool call answered, and nothing else', () => {
  const call: Json = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }] }
  const result: Json = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '' }] }
  const note: Json = { role: 'system', content: 'between' }
  const hello: Json = { role: 'user', content: 'hello' }
  const status = (...messages: Json[]) =>
    ask('/v1/messages', { model: 'm', max_tokens: 9, messages }, STRICT, true).status
  expect(status(hello, call, result)).toBe(200)
  expect(status(hello, call, note, result)).toBe(200)
  expect(status(hello, call, hello)).toBe(400)
  expect(status(hello, result)).toBe(400)
  expect(status(result)).toBe(400)
})
