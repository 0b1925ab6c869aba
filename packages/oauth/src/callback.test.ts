import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCallback, readPasted } from './callback.ts'

const found = (code: string, state: string): object => ({ ok: true, value: { code, state } })
const problem = (kind: string): object => ({ ok: false, error: { kind } })

describe('a callback', () => {
  test('has a code, a state and perhaps its sender', () => {
    expect(readCallback('?code=a&state=b')).toEqual(found('a', 'b'))
    expect(readCallback('code=a&state=b&iss=https%3A%2F%2Fx.com')).toEqual({
      ok: true,
      value: { code: 'a', state: 'b', issuer: 'https://x.com' },
    })
  })

  test.each([
    ['', 'no-code'],
    ['state=b', 'no-code'],
    ['code=&state=b', 'no-code'],
    ['code=a+b&state=c', 'no-code'],
    ['code=a&code=b&state=c', 'no-code'],
    ['code=a', 'no-state'],
    ['code=a&state=', 'no-state'],
    ['code=a&state=b&state=c', 'no-state'],
    [`code=${'a'.repeat(9000)}&state=b`, 'too-long'],
  ])('%s is refused', (query, kind) => {
    expect(readCallback(query)).toEqual(problem(kind))
  })

  test('that says no is told apart, without the server’s own words', () => {
    expect(readCallback('error=access_denied&state=b&error_description=<b>')).toEqual({
      ok: false,
      error: { kind: 'denied', error: 'access_denied', state: 'b' },
    })
    expect(readCallback('error=<script>&code=a&state=b')).toMatchObject({ error: { kind: 'denied', error: 'other' } })
    expect(readCallback('error=x')).toEqual({ ok: false, error: { kind: 'denied', error: 'other' } })
  })
})

describe('a pasted text', () => {
  test.each([
    'abc#xyz',
    '  abc#xyz \n',
    'abc%23xyz',
    'abc#xyz&scope=a',
    'abc&x=1#xyz',
    'abc #xyz',
    'code=abc&state=xyz',
    '?state=xyz&code=abc',
    'http://localhost:5454/callback?code=abc&state=xyz',
    'HTTPS://platform.claude.com/oauth/code/callback?code=abc&state=xyz#_=_',
    'callback?code=abc&state=xyz',
  ])('%j is read', (text) => {
    expect(readPasted(text)).toEqual(found('abc', 'xyz'))
  })

  test.each([
    ['', 'no-code'],
    ['#xyz', 'no-code'],
    ['please log in#xyz', 'no-code'],
    ['abc', 'no-state'],
    ['abc#', 'no-state'],
    ['https://x.com/', 'no-code'],
    ['http://[', 'no-state'],
    ['a'.repeat(9000), 'too-long'],
  ])('%j is refused', (text, kind) => {
    expect(readPasted(text)).toEqual(problem(kind))
  })

  test('that a server said no with is told apart', () => {
    expect(readPasted('http://localhost/callback?error=access_denied')).toMatchObject({ error: { kind: 'denied' } })
    expect(readPasted('error=access_denied')).toMatchObject({ error: { kind: 'denied' } })
  })

  test('of any kind is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const read = readPasted(text)
        if (read.ok) expect(read.value.code.length * read.value.state.length).toBeGreaterThan(0)
      }),
    )
  })
})
