import { describe, expect, test } from 'vitest'
import { anthropicQuota, headroom, readQuota, rejectedUntilMs } from './quota.ts'

const EPOCH_MS = 1_795_000_000_000
const read = (headers: Record<string, string>): ReturnType<typeof readQuota> =>
  readQuota(anthropicQuota, { headers, nowMs: 1_000, epochMs: EPOCH_MS })

describe('a subscription', () => {
  const headers = {
    'anthropic-ratelimit-unified-status': 'allowed_warning',
    'anthropic-ratelimit-unified-5h-utilization': '0.5',
    'anthropic-ratelimit-unified-5h-reset': '1795003600',
    'anthropic-ratelimit-unified-7d-utilization': '0.8',
    'anthropic-ratelimit-unified-7d-reset': '1795100000',
    'anthropic-ratelimit-unified-7d_oi-utilization': '1.2',
  }

  test('says the used part of each window, and when it is full again', () => {
    expect(read(headers)).toEqual({
      windows: [
        { name: '5h', used: 0.5, resetsAtMs: 3_601_000 },
        { name: '7d', used: 0.8, resetsAtMs: 100_001_000 },
        { name: '7d_oi', used: 1.2, resetsAtMs: null, models: 'fable' },
      ],
    })
  })

  test('has as much left as its scarcest window for that model, never less than nothing', () => {
    const quota = read(headers)
    expect(headroom(quota, 'claude-opus-5', 1_000)).toBeCloseTo(0.2)
    expect(headroom(quota, 'Claude-Fable-5', 1_000)).toBe(0)
    expect(headroom(quota, 'claude-opus-5', 100_001_000)).toBe(1)
    expect(headroom(undefined, 'x', 0)).toBe(1)
  })

  test('that is rejected is so until its reset, for the models that are meant', () => {
    const rejected = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': '1795000060',
      'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus',
    }
    const opus = read(rejected)
    expect(rejectedUntilMs(opus, 'claude-opus-5', 1_000)).toBe(61_000)
    expect(rejectedUntilMs(opus, 'claude-sonnet-5', 1_000)).toBeUndefined()
    expect(rejectedUntilMs(opus, 'claude-opus-5', 61_000)).toBeUndefined()
    const whole = read({ ...rejected, 'anthropic-ratelimit-unified-representative-claim': 'five_hour' })
    expect(rejectedUntilMs(whole, 'claude-sonnet-5', 1_000)).toBe(61_000)
    expect(rejectedUntilMs(undefined, 'x', 0)).toBeUndefined()
  })

  test('without a reset time is not rejected until any: nothing is invented', () => {
    expect(read({ 'anthropic-ratelimit-unified-status': 'rejected' })).toBeUndefined()
  })

  test('is read against the response’s own date, so that a wrong clock does not matter', () => {
    const date = new Date(EPOCH_MS + 1_000_000).toUTCString()
    const quota = read({ ...headers, date })
    expect(quota?.windows[0]?.resetsAtMs).toBe(3_601_000 - 1_000_000)
  })
})

describe('an API key', () => {
  test('says limits and what remains of them', () => {
    const quota = read({
      'anthropic-ratelimit-requests-limit': '100',
      'anthropic-ratelimit-requests-remaining': '25',
      'anthropic-ratelimit-requests-reset': new Date(EPOCH_MS + 30_000).toISOString(),
      'anthropic-ratelimit-tokens-limit': '0',
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-limit': '10',
      'anthropic-ratelimit-output-tokens-remaining': 'many',
    })
    expect(quota).toEqual({ windows: [{ name: 'requests', used: 0.75, resetsAtMs: 31_000 }] })
  })
})

test('rules without a summary, and headers without anything, say nothing', () => {
  expect(readQuota({ windows: [] }, { headers: {}, nowMs: 0, epochMs: 0 })).toBeUndefined()
  expect(read({})).toBeUndefined()
  const bare = { windows: [], status: { header: 's', rejected: 'no', reset: 'r' } }
  const headers = { s: 'no', r: '1795000001' }
  expect(readQuota(bare, { headers, nowMs: 0, epochMs: EPOCH_MS })).toEqual({
    windows: [],
    rejected: { untilMs: 1_000 },
  })
  const claimless = { ...bare, status: { ...bare.status, claim: 'c' } }
  expect(readQuota(claimless, { headers: { ...headers, c: 'x' }, nowMs: 0, epochMs: EPOCH_MS })).toEqual({
    windows: [],
    rejected: { untilMs: 1_000 },
  })
})
