import { describe, expect, test } from 'vitest'
import { exchanges, ran } from '../../testing/corpus.ts'
import { convertOpenAiErrorToAnthropic, convertOpenAiStreamErrorToAnthropic } from './openai-to-anthropic.ts'

const answer = (status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}) =>
  convertOpenAiErrorToAnthropic({
    status,
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    epochMs: Date.UTC(2026, 0, 1),
  })
const error = (message: string, more: object = {}): object => ({ error: { message, ...more } })
const kind = (status: number, body?: unknown): string => {
  const { status: converted, body: said } = answer(status, body)
  return `${converted} ${said.error.type}`
}

describe('the status says what it is (case 46)', () => {
  test.each([
    [400, '400 invalid_request_error'],
    [401, '401 authentication_error'],
    [402, '402 billing_error'],
    [403, '403 permission_error'],
    [404, '404 not_found_error'],
    [405, '405 invalid_request_error'],
    [408, '504 timeout_error'],
    [409, '409 conflict_error'],
    [413, '413 request_too_large'],
    [418, '418 invalid_request_error'],
    [422, '400 invalid_request_error'],
    [429, '429 rate_limit_error'],
    [499, '499 api_error'],
    [500, '500 api_error'],
    [502, '500 api_error'],
    [503, '529 overloaded_error'],
    [504, '504 timeout_error'],
    [520, '520 api_error'],
    [524, '504 timeout_error'],
    [529, '529 overloaded_error'],
    [302, '500 api_error'],
  ])('%d is %s', (status, expected) => {
    expect(kind(status, error('x'))).toBe(expected)
  })
})

describe('words say more than the status (case 46)', () => {
  test.each([
    [429, error('x', { type: 'insufficient_quota' }), '402 billing_error'],
    [429, error('x', { code: 'insufficient_quota' }), '402 billing_error'],
    [429, error('You exceeded your current quota, please check your plan'), '402 billing_error'],
    // Moonshot, Z.ai and Alibaba, when the money is gone, and Moonshot when it has too much to do.
    [
      429,
      error('You exceeded your current token quota', { type: 'exceeded_current_quota_error' }),
      '402 billing_error',
    ],
    [429, error('余额不足或无可用资源包,请充值。', { code: '1113' }), '402 billing_error'],
    [400, error('Access denied', { code: 'Arrearage' }), '402 billing_error'],
    [429, error('The engine is currently overloaded', { type: 'engine_overloaded_error' }), '529 overloaded_error'],
    [400, error('Your credit balance is too low'), '402 billing_error'],
    [500, error('Your credit balance is too low'), '500 api_error'],
    [403, error('x', { type: 'billing_error' }), '402 billing_error'],
    [400, error('x', { code: 'tool_use_failed' }), '500 api_error'],
    [403, error('x', { code: 'content_policy_violation' }), '400 invalid_request_error'],
    [403, error('x', { code: 'content_filter' }), '400 invalid_request_error'],
    [500, error('x', { type: 'overloaded_error' }), '529 overloaded_error'],
    [500, error('The engine is currently overloaded'), '529 overloaded_error'],
    [500, error('We are at capacity'), '529 overloaded_error'],
    [498, error('Flex tier capacity exceeded'), '529 overloaded_error'],
    [498, error('x'), '498 invalid_request_error'],
    [400, error('We are at capacity'), '400 invalid_request_error'],
    [500, error('x', { code: 'insufficient_system_resource' }), '529 overloaded_error'],
  ])('%d %j is %s', (status, body, expected) => {
    expect(kind(status, body)).toBe(expected)
  })
})

describe('the message', () => {
  const message = (body: unknown): string => answer(400, body).body.error.message

  test.each([
    [error('as it is'), 'as it is'],
    [{ error: 'a text' }, 'a text'],
    [{ detail: 'FastAPI' }, 'FastAPI'],
    [{ detail: [{ msg: 'field required' }] }, 'field required'],
    [[error('Google')], 'Google'],
    [error('Provider returned error', { metadata: { raw: 'what it said' } }), 'Provider returned error: what it said'],
    [error('', { metadata: { raw: 'what it said' } }), 'what it said'],
    ['plain words', 'plain words'],
    ['x'.repeat(600), 'x'.repeat(500)],
    ['', 'HTTP 400'],
    ['<html><body>502</body></html>', 'HTTP 400'],
    ['{"cut', 'HTTP 400'],
    ['[1,', 'HTTP 400'],
    [{}, 'HTTP 400'],
  ])('%j', (body, expected) => {
    expect(message(body)).toBe(expected)
  })

  test.each([
    ['Incorrect API key provided: sk-proj-abc123def456ghi789.', 'Incorrect API key provided: sk-***.'],
    ['key gsk_abcdef1234567890 is revoked', 'key gsk_*** is revoked'],
    ['sent Authorization: Bearer eyJhbGciOi.JIUzI1NiJ9=', 'sent Authorization: Bearer ***'],
    ['API key not valid: AIzaSyA1234567890abcdef', 'API key not valid: AIza***'],
    ['sk-proj-******************1234', 'sk-***'],
    ['the task-oriented approach', 'the task-oriented approach'],
  ])('never shows a key: %s', (said, expected) => {
    expect(message(error(said))).toBe(expected)
  })
})

