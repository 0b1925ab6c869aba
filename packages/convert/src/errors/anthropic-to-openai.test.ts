import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { convertAnthropicErrorToOpenAi, convertAnthropicStreamErrorToOpenAi } from './anthropic-to-openai.ts'

const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  convertAnthropicErrorToOpenAi({ status, headers, body: JSON.stringify(body), epochMs: 0 })
const failed = (type: string, message = 'x'): JsonObject => ({ type: 'error', error: { type, message } })

describe('an error of an Anthropic upstream', () => {
  test.each([
    [400, 'invalid_request_error', 400, 'invalid_request_error', null],
    [413, 'request_too_large', 413, 'invalid_request_error', 'request_too_large'],
    [401, 'authentication_error', 401, 'invalid_request_error', 'invalid_api_key'],
    [402, 'billing_error', 429, 'insufficient_quota', 'insufficient_quota'],
    [429, 'exceeded_current_quota_error', 429, 'insufficient_quota', 'insufficient_quota'],
    [403, 'permission_error', 403, 'invalid_request_error', 'permission_denied'],
    [404, 'not_found_error', 404, 'invalid_request_error', null],
    [409, 'conflict_error', 409, 'invalid_request_error', 'conflict'],
    [429, 'rate_limit_error', 429, 'requests', 'rate_limit_exceeded'],
    [504, 'timeout_error', 504, 'server_error', 'timeout'],
    [529, 'overloaded_error', 503, 'server_error', 'overloaded'],
    [500, 'api_error', 500, 'server_error', null],
    [429, 'new_error', 429, 'requests', 'rate_limit_exceeded'],
    [402, 'new_error', 429, 'insufficient_quota', 'insufficient_quota'],
    [404, 'new_error', 404, 'invalid_request_error', null],
    [418, 'new_error', 418, 'invalid_request_error', null],
    [520, 'new_error', 520, 'server_error', null],
  ])('%d %s is %d %s %s', (from, type, status, openAiType, code) => {
    expect(answer(from, failed(type))).toMatchObject({
      status,
      body: { error: { message: 'x', type: openAiType, code, param: null } },
    })
  })

  test.each([
    ['messages.3.content.0.text: cannot be empty', 'messages[3].content[0].text', null],
    ['max_tokens: Field required', 'max_tokens', null],
    ['prompt is too long: 5 tokens > 4 maximum', null, 'context_length_exceeded'],
    ['Something: else', null, null],
  ])('%s is about %s', (message, param, code) => {
    expect(answer(400, failed('invalid_request_error', message)).body.error).toMatchObject({ param, code, message })
  })

  test('a model that is not there has a code of its own', () => {
    expect(answer(404, failed('not_found_error', 'model: claude-x')).body.error).toMatchObject({
      code: 'model_not_found',
      param: 'model',
    })
  })

  test('headers pass under the names that clients know', () => {
    const headers = {
      'request-id': 'req_1',
      'retry-after': '3',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-tokens-remaining': '9',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:00Z',
      'anthropic-ratelimit-input-tokens-limit': '1',
    }
    expect(answer(429, failed('rate_limit_error'), headers).headers).toEqual({
      'x-request-id': 'req_1',
      'retry-after': '3',
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-tokens': '9',
      'x-ratelimit-reset-tokens': '2026-01-01T00:00:00Z',
    })
    expect(answer(429, failed('rate_limit_error')).headers).toEqual({})
  })

  test('inside a stream is the same', () => {
    expect(convertAnthropicStreamErrorToOpenAi(failed('overloaded_error', 'Overloaded'))).toEqual({
      status: 503,
      body: { error: { message: 'Overloaded', type: 'server_error', param: null, code: 'overloaded' } },
    })
  })
})
