import { describe, expect, test } from 'vitest'
import { durationMs, retryAfterMs } from './reset-time.ts'

/** 2026-11-23T03:36:52Z */
const NOW = 1_795_405_012_000
const read = (headers: Record<string, string>, epochMs = NOW): number | undefined => retryAfterMs({ headers, epochMs })

describe('retryAfterMs', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['nothing', {}, undefined],
    ['milliseconds', { 'retry-after-ms': '1500.2' }, 1501],
    ['milliseconds before seconds', { 'retry-after-ms': '10', 'retry-after': '20' }, 10],
    ['unreadable milliseconds, then seconds', { 'retry-after-ms': 'soon', 'retry-after': '20' }, 20_000],
    ['seconds', { 'retry-after': ' 30 ' }, 30_000],
    ['broken seconds', { 'retry-after': '0.5' }, 500],
    ['zero', { 'retry-after': '0' }, 0],
    ['an HTTP date', { 'retry-after': 'Mon, 23 Nov 2026 03:37:22 GMT' }, 30_000],
    ['an HTTP date with space around it', { 'retry-after': ' Mon, 23 Nov 2026 03:37:22 GMT ' }, 30_000],
    ['an RFC 3339 date with space around it', { 'retry-after': ' 2026-11-23T03:37:52Z ' }, 60_000],
    ['a date in the past', { 'retry-after': 'Mon, 23 Nov 2026 03:36:22 GMT' }, 0],
    ['an RFC 3339 date', { 'retry-after': '2026-11-23T03:37:52Z' }, 60_000],
    ['negative', { 'retry-after': '-5' }, undefined],
    ['not a number', { 'retry-after': 'NaN' }, undefined],
    ['an exponent', { 'retry-after': '1e3' }, undefined],
    ['more than eight days', { 'retry-after': '691201' }, undefined],
    ['eight days', { 'retry-after': '691200' }, 691_200_000],
    ['a moment in epoch seconds', { 'retry-after': '1795405072' }, 60_000],
    ['a moment in epoch milliseconds', { 'retry-after': '1795405072000' }, 60_000],
    ['a moment that is over', { 'retry-after': '1795405000' }, 0],
    ['a moment too far away', { 'retry-after': '1796096213' }, undefined],
    ['a moment and a length: the later', { 'retry-after': '30, 1795405072' }, 60_000],
    ['twice: the longer', { 'retry-after': '30, 40' }, 40_000],
    ['twice, in any order', { 'retry-after': '40,30' }, 40_000],
    ['a length beside something else', { 'retry-after': '30, soon' }, 30_000],
    ['too long, then another that can be read', { 'retry-after': '9999999', 'x-ratelimit-reset': '5s' }, 5_000],
    ['a unified reset in epoch seconds', { 'anthropic-ratelimit-unified-reset': '1795405072' }, 60_000],
    ['a unified reset as a date', { 'anthropic-ratelimit-unified-reset': '2026-11-23T03:37:52Z' }, 60_000],
    ['a unified reset in milliseconds is too far', { 'anthropic-ratelimit-unified-reset': '1795405072000' }, undefined],
  ])('%s', (_, headers, expected) => {
    expect(read(headers)).toBe(expected)
  })

  test('reads dates against the clock of the response, so that a wrong clock cancels out', () => {
    const headers = { date: 'Mon, 23 Nov 2026 03:36:52 GMT', 'retry-after': 'Mon, 23 Nov 2026 03:37:52 GMT' }
    expect(read(headers, NOW + 3_600_000)).toBe(60_000)
    expect(read({ ...headers, date: 'yesterday' }, NOW)).toBe(60_000)
  })

  describe('of several Anthropic limits', () => {
    const reset = (limit: string, at: string): Record<string, string> => ({
      [`anthropic-ratelimit-${limit}-reset`]: `2026-11-23T03:${at}Z`,
    })
    const gone = (limit: string): Record<string, string> => ({ [`anthropic-ratelimit-${limit}-remaining`]: '0' })

    test.each(['requests', 'tokens', 'input-tokens', 'output-tokens'])('%s counts when it is used up', (limit) => {
      expect(read({ ...reset(limit, '37:52'), ...gone(limit) })).toBe(60_000)
      expect(read(reset(limit, '37:52'))).toBeUndefined()
      expect(read({ ...reset(limit, '37:52'), [`anthropic-ratelimit-${limit}-remaining`]: '1' })).toBeUndefined()
    })

    test('the last to come back decides', () => {
      const headers = {
        ...reset('requests', '37:02'),
        ...gone('requests'),
        ...reset('tokens', '38:52'),
        ...gone('tokens'),
      }
      expect(read(headers)).toBe(120_000)
      expect(read({ ...headers, 'anthropic-ratelimit-tokens-reset': 'later' })).toBe(10_000)
    })
  })

  describe('of OpenAI-style limits', () => {
    test.each(['requests', 'tokens'])('%s counts when it is used up', (limit) => {
      expect(read({ [`x-ratelimit-remaining-${limit}`]: '0', [`x-ratelimit-reset-${limit}`]: '6m0s' })).toBe(360_000)
      expect(read({ [`x-ratelimit-reset-${limit}`]: '6m0s' })).toBeUndefined()
    })

    test('the longest decides, and a single reset may be a length or a moment', () => {
      const both = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' }
      expect(read({ ...both, 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '2s' })).toBe(2_000)
      expect(read({ 'x-ratelimit-reset': '12' })).toBe(12_000)
      expect(read({ 'x-ratelimit-reset': '1795405072' })).toBe(60_000)
      expect(read({ 'x-ratelimit-reset': '1795405072000' })).toBe(60_000)
      expect(read({ 'x-ratelimit-reset': '999999999' })).toBeUndefined()
      expect(read({ 'x-ratelimit-reset': 'x' })).toBeUndefined()
    })

    test('a single limit of which something is left was not the reason', () => {
      expect(read({ 'x-ratelimit-reset': '12', 'x-ratelimit-remaining': '3' })).toBeUndefined()
      expect(read({ 'x-ratelimit-reset': '12', 'x-ratelimit-remaining': '0' })).toBe(12_000)
      expect(read({ 'x-rate-limit-reset': '1795405072', 'x-rate-limit-remaining': '0' })).toBe(60_000)
    })

    test.each([
      ['requests-day', '33011.382867', 33_011_383],
      ['tokens-minute', '11.38', 11_380],
      ['requests-day', '4h17m', 15_420_000],
      ['tokens-per-minute', '1795405072', 60_000],
      ['requests', '1795405072', 60_000],
    ])('%s may be over at %s', (limit, reset, ms) => {
      const headers = { [`x-ratelimit-remaining-${limit}`]: '0', [`x-ratelimit-reset-${limit}`]: reset }
      expect(read({ ...headers, 'x-ratelimit-remaining-other': '9', 'x-ratelimit-reset-other': '900' })).toBe(ms)
      expect(read({ ...headers, 'retry-after': '2' })).toBe(2_000)
    })

    test('they may be dates as well', () => {
      const at = '2026-11-23T03:37:52Z'
      expect(read({ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': at })).toBe(60_000)
      expect(read({ 'x-ratelimit-reset': at })).toBe(60_000)
    })
  })
})

describe('the limits of the drafts of the IETF', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['one item', { ratelimit: '"default";r=0;t=30' }, 30_000],
    ['one item with space', { ratelimit: ' "default"; r=0 ; t=30 ' }, 30_000],
    ['a token as its name', { ratelimit: 'default;t=30;r=0' }, 30_000],
    ['an item of which something is left', { ratelimit: '"default";r=1;t=30' }, undefined],
    ['several: the latest that is used up', { ratelimit: '"a";r=0;t=30, "b";r=0;t=40, "c";r=5;t=50' }, 40_000],
    ['a name like an item', { ratelimit: '"a, \\"b;r=0;t=99";r=0;t=7' }, 7_000],
    ['a partition key', { ratelimit: '"a";r=0;t=7;pk=:cHNzd29yZA==:' }, 7_000],
    ['no reset', { ratelimit: '"a";r=0' }, undefined],
    ['no remaining', { ratelimit: '"a";t=7' }, undefined],
    ['nonsense', { ratelimit: '"a' }, undefined],
    ['more than eight days', { ratelimit: '"a";r=0;t=691201' }, undefined],
    ['the draft before', { ratelimit: 'limit=10, remaining=0, reset=50' }, 50_000],
    ['the draft before in another order', { ratelimit: 'reset=50,limit=10,remaining=0' }, 50_000],
    ['the draft before, something left', { ratelimit: 'limit=10, remaining=4, reset=50' }, undefined],
    ['three headers', { 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': '50' }, 50_000],
    ['three headers, something left', { 'ratelimit-remaining': '1', 'ratelimit-reset': '50' }, undefined],
    ['a reset alone', { 'ratelimit-reset': '50' }, 50_000],
    ['a moment', { 'ratelimit-reset': '1795405072' }, 60_000],
    ['a policy tells no time', { 'ratelimit-policy': '"default";q=100;w=60' }, undefined],
    ['retry-after goes before', { ratelimit: '"default";r=0;t=30', 'retry-after': '31' }, 31_000],
  ])('%s', (_, headers, expected) => {
    expect(read(headers)).toBe(expected)
  })
})

