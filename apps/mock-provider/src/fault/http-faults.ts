import type { Answer } from '../script/answer.ts'
import type { FaultPreset } from './preset.ts'

/** Names of faults in status, headers, framing and timing: everything but the content of a stream. */
export const httpFaultNames = [
  'reset-before-response',
  'close-before-response',
  'stale-keep-alive',
  'dropped-keep-alive',
  'latency',
  'slow',
  'error-500',
  'error-502',
  'error-503',
  'error-504',
  'error-520',
  'error-521',
  'error-522',
  'error-523',
  'error-524',
  'error-529',
  'rate-limit',
  'rate-limit-date',
  'rate-limit-long',
  'rate-limit-bare',
  'rate-limit-final',
  'rate-limit-claim',
  'rate-limit-unified',
  'bad-key',
  'html-403',
  'no-credit',
  'credit-too-low',
  'insufficient-quota',
  'invalid-request',
  'thinking-signature',
  'prompt-too-long',
  'model-not-found',
  'request-too-large',
  'request-too-large-early',
  'html-200',
  'empty-200',
  'json-error-200',
  'json-for-sse',
  'wrong-content-type',
  'truncated-json',
  'truncated-json-whole',
  'length-too-long',
  'length-too-short',
  'gzip-unasked',
  'br-unasked',
  'gzip-corrupt',
  'bomb',
  'bomb-twice',
  'informational',
  'redirect-307',
  'huge-headers',
  'not-http',
  'answer-before-body',
  'answer-before-body-whole',
  'second-response',
  'silence',
] as const

/** One of {@link httpFaultNames}. */
export type HttpFault = (typeof httpFaultNames)[number]

const HTML =
  '<!DOCTYPE html>\n<html><head><title>Attention required</title></head><body><h1>Please wait…</h1></body></html>\n'
const EARLY = { text: 'Answered before the body was read.' }
const html = { 'content-type': 'text/html; charset=UTF-8' }

/** Bytes with a character of their own: odd spacing, key order, escapes, so that a re-encoded body is seen. */
const INVALID_REQUEST =
  '{"type":"error", "error":{"message":"messages.0.content: Input should be a valid list \\u2014 “ünïcode” / 你好",' +
  '"type":"invalid_request_error"},"request_id":"req_011Mock400","extra":12345678901234567890}'

const UNIFIED_REJECTED = {
  'anthropic-ratelimit-unified-status': 'rejected',
  'anthropic-ratelimit-unified-reset': '{unix+121180}',
  'anthropic-ratelimit-unified-5h-status': 'allowed',
  'anthropic-ratelimit-unified-5h-utilization': '0.31',
  'retry-after': '121180',
}

