import { describe, expect, test } from 'vitest'
import { type BadResponse, type CredentialOwner, classify, type Observation } from './classify.ts'
import type { FailureKind } from './table.ts'

/** A response with an Anthropic-shaped error. */
function response(
  status: number,
  error: { type?: string; code?: string | number; message?: string } | string = {},
  credential: CredentialOwner = 'key',
  headers: Record<string, string> = {},
): Observation {
  const body = typeof error === 'string' ? error : JSON.stringify({ type: 'error', error: { message: '', ...error } })
  return { seen: 'response', status, headers, body, credential, epochMs: 0 }
}

const kindOf = (observation: Observation): FailureKind => classify(observation).kind

describe('a connection error', () => {
  test.each<[string, FailureKind]>([
    ['ECONNREFUSED', 'connect-failed'],
    ['ENOTFOUND', 'connect-failed'],
    ['EAI_AGAIN', 'connect-failed'],
    ['EAI_FAIL', 'connect-failed'],
    ['EHOSTUNREACH', 'connect-failed'],
    ['ENETUNREACH', 'connect-failed'],
    ['EADDRNOTAVAIL', 'connect-failed'],
    ['ETIMEDOUT', 'connect-failed'],
    ['EMFILE', 'internal-error'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect-failed'],
    ['UND_ERR_PRX_TLS', 'connect-failed'],
    ['UND_ERR_HEADERS_TIMEOUT', 'first-byte-timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'stream-idle'],
    ['UND_ERR_HEADERS_OVERFLOW', 'bad-response'],
    ['UND_ERR_RESPONSE_EXCEEDED_MAX_SIZE', 'response-too-large'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'stream-cut'],
    ['EPROTO', 'tls-failed'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'tls-failed'],
    ['XERR_SSL_NO', 'connection-reset'],
    ['CERT_HAS_EXPIRED', 'certificate-invalid'],
    ['CERT_NOT_YET_VALID', 'certificate-invalid'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-invalid'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-invalid'],
    ['UNABLE_TO_GET_ISSUER_CERT', 'certificate-invalid'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate-invalid'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-invalid'],
    ['CERT_REVOKED', 'certificate-invalid'],
    ['CERT_UNTRUSTED', 'certificate-invalid'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-invalid'],
    ['HOSTNAME_MISMATCH', 'certificate-invalid'],
    ['X_HOSTNAME_MISMATCH', 'connection-reset'],
    ['HPE_INVALID_CONSTANT', 'bad-response'],
    ['X_HPE_', 'connection-reset'],
    ['ECONNRESET', 'connection-reset'],
    ['', 'connection-reset'],
    ['constructor', 'connection-reset'],
  ])('%s on a fresh connection is %s', (code, kind) => {
    expect(kindOf({ seen: 'connection-error', code, reusedSocket: false })).toBe(kind)
  })

  test('on a pooled connection says nothing about the provider', () => {
    expect(kindOf({ seen: 'connection-error', code: 'ECONNRESET', reusedSocket: true })).toBe('stale-connection')
    expect(kindOf({ seen: 'connection-error', code: 'ECONNREFUSED', reusedSocket: true })).toBe('connect-failed')
  })

  test('is named in the message', () => {
    expect(classify({ seen: 'connection-error', code: 'EPIPE', reusedSocket: false }).message).toBe(
      'connection error EPIPE',
    )
    expect(classify({ seen: 'connection-error', code: '', reusedSocket: false }).message).toBe(
      'connection error without a code',
    )
  })
})

describe('a status', () => {
  test.each<[number, FailureKind]>([
    [101, 'bad-response'],
    [204, 'bad-response'],
    [299, 'bad-response'],
    [300, 'redirect-refused'],
    [307, 'redirect-refused'],
    [399, 'redirect-refused'],
    [400, 'invalid-request'],
    [401, 'credential-rejected'],
    [402, 'credits-exhausted'],
    [403, 'credential-rejected'],
    [404, 'endpoint-not-found'],
    [405, 'endpoint-not-found'],
    [407, 'blocked'],
    [408, 'request-conflict'],
    [409, 'request-conflict'],
    [410, 'endpoint-not-found'],
    [413, 'request-too-large'],
    [418, 'invalid-request'],
    [422, 'invalid-request'],
    [425, 'request-conflict'],
    [429, 'rate-limited'],
    [451, 'invalid-request'],
    [499, 'request-conflict'],
    [500, 'server-error'],
    [501, 'endpoint-not-found'],
    [502, 'server-error'],
    [503, 'overloaded'],
    [504, 'server-error'],
    [508, 'loop-detected'],
    [520, 'server-error'],
    [524, 'server-error'],
    [529, 'overloaded'],
    [599, 'server-error'],
    [600, 'bad-response'],
  ])('%d with an error that says nothing is %s', (status, kind) => {
    expect(kindOf(response(status))).toBe(kind)
  })

  test.each<[number, FailureKind]>([
    [400, 'invalid-request'],
    [401, 'credential-rejected'],
    [402, 'credits-exhausted'],
    [403, 'blocked'],
    [404, 'endpoint-not-found'],
    [413, 'request-too-large'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [503, 'overloaded'],
    [508, 'server-error'],
  ])('%d with a page is %s', (status, kind) => {
    expect(kindOf(response(status, '<html>no</html>'))).toBe(kind)
  })

  test('401 on an access token asks for its renewal; 403 does not', () => {
    expect(kindOf(response(401, {}, 'oauth'))).toBe('credential-expired')
    expect(kindOf(response(403, {}, 'oauth'))).toBe('credential-rejected')
    expect(kindOf(response(401, '<html>', 'oauth'))).toBe('credential-expired')
  })

  test("401 and 403 on the client's own credential are the client's, whatever the body says", () => {
    expect(kindOf(response(401, {}, 'client'))).toBe('client-credential-rejected')
    expect(kindOf(response(403, '<html>', 'client'))).toBe('client-credential-rejected')
    expect(kindOf(response(403, { type: 'billing_error' }, 'client'))).toBe('client-credential-rejected')
    expect(kindOf(response(402, {}, 'client'))).toBe('credits-exhausted')
    expect(kindOf(response(500, {}, 'client'))).toBe('server-error')
  })

  test('429 with a rejected quota is a quota, and carries its claim', () => {
    const headers = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus',
      'retry-after': '60',
    }
    expect(classify(response(429, { type: 'rate_limit_error' }, 'key', headers))).toEqual({
      kind: 'quota-rejected',
      status: 429,
      errorType: 'rate_limit_error',
      message: 'HTTP 429 rate_limit_error',
      retryAfterMs: 60_000,
      claim: 'seven_day_opus',
    })
    const allowed = { ...headers, 'anthropic-ratelimit-unified-status': 'allowed' }
    expect(classify(response(429, {}, 'key', allowed))).toMatchObject({ kind: 'rate-limited', retryAfterMs: 60_000 })
    expect(classify(response(429, {}, 'key', allowed))).not.toHaveProperty('claim')
    const { 'anthropic-ratelimit-unified-representative-claim': _none, ...unclaimed } = headers
    expect(classify(response(429, {}, 'key', unclaimed))).not.toHaveProperty('claim')
  })
})

describe('the type or code of a structured error decides before the status', () => {
  test.each<[string, FailureKind]>([
    ['overloaded_error', 'overloaded'],
    ['server_is_overloaded', 'overloaded'],
    ['insufficient_system_resource', 'overloaded'],
    ['UNAVAILABLE', 'overloaded'],
    ['credits_required', 'usage-credits-required'],
    ['billing_error', 'credits-exhausted'],
    ['insufficient_quota', 'credits-exhausted'],
    ['insufficient_credits', 'credits-exhausted'],
    ['exceeded_current_quota_error', 'credits-exhausted'],
    ['1113', 'credits-exhausted'],
    ['Arrearage', 'credits-exhausted'],
    ['engine_overloaded_error', 'overloaded'],
    ['context_length_exceeded', 'context-too-long'],
    ['exceed_context_size_error', 'context-too-long'],
    ['model_max_prompt_tokens_exceeded', 'context-too-long'],
    ['request_too_large', 'request-too-large'],
    ['model_not_found', 'model-not-found'],
    ['not_found_error', 'model-not-found'],
    ['model_not_supported', 'model-not-found'],
    ['NOT_FOUND', 'model-not-found'],
  ])('%s', (word, kind) => {
    expect(kindOf(response(500, { type: word }))).toBe(kind)
    expect(kindOf(response(400, { code: word }))).toBe(kind)
  })

  test.each(['content_policy_violation', 'content_filter', 'moderation_error'])('%s is final', (type) => {
    expect(kindOf(response(400, { type }))).toBe('content-refused')
    expect(kindOf(response(403, { code: type }))).toBe('content-refused')
    expect(kindOf(response(500, { type }))).toBe('server-error')
  })

  test('402 is about money whatever else it says', () => {
    expect(kindOf(response(402, { type: 'not_found_error' }))).toBe('credits-exhausted')
  })
})

describe("phrases are looked for in the error's own message only", () => {
  test.each<[number[], string, FailureKind]>([
    [[400, 403, 429], 'Your credit balance is too low to access the API', 'credits-exhausted'],
    [[400, 403, 429], 'Insufficient Balance', 'credits-exhausted'],
    [[400, 403, 429], 'insufficient credits left', 'credits-exhausted'],
    [[400, 403, 429], 'insufficient quota', 'credits-exhausted'],
    [[400, 403, 429], 'You exceeded your current quota, please check', 'credits-exhausted'],
    [[400, 403, 429], "You're out of extra usage. Add more", 'credits-exhausted'],
    [[400, 403, 429], 'Extra usage is required for long context requests', 'usage-credits-required'],
    [[400, 403, 429], 'Usage credits are required for fast mode', 'usage-credits-required'],
    [[400, 413, 422], 'prompt is too long: 210000 tokens > 200000 maximum', 'context-too-long'],
    [[400, 413, 422], "This model's maximum context length is 8192 tokens", 'context-too-long'],
    [[400, 413, 422], 'input exceeds the context window', 'context-too-long'],
    [[400, 413, 422], 'they exceed the context window', 'context-too-long'],
    [[400, 413, 422], 'input length and `max_tokens` exceed context limit: 1 + 2 > 3', 'context-too-long'],
    [[400, 413, 422], 'the input token count exceeds the limit', 'context-too-long'],
    [[400, 413, 422], 'too many input tokens', 'context-too-long'],
    [[400, 413, 422], 'too many tokens', 'context-too-long'],
    [[400, 413, 422], 'the input token count (5) exceeds the limit', 'context-too-long'],
    [[498], 'Flex Tier Capacity Exceeded', 'overloaded'],
    [[400], 'messages.1.content.0: Invalid `signature` in `thinking` block', 'signature-rejected'],
    [[400], 'Invalid signature in thinking block', 'signature-rejected'],
    [[400], '`thinking` or `redacted_thinking` blocks in the latest message cannot be modified', 'signature-rejected'],
    [[400, 404, 422], 'model: claude-9', 'model-not-found'],
    [[400, 404, 422], 'The model `gpt-9` does not exist or you do not have access', 'model-not-found'],
    [[400, 404, 422], 'model gpt-9 not found', 'model-not-found'],
    [[400, 404, 422], 'Model X is not supported', 'model-not-found'],
    [[400, 404, 422], 'unknown model', 'model-not-found'],
    [[400, 422], 'context_management: Extra inputs are not permitted', 'feature-unsupported'],
  ])('%j %s', (statuses, message, kind) => {
    for (const status of statuses) expect(kindOf(response(status, { message })), `${status}`).toBe(kind)
    expect(kindOf(response(500, { message }))).toBe('server-error')
    // The same words outside the structure mean nothing.
    expect(kindOf(response(400, message))).toBe('invalid-request')
    expect(kindOf(response(400, JSON.stringify({ content: [{ text: message }] })))).toBe('invalid-request')
  })

  test('a phrase far from its noun is another sentence', () => {
    expect(kindOf(response(400, { message: `thinking ${'x'.repeat(90)} cannot be modified` }))).toBe('invalid-request')
    expect(kindOf(response(400, { message: `model ${'x'.repeat(130)} not found` }))).toBe('invalid-request')
    expect(kindOf(response(400, { message: 'the model: claude-9 is fine' }))).toBe('invalid-request')
  })
})

describe('the failure of a response', () => {
  test('carries status, word and date, and nothing that could be a secret', () => {
    const body = { type: 'odd error\u001b[31m', message: 'sk-ant-secret' }
    expect(classify(response(503, body, 'key', { 'retry-after-ms': '1500' }))).toEqual({
      kind: 'overloaded',
      status: 503,
      errorType: 'odd_error__31m',
      message: 'HTTP 503 odd_error__31m',
      retryAfterMs: 1500,
    })
    expect(classify(response(500, 'oops'))).toEqual({ kind: 'server-error', status: 500, message: 'HTTP 500' })
    expect(classify(response(500, { type: 'x'.repeat(100) })).errorType).toBe('x'.repeat(64))
    expect(classify(response(500, { code: 'some.code:1-2' })).errorType).toBe('some.code:1-2')
  })

  test("reads Google's delay where no header says anything", () => {
    const error = { code: 429, status: 'RESOURCE_EXHAUSTED', message: '', details: [{ retryDelay: '37s' }] }
    const google = (headers: Record<string, string>): Observation =>
      response(429, JSON.stringify({ error }), 'key', headers)
    expect(classify(google({}))).toMatchObject({ kind: 'rate-limited', retryAfterMs: 37_000 })
    expect(classify(google({ 'retry-after': '2' }))).toMatchObject({ retryAfterMs: 2_000 })
    expect(classify(response(429))).not.toHaveProperty('retryAfterMs')
  })

  test('believes a delay of the body no more than one in a header', () => {
    const error = { code: 429, message: '', details: [{ retryDelay: '99999999999999999999s' }] }
    expect(classify(response(429, JSON.stringify({ error })))).not.toHaveProperty('retryAfterMs')
  })

  test('reads what a gateway passes on of the headers of the upstream behind it', () => {
    const error = { code: 429, message: 'slow', metadata: { headers: { 'Retry-After': '9' } } }
    expect(classify(response(429, JSON.stringify({ error })))).toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 9_000,
    })
  })

  test('reads a delay in an error event, too', () => {
    const error = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: '', details: [{ retryDelay: '37s' }] } }
    expect(classify({ seen: 'error-event', error, credential: 'key' })).toEqual({
      kind: 'rate-limited',
      message: 'error event RESOURCE_EXHAUSTED',
      errorType: 'RESOURCE_EXHAUSTED',
      retryAfterMs: 37_000,
    })
  })
})

