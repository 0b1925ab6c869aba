import { expect, test } from 'vitest'
import { readChatRefusal } from './chat-refusal.ts'

const refusalOf = (status: number, text: string): { status: number; text: string } => {
  const { status: told, body } = readChatRefusal({ status, headers: {}, body: Buffer.from(text), epochMs: 0 })
  return { status: told, text: body.toString() }
}

test('what an OpenAI client can read passes as it came, and so does whatever blames the request', () => {
  for (const [status, text] of [
    [429, '{"error": {"message":"slow down"} }'],
    [400, '<html>'],
    [422, '{"detail":"x"}'],
  ] as const)
    expect(refusalOf(status, text)).toEqual({ status, text })
})

test('anything else becomes an error in OpenAI’s shape, with what was said', () => {
  const page = refusalOf(502, '<html>')
  expect(JSON.parse(page.text)).toEqual({
    error: { message: 'The upstream answered 502 without saying why.', type: 'server_error', code: null, param: null },
  })
  expect(JSON.parse(refusalOf(500, '{"error":"text"}').text)).toMatchObject({ error: { message: 'text' } })
  expect(JSON.parse(refusalOf(429, '{"error":{}}').text)).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
  expect(JSON.parse(refusalOf(401, '{"detail":"who are you"}').text)).toMatchObject({
    error: { message: 'who are you', code: 'invalid_api_key' },
  })
})