/** What they do. */
export const httpFaults: { readonly [N in HttpFault]: FaultPreset } = {
  'reset-before-response': fault([4], 'RST after the request, not a byte back', cut('head', 'reset')),
  'close-before-response': fault([4], 'FIN after the request, not a byte back', cut('head', 'close')),
  'stale-keep-alive': fault([5], 'answers, keeps the connection, resets it when it is used again', {
    afterwards: 'reset-on-reuse',
  }),
  'dropped-keep-alive': fault([5], 'answers, then closes the idle connection without a word', { afterwards: 'drop' }),
  latency: fault([7], 'first byte after 500 ms ± 300', { delayMs: 500, delayJitterMs: 300 }),
  slow: fault([8], '1 KB a second', { bytesPerSecond: 1024, reply: { text: 'A few words, letter by letter.' } }),
  'error-500': status(500),
  'error-502': status(502),
  'error-503': status(503),
  'error-504': status(504),
  'error-520': status(520, 'Web server is returning an unknown error'),
  'error-521': status(521, 'Web server is down'),
  'error-522': status(522, 'Connection timed out'),
  'error-523': status(523, 'Origin is unreachable'),
  'error-524': status(524, 'A timeout occurred'),
  'error-529': fault([18], '529, overloaded', { error: { status: 529 } }),
  'rate-limit': fault([19], '429, retry-after 30', limited({ 'retry-after': '30' })),
  'rate-limit-date': fault([20], '429, retry-after as a date 30 s after a `date` that is an hour slow', {
    ...limited({ date: '{http-date-3600}', 'retry-after': '{http-date-3570}' }),
  }),
  'rate-limit-long': fault([21], '429, retry-after 200000', limited({ 'retry-after': '200000' })),
  'rate-limit-bare': fault([19], '429 without any header that says for how long', limited({})),
  'rate-limit-final': fault([19], '429 with x-should-retry: false', limited({ 'x-should-retry': 'false' })),
  'rate-limit-claim': fault([22], '429, unified limit of one model family rejected', {
    ...limited({ ...UNIFIED_REJECTED, 'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus' }),
  }),
  'rate-limit-unified': fault([22], '429, unified limit of the whole account rejected', {
    ...limited({ ...UNIFIED_REJECTED, 'anthropic-ratelimit-unified-representative-claim': 'five_hour' }),
  }),
  'bad-key': fault([23], '401, the key is not valid', { error: { status: 401 } }),
  'html-403': fault([24], "403 with a firewall's page", { status: 403, headers: html, body: HTML }),
  'no-credit': fault([25], '402, billing', { error: { status: 402 } }),
  'credit-too-low': fault([25], '400 that says the credit balance is too low', {
    error: {
      status: 400,
      message: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.',
    },
  }),
  'insufficient-quota': fault([25], '429 insufficient_quota', {
    error: {
      status: 429,
      type: 'insufficient_quota',
      code: 'insufficient_quota',
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
  }),
  'invalid-request': fault([26], '400 with bytes that show any re-encoding', {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: INVALID_REQUEST,
  }),
  'thinking-signature': fault([27], '400, a thinking signature is not accepted', {
    error: { status: 400, message: 'messages.1.content.0: Invalid `signature` in `thinking` block' },
  }),
  'prompt-too-long': fault([26], '400, the prompt is too long', {
    error: { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' },
  }),
  'model-not-found': fault([28], '404, the model does not exist', {
    error: { status: 404, message: 'model: no-such-model' },
  }),
  'request-too-large': fault([29], '413', { error: { status: 413 } }),
  'request-too-large-early': fault([29, 37], '413 before the body is read, then closed with the body unread', {
    error: { status: 413 },
    early: 'stop-reading',
    afterwards: 'close',
  }),
  'html-200': fault([30], '200 with a page', { headers: html, body: HTML }),
  'empty-200': fault([31], '200 without a body', { headers: { 'content-type': 'application/json' }, body: '' }),
  'json-error-200': fault([32], '200 whose JSON is an error', { status: 200, error: { type: 'overloaded_error' } }),
  'json-for-sse': fault([32], '200 with a whole JSON answer although a stream was asked for', { stream: false }),
  'wrong-content-type': fault([30], 'a good answer labelled text/plain', { headers: { 'content-type': 'text/plain' } }),
  'truncated-json': fault([33], 'half of the body that content-length promised, then FIN', {
    stream: false,
    ...cut('mid-text', 'close'),
  }),
  'truncated-json-whole': fault([33], 'half of a JSON body, with a content-length that fits the half', {
    stream: false,
    ...cut('mid-text', 'clean'),
  }),
  'length-too-long': fault([33], 'content-length promises 100 bytes more than there are, then FIN', { lengthOff: 100 }),
  'length-too-short': fault([38], 'content-length promises 5 bytes less than there are', { lengthOff: -5 }),
  'gzip-unasked': fault([34], 'gzip though identity was asked for', { encoding: 'gzip' }),
  'br-unasked': fault([34], 'br though identity was asked for', { encoding: 'br' }),
  'gzip-corrupt': fault([34], 'gzip with damaged bytes in the middle', { encoding: 'gzip-corrupt' }),
  bomb: fault([35], 'some 260 KB of gzip that inflate to 256 MB', { encoding: 'bomb' }),
  'bomb-twice': fault([35], 'under 2 KB that inflate to 256 MB through two layers of gzip', { encoding: 'bomb-twice' }),
  informational: fault([36], '102 and 103 before the answer', {
    informational: [{ status: 102 }, { status: 103, headers: { link: '</style.css>; rel=preload; as=style' } }],
  }),
  'redirect-307': fault([36], '307 to a link-local address', {
    status: 307,
    headers: { location: 'http://169.254.169.254/latest/meta-data/', 'content-type': 'text/plain' },
    body: '',
  }),
  'huge-headers': fault([36], 'a header of 17 KB', { headers: { 'x-huge': 'h'.repeat(17 * 1024) } }),
  'not-http': fault([36], 'bytes that are no HTTP', {
    rawHead: 'SSH-2.0-OpenSSH_9.7\r\n',
    body: '',
    afterwards: 'close',
  }),
  'answer-before-body': fault([37], 'a whole stream before the body of the request is read', {
    early: 'read-on',
    stream: true,
    reply: EARLY,
  }),
  'answer-before-body-whole': fault([37], 'a whole JSON answer before the body of the request is read', {
    early: 'read-on',
    stream: false,
    reply: EARLY,
  }),
  'second-response': fault([38], 'an unasked second response on the same connection', {
    afterwards: 'second-response',
  }),
  silence: fault([43], 'accepts the request and says nothing', cut('head', 'stall')),
}

function fault(rows: readonly number[], about: string, answer: FaultPreset['answer']): FaultPreset {
  return { rows, about, answer }
}

function status(code: number, message?: string): FaultPreset {
  const error = message === undefined ? { status: code } : { status: code, message }
  return fault([17], `${code}`, { error })
}

function limited(headers: { readonly [name: string]: string }): FaultPreset['answer'] {
  return { error: { status: 429 }, headers }
}

function cut(at: 'head' | 'mid-text', end: 'reset' | 'close' | 'stall' | 'clean'): Pick<Answer, 'edits'> {
  return { edits: [{ at, end }] }
}