describe('an error event in a 200', () => {
  const event = (error: object, credential: CredentialOwner = 'key'): Observation => ({
    seen: 'error-event',
    error: { type: 'error', error } as never,
    credential,
  })

  test.each<[string, FailureKind]>([
    ['invalid_request_error', 'invalid-request'],
    ['authentication_error', 'credential-rejected'],
    ['billing_error', 'credits-exhausted'],
    ['permission_error', 'credential-rejected'],
    ['not_found_error', 'model-not-found'],
    ['conflict_error', 'request-conflict'],
    ['request_too_large', 'request-too-large'],
    ['rate_limit_error', 'rate-limited'],
    ['api_error', 'server-error'],
    ['server_error', 'server-error'],
    ['timeout_error', 'server-error'],
    ['overloaded_error', 'overloaded'],
    ['never_heard_of_it', 'server-error'],
    ['constructor', 'server-error'],
  ])('%s means what it would have meant as a status: %s', (type, kind) => {
    expect(classify(event({ type, message: '' }))).toEqual({ kind, message: `error event ${type}`, errorType: type })
  })

  test.each<[number | string, FailureKind]>([
    [400, 'invalid-request'],
    [529, 'overloaded'],
    ['503', 'overloaded'],
    [599, 'server-error'],
    [399, 'server-error'],
    [600, 'server-error'],
    [404.5, 'server-error'],
  ])('a numeric code is a status: %s', (code, kind) => {
    expect(kindOf(event({ code, message: '' }))).toBe(kind)
  })

  test.each<[object, FailureKind]>([
    [{ code: 429, status: 'RESOURCE_EXHAUSTED' }, 'rate-limited'],
    [{ code: 'rate_limit_exceeded', type: 'requests' }, 'rate-limited'],
    [{ code: 504, status: 'DEADLINE_EXCEEDED' }, 'server-error'],
    [{ code: 401, status: 'UNAUTHENTICATED' }, 'credential-rejected'],
    [{ code: 'invalid_api_key', type: 'invalid_request_error' }, 'credential-rejected'],
    [{ code: 403, status: 'PERMISSION_DENIED' }, 'credential-rejected'],
    [{ code: 400, status: 'INVALID_ARGUMENT' }, 'invalid-request'],
    [{ code: 400, status: 'FAILED_PRECONDITION' }, 'invalid-request'],
    [{ code: 'something else', type: 'rate_limit_error' }, 'rate-limited'],
  ])('a code says more than a type, and a word stands for its status: %j', (error, kind) => {
    expect(kindOf(event({ ...error, message: '' }))).toBe(kind)
  })

  test("knows whose credential it was, and an error without a word is the provider's", () => {
    expect(kindOf(event({ type: 'authentication_error' }, 'oauth'))).toBe('credential-expired')
    expect(kindOf(event({ type: 'authentication_error' }, 'client'))).toBe('client-credential-rejected')
    expect(classify({ seen: 'error-event', error: null, credential: 'key' })).toEqual({
      kind: 'server-error',
      message: 'error event',
    })
    expect(classify(event({ code: 'weird code' }))).toMatchObject({ errorType: 'weird_code' })
  })
})

