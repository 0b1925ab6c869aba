import type { Failure, FailureKind } from '@lb/protocol'
import { failureKinds } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { adjustFailure, compileUserRules, noUserRules, type UserRules } from './user-rules.ts'

const none = { httpCodes: [], exceptionPatterns: [], bodyPatterns: [] }
const failure = (kind: FailureKind, status?: number): Failure => ({
  kind,
  message: `HTTP ${status ?? 'none'}`,
  ...(status === undefined ? {} : { status }),
})
async function rules(
  more: Partial<typeof none> | { httpCodes: number[] } | { bodyPatterns: string[] },
): Promise<UserRules> {
  return (await compileUserRules({ ...none, ...more })).rules
}

describe('unhealthy_http_codes', () => {
  test.each<[FailureKind, number]>([
    ['invalid-request', 400],
    ['invalid-request', 422],
    ['context-too-long', 400],
    ['signature-rejected', 400],
    ['request-too-large', 413],
    ['request-conflict', 408],
  ])('make %s with %d count', async (kind, status) => {
    const listed = await rules({ httpCodes: [status] })
    expect(adjustFailure({ ...failure(kind, status), errorType: 'x', retryAfterMs: 5 }, undefined, listed)).toEqual({
      kind: 'listed-unhealthy',
      status,
      errorType: 'x',
      retryAfterMs: 5,
      message: `HTTP ${status} (listed in unhealthy_http_codes)`,
    })
    expect(adjustFailure(failure(kind, status), undefined, await rules({ httpCodes: [status + 1] })).kind).toBe(kind)
  })

  test('change nothing that the table bars already, nor what no rule may touch', async () => {
    const everything = await rules({ httpCodes: [400, 401, 402, 403, 404, 429, 500, 503, 529], bodyPatterns: ['.'] })
    const touched = failureKinds.filter((kind) => adjustFailure(failure(kind, 403), 'x', everything).kind !== kind)
    expect(touched).toEqual([
      'request-conflict',
      'invalid-request',
      'signature-rejected',
      'context-too-long',
      'request-too-large',
    ])
  })
})

describe('patterns', () => {
  test('are looked for in the text of the error, without regard to case', async () => {
    const some = await rules({ bodyPatterns: ['没有可用', '"detail"\\s*:\\s*".*NO ACCOUNT'] })
    const conflict = failure('request-conflict', 409)
    expect(adjustFailure(conflict, '{"detail": "so no account left"}', some)).toMatchObject({
      kind: 'listed-unhealthy',
      message: 'HTTP 409 (listed in a pattern)',
    })
    expect(adjustFailure(conflict, '当前没有可用账号', some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(conflict, '{"detail": 7}', some)).toBe(conflict)
    expect(adjustFailure(conflict, undefined, some)).toBe(conflict)
  })

  test('for exceptions are plain texts, and see the message too', async () => {
    const some = await rules({ exceptionPatterns: ['Timed.Out', 'http 418'] } as never)
    expect(adjustFailure(failure('request-conflict', 409), 'it TIMED.OUT', some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(failure('request-conflict', 409), 'it timed out', some).kind).toBe('request-conflict')
    expect(adjustFailure(failure('invalid-request', 418), undefined, some).kind).toBe('listed-unhealthy')
    expect(adjustFailure({ ...failure('request-conflict'), message: 'x' }, 'timed.out', some).kind).toBe(
      'listed-unhealthy',
    )
  })

  test.each([400, 413, 422])('never make %d count: its text quotes the request', async (status) => {
    const some = await rules({ bodyPatterns: ['rate.?limit'] })
    const quoted = failure('invalid-request', status)
    expect(adjustFailure(quoted, 'messages.0: "rate limit" is no valid role', some)).toBe(quoted)
  })

  test('see the first 4 KB only', async () => {
    const some = await rules({ bodyPatterns: ['needle'] })
    const conflict = failure('request-conflict', 409)
    const room = 4096 - conflict.message.length - 1
    expect(adjustFailure(conflict, `${'x'.repeat(room - 6)}needle`, some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(conflict, `${'x'.repeat(room - 5)}needle`, some)).toBe(conflict)
  })

  test('that are hostile cost no time, and those that count too far are taken as text, and reported', async () => {
    const hostile = ['(x+x+)+y', '(a|aa)+$', '(.*)(.*)(.*)(.*)(.*)z', '(?:a?){200}a{200}$']
    const huge = ['[^x]{0,1000}[^x]{0,1000}y', '(a{1000}){1000}', `${'('.repeat(2000)}a${')'.repeat(2000)}`]
    const { rules: some, invalid } = await compileUserRules({ ...none, bodyPatterns: [...hostile, ...huge] })
    expect(invalid).toEqual(huge)
    expect(adjustFailure(failure('request-conflict', 409), 'x'.repeat(4096), some).kind).toBe('request-conflict')
    expect(adjustFailure(failure('request-conflict', 409), `see ${huge[0]}`, some).kind).toBe('listed-unhealthy')
  })

  test('that are no regular expressions are taken as text, and reported', async () => {
    const { rules: some, invalid } = await compileUserRules({ ...none, bodyPatterns: ['(oops', 'a{2}', 'plain'] })
    expect(invalid).toEqual(['(oops'])
    const conflict = failure('request-conflict', 409)
    expect(adjustFailure(conflict, 'well (OOPS!', some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(conflict, 'AA', some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(conflict, 'a plain one', some).kind).toBe('listed-unhealthy')
    expect(adjustFailure(conflict, 'a', some)).toBe(conflict)
  })

  test.each(['a.c', 'a\\d', '^a', 'a$', 'a|b', 'a?', 'a*', 'a+', '(a)', '[a]', 'a{1}'])(
    '%s is a regular expression',
    async (pattern) => {
      const { rules: some } = await compileUserRules({ ...none, bodyPatterns: [pattern] })
      const text = { 'a.c': 'abc', 'a\\d': 'a1' }[pattern] ?? 'a'
      expect(adjustFailure({ ...failure('request-conflict', 409), message: text }, undefined, some).kind, text).toBe(
        pattern === 'a$' ? 'request-conflict' : 'listed-unhealthy',
      )
    },
  )

  test('that would keep a backtracking engine busy for half a minute take none', async () => {
    const some = await rules({
      bodyPatterns: ['"error"\\s*:\\s*".*insufficient.*credits"', '(a+)+b$', '(.*)*(.*)*(.*)*x'],
    })
    const conflict = failure('request-conflict', 409)
    const text = `"error":"${'insufficient '.repeat(20_000)}`
    expect(adjustFailure(conflict, text, some)).toBe(conflict)
    expect(adjustFailure(conflict, 'a'.repeat(50_000), some).kind).toBe('request-conflict')
  })
})

test('without rules nothing changes', async () => {
  for (const kind of failureKinds) expect(adjustFailure(failure(kind, 409), 'text', noUserRules).kind).toBe(kind)
  expect(await compileUserRules(none)).toEqual({ rules: { codes: new Set(), matchers: [] }, invalid: [] })
})
