import { describe, expect, test } from 'vitest'
import { errorOf, readErrorBody } from './error-body.ts'

describe('readErrorBody reads the error of', () => {
  test.each<[string, string, object]>([
    [
      'Anthropic',
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}',
      { type: 'overloaded_error', message: 'Overloaded' },
    ],
    [
      'OpenAI',
      '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"model_not_found"}}',
      { type: 'invalid_request_error', code: 'model_not_found', message: 'no' },
    ],
    ['OpenRouter', '{"error":{"code":402,"message":"pay"}}', { code: '402', message: 'pay' }],
    [
      'Google',
      '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow","details":[{"x":1},{"retryDelay":"37s"}]}}',
      { code: 'RESOURCE_EXHAUSTED', message: 'slow', retryDelay: '37s' },
    ],
    [
      'OpenRouter, with headers of the upstream behind it',
      '{"error":{"code":429,"message":"slow","metadata":{"headers":{"X-RateLimit-Reset":1795405072000,"Retry-After":"3"}}}}',
      { code: '429', message: 'slow', headers: { 'x-ratelimit-reset': '1795405072000', 'retry-after': '3' } },
    ],
    [
      'OpenRouter, without',
      '{"error":{"code":429,"message":"slow","metadata":{"headers":"none"}}}',
      { code: '429', message: 'slow' },
    ],
    [
      'Google, in a list',
      '[{"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}]',
      { code: 'UNAVAILABLE', message: 'm' },
    ],
    ['FastAPI', '{"detail":"Not authenticated"}', { message: 'Not authenticated' }],
    ['FastAPI validation', '{"detail":[{"msg":"a"},{"loc":1},{"msg":"b"}]}', { message: 'a; b' }],
    [
      'a gateway that writes a text',
      '{"type":"t","code":"c","error":"gone wrong"}',
      { type: 't', code: 'c', message: 'gone wrong' },
    ],
    ['a gateway that writes a message', '{"code":1113,"message":"no money"}', { code: '1113', message: 'no money' }],
    [
      'Mistral, around FastAPI',
      '{"object":"error","type":"t","message":{"detail":[{"msg":"a"}]}}',
      { type: 't', message: 'a' },
    ],
    ['an error whose text is a detail', '{"error":{"type":"t","detail":"d"}}', { type: 't', message: 'd' }],
    ['an error without a text', '{"error":{}}', { message: '' }],
    ['a bare error object', '{"type":"error","message":"m"}', { type: 'error', message: 'm' }],
    ['a bare error object without a message', '{"type":"error"}', { type: 'error', message: '' }],
    ['Mistral', '{"object":"error","message":"m","type":"t","code":"3"}', { type: 't', code: '3', message: 'm' }],
    ['FastAPI, around a gateway', '{"detail":{"error":"no such model"}}', { message: 'no such model' }],
    ['FastAPI, around another', '{"detail":{"message":"no such model"}}', { message: 'no such model' }],
    ['Hugging Face', '{"error":["a","b"],"error_type":"validation"}', { message: 'a; b' }],
    ['Cloudflare', '{"success":false,"errors":[{"code":7003,"message":"no route"}]}', { message: 'no route' }],
    ['a gateway with a list of texts', '{"errors":["a","b"]}', { message: 'a; b' }],
    ['Amazon', '{"Message":"no token"}', { message: 'no token' }],
    ['Baidu', '{"error_code":336003,"error_msg":"bad"}', { message: 'bad' }],
    ['Z.ai, in a 200', '{"code":500,"msg":"404 NOT_FOUND","success":false}', { code: '500', message: '404 NOT_FOUND' }],
    [
      'MiniMax, in a 200',
      '{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
      { code: 'insufficient_quota', message: 'insufficient balance (1008)' },
    ],
    ['MiniMax, with a new code', '{"base_resp":{"status_code":1}}', { code: '1', message: ' (1)' }],
    ['Mistral without a message', '{"object":"error"}', { message: '' }],
  ])('%s', (_, body, expected) => {
    expect(readErrorBody(body)).toEqual(expected)
  })

  test('a message is cut where a page or a dump begins', () => {
    expect(readErrorBody(JSON.stringify({ error: { message: 'x'.repeat(5000) } }))?.message).toBe('x'.repeat(4096))
  })

  test('a word wins over the number that repeats the status, a text code over both', () => {
    expect(errorOf({ error: { code: 'text', status: 'WORD' } })).toEqual({ code: 'text', message: '' })
    expect(errorOf({ error: { status: 'WORD' } })).toEqual({ code: 'WORD', message: '' })
    expect(errorOf({ error: { code: true } })).toEqual({ message: '' })
  })

  test('details that are no list, or hold no delay, give none', () => {
    expect(errorOf({ error: { details: { retryDelay: '1s' } } })).toEqual({ message: '' })
    expect(errorOf({ error: { details: [{}] } })).toEqual({ message: '' })
  })
})

describe('no error is', () => {
  test.each([
    '',
    'not json',
    '<html></html>',
    'null',
    '1',
    '"error"',
    '[]',
    '{}',
    '{"type":"message","content":[]}',
    '{"object":"response","error":null,"output":[]}',
    '{"error":5}',
    '{"error":[]}',
    '{"error":[{"loc":1}]}',
    '{"errors":[]}',
    '{"base_resp":{"status_code":0,"status_msg":""}}',
    '{"base_resp":{"status_code":"1008"}}',
    '{"base_resp":null}',
    '{"error":null,"message":"m"}',
    '{"detail":[]}',
    '{"detail":[{"loc":1}]}',
    '{"detail":7}',
  ])('%s', (body) => {
    expect(readErrorBody(body)).toBeUndefined()
  })

  test('an answer that quotes one', () => {
    expect(errorOf({ type: 'message', content: [{ type: 'text', text: '{"type":"error"}' }] })).toBeUndefined()
  })
})