describe('what we saw ourselves', () => {
  test.each<[Observation, FailureKind, string]>([
    [{ seen: 'timeout', phase: 'connect' }, 'connect-failed', 'no connection within the connect timeout'],
    [{ seen: 'timeout', phase: 'first-byte' }, 'first-byte-timeout', 'no first byte in time'],
    [{ seen: 'timeout', phase: 'idle' }, 'stream-idle', 'the stream went silent'],
    [{ seen: 'stream-end', finished: false }, 'stream-cut', 'the stream ended early'],
    [{ seen: 'stream-end', finished: true }, 'end-missing', 'the stream had a stop reason but no end'],
    [{ seen: 'client-gone' }, 'client-gone', 'the client left'],
  ])('%j', (observation, kind, message) => {
    expect(classify(observation)).toEqual({ kind, message })
  })

  test.each<[BadResponse, FailureKind, string]>([
    ['html', 'bad-response', 'HTML where an answer was due'],
    ['content-type', 'bad-response', 'a content type that was not asked for'],
    ['empty', 'bad-response', 'an empty body'],
    ['invalid-json', 'bad-response', 'a body that is not JSON'],
    ['not-a-message', 'bad-response', 'JSON that is no message'],
    ['encoding', 'bad-response', 'a body that cannot be decoded'],
    ['too-large', 'response-too-large', 'the response is longer than the limit'],
  ])('a 200 with %s', (reason, kind, message) => {
    expect(classify({ seen: 'bad-response', reason })).toEqual({ kind, message })
  })

  test('an observation that does not exist is a bug of ours', () => {
    expect(() => classify({ seen: 'a ghost' } as never)).toThrow('unreachable')
  })
})
