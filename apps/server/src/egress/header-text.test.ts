import { expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'
import { headerText } from './header-text.ts'

test.each(['anthropic', 'open router/fast', '100 %', ''])('%j is a header as it stands', (text) => {
  expect(headerText(text)).toBe(text)
})

test.each(['官方', 'münchen', '🙂', 'a\r\nx-admin: yes', '50 % günstig', '\u0000'])(
  '%j is one header that Node takes, and gives the text back',
  (text) => {
    expect(headerText(text)).toMatch(/^[\x20-\x7e]*$/)
    expect(decodeURIComponent(headerText(text))).toBe(text)
  },
)

test('half a character is no reason to fail', () => {
  expect(headerText('\ud83d')).toBe('%EF%BF%BD')
})

test.each([false, true])('a provider with a name in any script answers (stream: %s)', async (stream) => {
  const { post } = await startWorld({ scripts: [{}], names: ['官方 1'] })
  const answer = await post({ ...hello, stream })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-lb-provider')).toBe('%E5%AE%98%E6%96%B9 1')
  expect(answer.headers.get('x-provider-used')).toBe('%E5%AE%98%E6%96%B9 1')
  expect(await answer.text()).toContain('end_turn')
})