describe('headers', () => {
  test('pass as far as they were there', () => {
    expect(answer(429, '', { 'x-request-id': 'req_1', 'retry-after': '7', 'x-should-retry': 'false' })).toMatchObject({
      headers: { 'request-id': 'req_1', 'retry-after': '7', 'x-should-retry': 'false' },
      body: { type: 'error', request_id: 'req_1' },
    })
    expect(answer(429, '', { 'request-id': 'req_2' }).body.request_id).toBe('req_2')
    expect(answer(429)).toMatchObject({ headers: {}, body: { request_id: null } })
    expect(answer(429).headers).toEqual({})
  })

  const google = (retryDelay: string): object => error('slow', { details: [{ '@type': 'RetryInfo', retryDelay }] })
  test.each([
    [{}, { 'retry-after-ms': '1500' }, '2'],
    [{}, { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, '360'],
    [google('37s'), {}, '37'],
    [google('1.2s'), {}, '2'],
    [google('soon'), {}, undefined],
    [error('x', { metadata: { headers: { 'Retry-After': 5 } } }), {}, '5'],
    [error('x', { metadata: { headers: 'none' } }), {}, undefined],
    [{}, {}, undefined],
  ])('when to try again is read from %j %j, never invented (case 46)', (body, headers, expected) => {
    expect(answer(429, body, headers as Record<string, string>).headers['retry-after']).toBe(expected)
  })
})

describe('errors inside a stream, or behind a status of success', () => {
  test.each([
    [{ message: 'x', code: 429 }, '429 rate_limit_error x'],
    [{ message: 'x', status_code: 503 }, '529 overloaded_error x'],
    [{ message: 'x', code: '402' }, '402 billing_error x'],
    [{ message: 'x', code: 'rate_limit_exceeded' }, '429 rate_limit_error x'],
    [{ message: 'x', type: 'invalid_request_error' }, '400 invalid_request_error x'],
    [{ message: 'x', status: 'RESOURCE_EXHAUSTED' }, '429 rate_limit_error x'],
    [{ message: 'x', code: 200 }, '500 api_error x'],
    [{ message: 'x', code: 1301 }, '500 api_error x'],
    [{ message: 'x' }, '500 api_error x'],
    ['a text', '500 api_error a text'],
    [{ error: { message: 'x', type: 'overloaded_error' } }, '529 overloaded_error x'],
    [{}, '500 api_error the provider reported an error without a message'],
    [null, '500 api_error the provider reported an error without a message'],
    [{ base_resp: { status_code: 1008, status_msg: 'no money' } }, '402 billing_error no money (1008)'],
    [{ choices: null, base_resp: { status_code: 1002, status_msg: 'slow' } }, '429 rate_limit_error slow (1002)'],
    [{ code: 500, msg: '404 NOT_FOUND', success: false }, '500 api_error 404 NOT_FOUND'],
    [{ success: false, errors: [{ code: 1, message: 'x' }] }, '500 api_error x'],
    [[{ error: { message: 'x', status: 'UNAVAILABLE' } }], '529 overloaded_error x'],
    [[], '500 api_error the provider reported an error without a message'],
    [
      { message: 'maximum context length is 5 tokens', code: 400 },
      '400 invalid_request_error prompt is too long (maximum context length is 5 tokens)',
    ],
  ])('%j is %s', (body, expected) => {
    const { status, body: said } = convertOpenAiStreamErrorToAnthropic(body)
    expect(`${status} ${said.error.type} ${said.error.message}`).toBe(expected)
  })

  test('a delay that Google names is no part of the message', () => {
    const details = [{ retryDelay: '3s' }]
    expect(convertOpenAiStreamErrorToAnthropic({ message: 'x', code: 429, details }).body.error.message).toBe('x')
  })
})

test('I19: recorded errors keep their class and say what the provider said', () => {
  const failed = [...exchanges('openai-chat'), ...exchanges('openai-responses')].filter(({ status }) => status >= 400)
  for (const { id, status, response_body } of failed) {
    const { status: converted, body } = answer(status, response_body)
    const isModelsFault = JSON.stringify(response_body).includes('tool_use_failed')
    expect(Math.floor(converted / 100), id).toBe(isModelsFault ? 5 : Math.floor(status / 100))
    expect(body.error.message, id).not.toMatch(/^HTTP/)
  }
  ran('recorded errors', { exchanges: failed.length })
})
