import { expect, test } from 'vitest'
import { targetProblem } from './target.ts'

test.each([
  '/',
  '/v1/messages',
  '/v1/messages?beta=true',
  '/v1/messages/count_tokens?a=1&b=%20&c=//..%2f\\',
  '/v1/models/claude-x.1~y_z:beta',
  '/v1/models/anthropic%2Fclaude-x',
  '/oauth/refresh/me%40example.com',
  '/oauth/refresh/me@example.com',
  '/v1/models/%E4%BD%A0',
  '/trailing/',
  '/a/.../b',
  '/a/..b',
  '/?',
  '/a?b?c',
])('%s is one path', (target) => {
  expect(targetProblem(target)).toBeUndefined()
})

test.each([
  ['', 'nothing'],
  ['*', 'the server itself'],
  ['http://127.0.0.1/v1/messages', 'absolute form'],
  ['v1/messages', 'no slash'],
  ['?/providers', 'no path'],
  ['//v1/messages', 'an empty segment first'],
  ['/v1//messages', 'an empty segment'],
  ['/v1/messages//', 'an empty segment last'],
  ['/v1/../providers', '..'],
  ['/..', '.. alone'],
  ['/v1/./messages', '.'],
  ['/v1/messages/.', '. last'],
  ['/v1/%2e%2e/providers', '.. encoded'],
  ['/v1/.%2E/providers', '.. half encoded'],
  ['/v1%2fmessages', 'a slash encoded'],
  ['/v1%2Fmessages', 'a slash encoded in capitals'],
  ['/v1%5cmessages', 'a backslash encoded'],
  ['/v1\\messages', 'a backslash'],
  ['/%76%31/messages', 'letters encoded'],
  ['/v1/messages%00', 'NUL'],
  ['/v1/messages%0a', 'a line feed'],
  ['/v1/messages%7f', 'DEL'],
  ['/v1/messages%252f', 'encoded twice'],
  ['/v1/messages%', 'a percent sign alone'],
  ['/v1/messages%2', 'half a code'],
  ['/v1/messages%zz', 'no code'],
  ['/v1/messages%u002f', 'a code of another kind'],
  ['/v1%c0%afmessages', 'an overlong slash'],
  ['/v1/models/%ff', 'no UTF-8'],
  ['/v1/messages#x', 'a fragment'],
  ['/v1/messages?a#x', 'a fragment behind the query'],
  ['/v1/mess ages', 'a space'],
  ['/v1/messages?a b', 'a space in the query'],
  ['/v1/messäges', 'a letter that is not ASCII'],
  ['/v1/messages?ä', 'such a letter in the query'],
  ['/v1/messages"', 'a quote'],
  ['/v1/messages|', 'a bar'],
])('%s is refused: %s', (target) => {
  expect(targetProblem(target)).toBeTypeOf('string')
})

test('a long target costs no more than its length', () => {
  for (const part of ['/', '/.', '/a', '%', '%41', '%2f', 'a.', '/%e4%bd%a0', '?']) {
    const target = `/${part.repeat(100_000)}`
    const begun = performance.now()
    targetProblem(target)
    // Some milliseconds; with the square of its length it would be a minute.
    expect(performance.now() - begun).toBeLessThan(3_000)
  }
})
