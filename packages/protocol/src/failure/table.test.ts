import { describe, expect, test } from 'vitest'
import { type FailureKind, failureKinds, failureTable } from './table.ts'

const rows = failureKinds.map((kind) => ({ kind, ...failureTable[kind] }))

describe('the failure table', () => {
  test('lists every kind once, in the order of the table', () => {
    expect(failureKinds).toHaveLength(Object.keys(failureTable).length)
    expect(new Set(failureKinds).size).toBe(failureKinds.length)
    expect(failureKinds[0]).toBe('connect-failed')
  })

  test('lets only an upstream be blamed for its health', () => {
    const blamed = rows.filter(({ weight }) => weight > 0)
    expect(blamed.filter(({ origin }) => origin !== 'upstream')).toEqual([])
  })

  test('never bars anybody for a fault of the request', () => {
    expect(rows.filter(({ scope, aftermath }) => scope === 'request' && aftermath !== 'none')).toEqual([])
    expect(rows.filter(({ origin, aftermath }) => origin === 'downstream' && aftermath !== 'none')).toEqual([])
  })

  test('stops or cancels where the request is at fault, and goes on everywhere else', () => {
    const ends = rows.filter(({ act }) => act === 'stop' || act === 'cancel').map(({ kind }) => kind)
    expect(ends).toEqual([
      'invalid-request',
      'context-too-long',
      'request-too-large',
      'content-refused',
      'client-credential-rejected',
      'client-gone',
      'no-candidate',
      'deadline-exceeded',
      'shutting-down',
    ])
    expect(rows.filter(({ act }) => act === 'cancel').map(({ kind }) => kind)).toEqual(['client-gone'])
  })

  test('gives weight to what counts, and none to a date or a dead credential', () => {
    for (const { kind, weight, aftermath } of rows) {
      if (aftermath === 'count' || aftermath === 'eject' || aftermath === 'overload')
        expect(weight, kind).toBeGreaterThan(0)
      if (aftermath === 'pause' || aftermath === 'unsupported') expect(weight, kind).toBe(0)
    }
  })

  test.each<[FailureKind, string, string, string, number, string, number, string]>([
    ['connect-failed', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['connection-reset', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['stale-connection', 'request', 'upstream', 'same', 0, 'none', 502, 'api_error'],
    ['tls-failed', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['certificate-invalid', 'provider', 'upstream', 'next', 1, 'down', 502, 'api_error'],
    ['first-byte-timeout', 'provider+model', 'upstream', 'next', 1, 'eject', 504, 'timeout_error'],
    ['silent-until-deadline', 'provider+model', 'upstream', 'next', 0.25, 'count', 504, 'timeout_error'],
    ['rate-limited', 'credential+model', 'upstream', 'next', 0, 'pause', 429, 'rate_limit_error'],
    ['quota-rejected', 'credential+model', 'upstream', 'next', 0, 'pause', 429, 'rate_limit_error'],
    ['credits-exhausted', 'credential', 'upstream', 'next', 0, 'pause', 402, 'billing_error'],
    ['usage-credits-required', 'request', 'upstream', 'next', 0, 'none', 429, 'rate_limit_error'],
    ['overloaded', 'provider+model', 'upstream', 'next', 0.5, 'overload', 529, 'overloaded_error'],
    ['server-error', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['request-conflict', 'request', 'upstream', 'next', 0.25, 'none', 409, 'conflict_error'],
    ['credential-expired', 'credential', 'upstream', 'refresh', 0, 'down', 401, 'authentication_error'],
    ['credential-rejected', 'credential', 'upstream', 'next', 0, 'down', 401, 'authentication_error'],
    ['login-unavailable', 'credential', 'upstream', 'next', 0.5, 'overload', 529, 'overloaded_error'],
    ['blocked', 'provider', 'upstream', 'next', 1, 'count', 403, 'permission_error'],
    ['model-not-found', 'provider+model', 'upstream', 'next', 0, 'unsupported', 404, 'not_found_error'],
    ['feature-unsupported', 'provider+model', 'upstream', 'next', 0, 'unsupported', 400, 'invalid_request_error'],
    ['loop-detected', 'request', 'upstream', 'next', 0, 'none', 508, 'api_error'],
    ['endpoint-not-found', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['redirect-refused', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['bad-response', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['stream-cut', 'provider+model', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['stream-idle', 'provider+model', 'upstream', 'next', 1, 'eject', 504, 'timeout_error'],
    ['response-too-large', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['listed-unhealthy', 'provider', 'upstream', 'next', 1, 'count', 502, 'api_error'],
    ['end-missing', 'provider', 'upstream', 'next', 0.25, 'count', 502, 'api_error'],
    ['invalid-request', 'request', 'downstream', 'stop', 0, 'none', 400, 'invalid_request_error'],
    ['signature-rejected', 'request', 'downstream', 'mend', 0, 'none', 400, 'invalid_request_error'],
    ['context-too-long', 'request', 'downstream', 'stop', 0, 'none', 400, 'invalid_request_error'],
    ['request-too-large', 'request', 'downstream', 'stop', 0, 'none', 413, 'request_too_large'],
    ['content-refused', 'request', 'downstream', 'stop', 0, 'none', 400, 'invalid_request_error'],
    ['client-credential-rejected', 'request', 'downstream', 'stop', 0, 'none', 401, 'authentication_error'],
    ['client-gone', 'request', 'downstream', 'cancel', 0, 'none', 499, 'api_error'],
    ['no-candidate', 'request', 'internal', 'stop', 0, 'none', 503, 'api_error'],
    ['deadline-exceeded', 'request', 'internal', 'stop', 0, 'none', 504, 'timeout_error'],
    ['login-required', 'credential', 'internal', 'next', 0, 'down', 401, 'authentication_error'],
    ['conversion-refused', 'request', 'internal', 'next', 0, 'none', 400, 'invalid_request_error'],
    ['internal-error', 'request', 'internal', 'next', 0, 'none', 500, 'api_error'],
  ])('%s', (kind, scope, origin, act, weight, aftermath, status, type) => {
    expect(failureTable[kind]).toEqual({ scope, origin, act, weight, aftermath, client: { status, type } })
  })
})
