import { describe, expect, test } from 'vitest'
import {
  type AnswerFacts,
  admit,
  answerBytes,
  cachedHeaders,
  cacheWishOf,
  defaultAnswerCachePolicy,
  freshAgeMs,
} from './answer-cache.ts'

const policy = { ...defaultAnswerCachePolicy, enabled: true }
const answer: AnswerFacts = {
  status: 200,
  ending: { kind: 'whole' },
  stopReason: 'end_turn',
  bytes: 1000,
  wish: { serve: true, store: true },
  includeMaxTokens: false,
}

describe('an answer', () => {
  test.each<[string, Partial<AnswerFacts>]>([
    ['whole and successful', {}],
    ['one without a stop reason', { stopReason: undefined as never }],
    ['a tool call', { stopReason: 'tool_use' }],
    ['one cut off by a limit that its key counts', { stopReason: 'max_tokens', includeMaxTokens: true }],
    ['one of an eighth of the room', { bytes: policy.maxBytes / 8 }],
    ['one asked for anew', { wish: { serve: false, store: true } }],
  ])('is kept: %s', (_what, facts) => {
    expect(admit({ ...answer, ...facts }, policy)).toBe('keep')
  })

  test.each<[string, Partial<AnswerFacts>]>([
    ['opted-out', { wish: { serve: true, store: false } }],
    ['failed', { status: 201 }],
    ['failed', { status: 529 }],
    ['failed', { ending: { kind: 'failed', failure: { kind: 'stream-cut', message: 'cut' } } }],
    ['truncated', { stopReason: 'max_tokens' }],
    ['truncated', { stopReason: 'length' }],
    ['truncated', { stopReason: 'max_output_tokens' }],
    ['too-large', { bytes: policy.maxBytes / 8 + 1 }],
  ])('is not kept: %s %o', (why, facts) => {
    expect(admit({ ...answer, ...facts }, policy)).toBe(why)
  })

  test('is not kept while the cache is off, and it is off by default', () => {
    expect(admit(answer, defaultAnswerCachePolicy)).toBe('disabled')
  })
})

describe('a request', () => {
  test.each([
    [{}, true, true],
    [{ 'x-lb-cache': 'yes' }, true, true],
    [{ 'x-lb-cache': 'no' }, false, false],
    [{ 'x-lb-cache': 'off' }, false, false],
    [{ 'cache-control': 'no-store' }, false, false],
    [{ 'cache-control': 'No-Cache' }, false, true],
    [{ 'cache-control': 'max-age=0, no-store' }, false, false],
    [{ 'cache-control': ['no-cache', 'no-store'] }, false, false],
    [{ 'x-lb-coalesce': 'no' }, true, true],
  ])('with %o may be served from the cache: %s, and its answer kept: %s', (headers, serve, store) => {
    expect(cacheWishOf(headers)).toEqual({ serve, store })
  })
})

describe('the age of an entry', () => {
  const entry = { status: 200, headers: [], chunks: [], storedEpochMs: 1_000_000 }

  test.each([
    [1_000_000, 0],
    [1_299_999, 299_999],
    [1_300_000, undefined],
    [999_999, undefined],
  ])('at %i is %s', (epochMs, ageMs) => {
    expect(freshAgeMs(entry, epochMs, policy)).toBe(ageMs)
  })

  test('does not matter when the cache was switched off meanwhile', () => {
    expect(freshAgeMs(entry, 1_000_000, defaultAnswerCachePolicy)).toBeUndefined()
  })
})

test('only headers that are true later are replayed', () => {
  const kept = [
    ['Content-Type', 'text/event-stream'],
    ['content-encoding', 'gzip'],
    ['request-id', 'req_1'],
    ['x-request-id', 'r'],
  ] as const
  const lost = [
    ['set-cookie', 'a=b'],
    ['date', 'now'],
    ['anthropic-ratelimit-requests-remaining', '5'],
    ['retry-after', '1'],
    ['content-length', '10'],
    ['transfer-encoding', 'chunked'],
  ] as const
  expect(cachedHeaders([...lost, ...kept])).toEqual(kept)
})

test('an answer weighs its bytes and what it takes to keep them', () => {
  expect(answerBytes({ headers: [], chunks: [] })).toBe(128)
  expect(answerBytes({ headers: [['ab', 'cde']], chunks: [new Uint8Array(10), new Uint8Array(20)] })).toBe(
    128 + 5 + 10 + 128 + 20 + 128,
  )
})
