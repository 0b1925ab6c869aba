import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { sessionOf } from './session.ts'

const uuid = '0a1b2c3d-0000-4000-8000-000000000001'
const body = (more: object = {}): Json => ({ messages: [{ role: 'user', content: 'hi' }], ...more }) as Json

describe('a session is', () => {
  test('what Claude Code says in its header', () => {
    expect(
      sessionOf(body({ metadata: { user_id: 'x_session_other-one' } }), { 'x-claude-code-session-id': uuid }),
    ).toBe(`id:${uuid}`)
  })

  test('what the JSON in metadata.user_id says', () => {
    const user = JSON.stringify({ device_id: 'd', account_uuid: '', session_id: uuid })
    expect(sessionOf(body({ metadata: { user_id: user } }), {})).toBe(`id:${uuid}`)
  })

  test('what the older form of it says', () => {
    expect(sessionOf(body({ metadata: { user_id: `user_abc_account__session_${uuid}` } }), {})).toBe(`id:${uuid}`)
  })

  test.each([
    '{"session_id":7}',
    '{"session_id":""}',
    '{broken',
    'user_abc',
    'user_session_short',
    `user_session_${uuid} and more`,
    '',
  ])('not what %s says', (user) => {
    expect(sessionOf(body({ metadata: { user_id: user } }), {})).toMatch(/^hash:[0-9a-f]{16}$/)
  })

  test('else the beginning of the conversation', () => {
    const start = sessionOf(body({ system: 's' }), {})
    expect(
      sessionOf(
        body({
          system: 's',
          messages: [
            { role: 'user', content: 'hi' },
            { role: 'assistant', content: 'x' },
          ],
        }),
        {},
      ),
    ).toBe(start)
    expect(sessionOf(body({ system: 't' }), {})).not.toBe(start)
    expect(sessionOf(body({ system: 's', messages: [{ role: 'user', content: 'ho' }] }), {})).not.toBe(start)
    expect(sessionOf(body({}), {})).not.toBe(start)
  })

  test('of the OpenAI forms, instructions and input', () => {
    const one = sessionOf({ instructions: 'i', input: [{ role: 'user' }] }, {})
    expect(sessionOf({ instructions: 'j', input: [{ role: 'user' }] }, {})).not.toBe(one)
    expect(sessionOf({ instructions: 'i', input: 'text' }, {})).not.toBe(one)
    expect(sessionOf({ instructions: 'i', input: [{ role: 'user' }, 2] }, {})).toBe(one)
    expect(sessionOf({}, {})).toBe(sessionOf(null, {}))
  })

  test('of OpenAI’s chats, what is said behind the instructions that many share', () => {
    const chat = (...messages: string[][]): string =>
      sessionOf({ messages: messages.map(([role = '', content = '']) => ({ role, content })) }, {})
    const shared = ['system', 'You are']
    const one = chat(shared, ['developer', 'Be brief'], ['user', 'one'])
    expect(chat(shared, ['developer', 'Be brief'], ['user', 'two'])).not.toBe(one)
    expect(chat(shared, ['developer', 'Be long'], ['user', 'one'])).not.toBe(one)
    expect(chat(shared, ['developer', 'Be brief'], ['user', 'one'], ['assistant', 'x'], ['system', 'y'])).toBe(one)
    expect(chat(shared)).not.toBe(chat())
  })

  test('never longer than an id needs, and never empty', () => {
    expect(sessionOf(body(), { 'x-claude-code-session-id': 'x'.repeat(5_000) })).toBe(`id:${'x'.repeat(128)}`)
    expect(sessionOf(body(), { 'x-claude-code-session-id': '' })).toMatch(/^hash:/)
    expect(sessionOf({ messages: [] }, {})).toMatch(/^hash:[0-9a-f]{16}$/)
  })
})
