import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { planOf, responseOf, wireBytes } from '../testing/plan-of.ts'
import type { RawResponse } from '../testing/raw-client.ts'
import { type HttpFault, httpFaultNames } from './http-faults.ts'

/** What each preset means, read from its plan for a streamed request of the Messages API. Every name has a row, or this does not compile. */
const MEANINGS: { readonly [N in HttpFault]: (name: N) => void } = {
  'reset-before-response': (name) =>
    expect(planOf({ fault: name })).toEqual({ steps: [], end: { kind: 'reset' }, whole: false }),
  'close-before-response': (name) =>
    expect(planOf({ fault: name })).toEqual({ steps: [], end: { kind: 'close' }, whole: false }),
  'stale-keep-alive': (name) => expect(planOf({ fault: name }).end).toEqual({ kind: 'keep', resetOnReuse: true }),
  'dropped-keep-alive': (name) => {
    const { headers, complete, end } = responseOf({ fault: name })
    expect([headers['connection'], complete, end]).toEqual([undefined, true, 'close'])
  },
  latency: (name) => {
    const first = planOf({ fault: name }).steps[0]
    expect(first?.kind).toBe('pause')
    expect(first?.kind === 'pause' && first.ms >= 200 && first.ms <= 800).toBe(true)
  },
  slow: (name) => {
    const { steps } = planOf({ fault: name })
    const waitedMs = steps.reduce((sum, step) => sum + (step.kind === 'pause' ? step.ms : 0), 0)
    const { body } = responseOf({ fault: name })
    expect(waitedMs).toBeCloseTo((body.length * 1000) / 1024, 0)
  },
  'error-500': error(500, 'api_error'),
  'error-502': error(502, 'api_error'),
  'error-503': error(503, 'overloaded_error'),
  'error-504': error(504, 'timeout_error'),
  'error-520': error(520, 'api_error'),
  'error-521': error(521, 'api_error'),
  'error-522': error(522, 'api_error'),
  'error-523': error(523, 'api_error'),
  'error-524': error(524, 'api_error'),
  'error-529': error(529, 'overloaded_error'),
  'rate-limit': error(429, 'rate_limit_error', { 'retry-after': '30' }),
  'rate-limit-date': error(429, 'rate_limit_error', {
    date: 'Thu, 15 Jan 2026 11:00:00 GMT',
    'retry-after': 'Thu, 15 Jan 2026 11:00:30 GMT',
  }),
  'rate-limit-long': error(429, 'rate_limit_error', { 'retry-after': '200000' }),
  'rate-limit-bare': (name) => {
    const { headers } = responseOf({ fault: name })
    expect(Object.keys(headers).filter((header) => /retry|ratelimit/.test(header))).toEqual([])
  },
  'rate-limit-final': error(429, 'rate_limit_error', { 'x-should-retry': 'false' }),
  'rate-limit-claim': error(429, 'rate_limit_error', {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus',
    'anthropic-ratelimit-unified-reset': String(Date.UTC(2026, 0, 15, 12) / 1000 + 121_180),
  }),
  'rate-limit-unified': error(429, 'rate_limit_error', {
    'anthropic-ratelimit-unified-representative-claim': 'five_hour',
  }),
  'bad-key': error(401, 'authentication_error'),
  'html-403': html(403),
  'no-credit': error(402, 'billing_error'),
  'credit-too-low': error(400, 'invalid_request_error', {}, 'Your credit balance is too low'),
  'insufficient-quota': (name) => {
    const { status, body } = responseOf({ fault: name }, '/v1/chat/completions')
    expect(status).toBe(429)
    expect(jsonOf(body)).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } })
  },
  'invalid-request': (name) => {
    const { status, body } = responseOf({ fault: name })
    expect(status).toBe(400)
    // A re-encoded body would lose the escape, the space, the order and the digits.
    expect(body.toString()).toContain('"type":"error", "error":{"message":')
    expect(body.toString()).toMatch(/\\u2014.*12345678901234567890/)
  },
  'thinking-signature': error(400, 'invalid_request_error', {}, '`signature` in `thinking` block'),
  'prompt-too-long': error(400, 'invalid_request_error', {}, 'prompt is too long: 210000 tokens > 200000 maximum'),
  'model-not-found': error(404, 'not_found_error', {}, 'model: '),
  'request-too-large': error(413, 'request_too_large'),
  'request-too-large-early': (name) => {
    const { status, headers, end } = responseOf({ fault: name })
    expect([status, headers['connection'], end]).toEqual([413, 'close', 'close'])
  },
  'html-200': html(200),
  'empty-200': (name) => {
    const { status, body, complete } = responseOf({ fault: name })
    expect([status, body.length, complete]).toEqual([200, 0, true])
  },
  'json-error-200': error(200, 'overloaded_error'),
  'json-for-sse': (name) => {
    const { status, headers, body } = responseOf({ fault: name })
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    expect(jsonOf(body)).toMatchObject({ type: 'message', stop_reason: 'end_turn' })
  },
  'wrong-content-type': (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-type']).toBe('text/plain')
    expect(body.toString()).toContain('event: message_stop')
  },
  'truncated-json': (name) => {
    const { headers, body, complete, end } = responseOf({ fault: name })
    expect(body.length).toBe(Math.floor(Number(headers['content-length']) / 2))
    expect([complete, end]).toEqual([false, 'close'])
  },
  'truncated-json-whole': (name) => {
    const { body, complete, end } = responseOf({ fault: name })
    expect(() => jsonOf(body)).toThrow()
    expect([complete, end]).toEqual([true, 'keep'])
  },
  'length-too-long': (name) => {
    const { headers, body, end } = responseOf({ fault: name })
    expect(Number(headers['content-length']) - body.length).toBe(100)
    expect(end).toBe('close')
  },
  'length-too-short': (name) => expect(responseOf({ fault: name }).rest.length).toBe(5),
  'gzip-unasked': (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(body).toString()).toContain('event: message_stop')
  },
  'br-unasked': (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-encoding']).toBe('br')
    expect(brotliDecompressSync(body).toString()).toContain('event: message_stop')
  },
  'gzip-corrupt': (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-encoding']).toBe('gzip')
    expect(() => gunzipSync(body)).toThrow()
  },
  bomb: (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-encoding']).toBe('gzip')
    expect(body.length).toBeLessThan(300 * 1024)
    expect(gunzipSync(body).length).toBe(256 * 1024 * 1024)
  },
  'bomb-twice': (name) => {
    const { headers, body } = responseOf({ fault: name })
    expect(headers['content-encoding']).toBe('gzip, gzip')
    expect(body.length).toBeLessThan(2048)
    expect(gunzipSync(gunzipSync(body)).length).toBe(256 * 1024 * 1024)
  },
  informational: (name) => {
    const text = wireBytes(planOf({ fault: name })).toString('latin1')
    expect(text).toMatch(
      /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nlink: .*\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    )
  },
  'redirect-307': (name) => {
    const { status, headers } = responseOf({ fault: name })
    expect([status, headers['location']]).toEqual([307, 'http://169.254.169.254/latest/meta-data/'])
  },
  'huge-headers': (name) => expect(responseOf({ fault: name }).headers['x-huge']?.length).toBe(17 * 1024),
  'not-http': (name) => expect(wireBytes(planOf({ fault: name })).toString()).toBe('SSH-2.0-OpenSSH_9.7\r\n'),
  'answer-before-body': (name) =>
    expect(responseOf({ fault: name }).headers['content-type']).toBe('text/event-stream; charset=utf-8'),
  'answer-before-body-whole': (name) =>
    expect(jsonOf(responseOf({ fault: name }).body)).toMatchObject({ type: 'message' }),
  'second-response': (name) => expect(responseOf({ fault: name }).rest.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/),
  silence: (name) => expect(planOf({ fault: name })).toEqual({ steps: [], end: { kind: 'stall' }, whole: false }),
}

test.each(httpFaultNames)('%s means what its name says', (name) => {
  MEANINGS[name](name as never)
})

function error(
  status: number,
  type: string,
  headers: { readonly [name: string]: string } = {},
  text = '',
): (name: HttpFault) => void {
  return (name) => {
    const response = responseOf({ fault: name })
    expect(response.status).toBe(status)
    expect(response.headers).toMatchObject(headers)
    expect(jsonOf(response.body)).toMatchObject({ type: 'error', error: { type } })
    expect(response.body.toString()).toContain(text)
  }
}

function html(status: number): (name: HttpFault) => void {
  return (name) => {
    const response: RawResponse = responseOf({ fault: name })
    expect(response.status).toBe(status)
    expect(response.headers['content-type']).toBe('text/html; charset=UTF-8')
    expect(response.body.toString()).toMatch(/^<!DOCTYPE html>/)
  }
}

function jsonOf(body: Buffer): unknown {
  return JSON.parse(body.toString())
}
