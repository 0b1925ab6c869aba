import { expect, test } from 'vitest'
import { readAnthropicRefusal } from './anthropic-refusal.ts'

const read = (status: number, body: string) => {
  const refused = readAnthropicRefusal({ status, headers: {}, body: Buffer.from(body), epochMs: 0 })
  return { ...refused, body: refused.body.toString() }
}

test.each([
  [500, '{ "type":"error","error":{"type":"api_error","message":"n\\u00f6"},"x":12345678901234567890}'],
  [529, '{"type":"error","error":{"type":"of_next_year","message":""}}'],
  [400, '<html>Bad Request</html>'],
  [413, 'too large'],
  [422, '{"detail":[{"msg":"max_tokens: too many"}]}'],
])('%i %s passes byte for byte', (status, body) => {
  expect(read(status, body)).toEqual({ status, headers: {}, body })
})

test.each([
  [401, '{"detail":"no such key"}', 'authentication_error', 'no such key'],
  [402, '{"message":"pay first"}', 'billing_error', 'pay first'],
  [403, '<!DOCTYPE html><title>Attention Required!</title>', 'permission_error', 'The upstream answered 403 without'],
  [429, '{"error":"slow down"}', 'rate_limit_error', 'slow down'],
  [502, 'Bad Gateway', 'api_error', 'The upstream answered 502 without saying why.'],
  [503, '', 'api_error', 'The upstream answered 503 without saying why.'],
  [429, '{"error":{"type":"error","message":"Rate Limited"}}', 'rate_limit_error', 'Rate Limited'],
  [503, '{"error":{"type":"overloaded_error","message":"busy"}}', 'overloaded_error', 'busy'],
  [500, '{"error":{"type":"server_error","message":"oops","code":"500"}}', 'api_error', 'oops'],
  [500, '{"type":"error","error":{"message":"oops"}}', 'api_error', 'oops'],
  [500, '{"type":"error","error":{"type":"api_error"}}', 'api_error', 'The upstream answered 500 without'],
  [529, '{"error":{}}', 'overloaded_error', 'The upstream answered 529 without'],
  [529, '[]', 'overloaded_error', 'The upstream answered 529 without saying why.'],
])('%i %s becomes Anthropic’s %s', (status, body, type, message) => {
  const refused = read(status, body)
  expect(refused).toMatchObject({ status, headers: { 'content-type': 'application/json' } })
  expect(JSON.parse(refused.body)).toEqual({
    type: 'error',
    error: { type, message: expect.stringContaining(message) },
    request_id: null,
  })
})