describe('a delay that the body names', () => {
  const delay = (text: string, headers: Record<string, string> = {}): number | undefined =>
    retryAfterMs({ headers, epochMs: NOW }, text)

  test('is read where no header tells', () => {
    expect(delay('37s')).toBe(37_000)
    expect(delay('1.0004s')).toBe(1_001)
    expect(delay('37s', { 'retry-after': '2' })).toBe(2_000)
    expect(delay('37s', { 'retry-after': 'soon' })).toBe(37_000)
  })

  test.each(['-3s', 'soon', '', '691201s', '99999999999999999999s'])('%s is none', (text) => {
    expect(delay(text)).toBeUndefined()
  })
})

describe('durationMs', () => {
  test.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['  ', undefined],
    ['12', 12_000],
    ['1.5', 1_500],
    ['1.5s', 1_500],
    ['120ms', 120],
    ['0.5ms', 0.5],
    ['6m0s', 360_000],
    ['6m', 360_000],
    ['1h2m', 3_720_000],
    ['1d', 86_400_000],
    ['1d1h1m1s1ms', 90_061_001],
    ['10d', 864_000_000],
    ['10h', 36_000_000],
    ['10m', 600_000],
    ['10.25s', 10_250],
    ['10.25ms', 10.25],
    [' 2s ', 2_000],
    ['s', undefined],
    ['1x', undefined],
    ['1s2m', undefined],
    ['-1s', undefined],
    ['a1s', undefined],
  ])('%s', (text, expected) => {
    expect(durationMs(text)).toBe(expected)
  })
})

describe('dates', () => {
  test.each<[string, number | undefined]>([
    ['2026-11-23T03:36:53Z', 1_000],
    ['2026-11-23t03:36:53z', 1_000],
    ['2026-11-23 03:36:53', 1_000],
    ['2026-11-23T03:36:53.250Z', 1_250],
    ['2026-11-23T04:36:53+01:00', 1_000],
    ['2026-11-23T04:36:53+0100', 1_000],
    ['2026-11-22T22:06:53-05:30', 1_000],
    ['2026-11-23', undefined],
    ['x2026-11-23T03:36:53Z', undefined],
    ['2026-11-23T03:36:53Zx', undefined],
    ['Mon, 23 Nov 2026 03:36:53 GMT', 1_000],
    ['mon, 23 nov 2026 03:36:53 gmt', 1_000],
    ['Mon, 23 Foo 2026 03:36:53 GMT', undefined],
    ['Mon, 3 Nov 2026 03:36:53 GMT', undefined],
    ['xMon, 23 Nov 2026 03:36:53 GMT', undefined],
    ['Mon, 23 Nov 2026 03:36:53 GMT+1', undefined],
    ['Monday, 23-Nov-26 03:36:53 GMT', 1_000],
    ['TUESDAY, 23-NOV-26 03:36:53 gmt', 1_000],
    ['Thursday, 23-Nov-26 03:36:53 GMT', 1_000],
    ['Friday, 23-Nov-26 03:36:53 GMT', 1_000],
    ['Saturday, 23-Nov-26 03:36:53 GMT', 1_000],
    ['Sunday, 23-Nov-26 03:36:53 GMT', 1_000],
    ['WEDNESDAY, 23-NOV-26 03:36:53 gmt', 1_000],
    ['xxMonday, 23-Nov-26 03:36:53 GMT', undefined],
    ['Monday, 23-Nov-26 03:36:53 GMTx', undefined],
    ['Monday, 23-Foo-26 03:36:53 GMT', undefined],
    ['Mon, 23-Nov-26 03:36:53 GMT', undefined],
    ['Mon Nov 23 03:36:53 2026', 1_000],
    ['mon nov 23 03:36:53 2026', 1_000],
    ['Mon Nov 23 03:36:53 20260', undefined],
    ['xMon Nov 23 03:36:53 2026', undefined],
    ['Mon Foo 23 03:36:53 2026', undefined],
    ['Mon Nov 23 03:36:53 26', undefined],
  ])('%s', (text, expected) => {
    expect(read({ 'retry-after': text })).toBe(expected)
  })

  test('a day of one digit has a blank before it in the form of asctime', () => {
    expect(read({ 'retry-after': 'Tue Dec  1 03:36:52 2026' })).toBe(8 * 24 * 3_600_000)
  })

  test.each<[string, string, number]>([
    ['Jan', '2027-01-01T00:00:00Z', 1_798_761_600_000],
    ['Feb', '2024-02-29T12:00:00Z', 1_709_208_000_000],
    ['Mar', '2024-03-01T00:00:00Z', 1_709_251_200_000],
    ['Apr', '2000-04-30T23:59:59Z', 957_139_199_000],
    ['May', '2025-05-05T05:05:05Z', 1_746_421_505_000],
    ['Jun', '2025-06-06T06:06:06Z', 1_749_189_966_000],
    ['Jul', '2025-07-07T07:07:07Z', 1_751_872_027_000],
    ['Aug', '2025-08-08T08:08:08Z', 1_754_640_488_000],
    ['Sep', '2025-09-09T09:09:09Z', 1_757_408_949_000],
    ['Oct', '2025-10-10T10:10:10Z', 1_760_091_010_000],
    ['Nov', '2025-11-11T11:11:11Z', 1_762_859_471_000],
    ['Dec', '1999-12-31T23:59:59Z', 946_684_799_000],
  ])('%s is the month that it is, in both spellings', (month, rfc, epochMs) => {
    const [date = '', time = ''] = rfc.slice(0, -1).split('T')
    const [year = '', , day = ''] = date.split('-')
    expect(read({ 'retry-after': rfc }, epochMs - 1_000)).toBe(1_000)
    expect(read({ 'retry-after': `Mon, ${day} ${month} ${year} ${time} GMT` }, epochMs - 1_000)).toBe(1_000)
  })
})
