import { describe, expect, test } from 'vitest'
import { ask, toChat, toResponses } from '../../testing/requests.ts'
import { hashedId, identityOf, isPlainId } from './identity.ts'

const claudeCode = '{"device_id":"d1","account_uuid":"a1","session_id":"s1"}'
const older = `user_${'d'.repeat(64)}_account_a1_session_s1`

describe('who and which conversation', () => {
  test("Claude Code's own forms name both", () => {
    expect(identityOf(claudeCode)).toEqual({ user: '{"device_id":"d1","account_uuid":"a1"}', session: 's1' })
    expect(identityOf(older)).toEqual({ user: `user_${'d'.repeat(64)}_account_a1`, session: 's1' })
  })

  test('other ids name a user', () => {
    expect(identityOf('u-1')).toEqual({ user: 'u-1', session: undefined })
    expect(identityOf('x user_a_account_b_session_c').session).toBeUndefined()
    expect(identityOf('user_a_account_b_session_')).toEqual({ user: 'user_a_account_b_session_', session: undefined })
    expect(identityOf('"text"')).toEqual({ user: '"text"', session: undefined })
    expect(identityOf('{"a":1}')).toEqual({ user: '{"a":1}', session: undefined })
  })

  test('only short plain words are passed on', () => {
    expect(isPlainId('user-1_A')).toBe(true)
    expect(isPlainId('a'.repeat(64))).toBe(true)
    for (const id of ['a'.repeat(65), '', 'me@example.org', 'two words', ' a', 'a\n']) expect(isPlainId(id)).toBe(false)
  })
})

describe('in a request', () => {
  const identified = (user_id: unknown, profile = 'openai') => {
    const { value, losses } = toChat(ask({ metadata: { user_id } }), { profile, options: { model: 'gpt-4.1' } })
    return { who: value.safety_identifier ?? value.user, key: value.prompt_cache_key, losses }
  }

  test('plain ids pass', () => {
    expect(identified('u-1')).toEqual({ who: 'u-1', key: undefined, losses: [] })
    expect(identified('u-1', 'groq')).toEqual({ who: 'u-1', key: undefined, losses: [] })
  })

  test('others become digests: who is the same over sessions, and a session groups its requests', () => {
    const one = identified(claudeCode)
    const other = identified(claudeCode.replace('s1', 's2'))
    expect(one).toEqual({
      who: hashedId('{"device_id":"d1","account_uuid":"a1"}'),
      key: hashedId('s1'),
      losses: ['user_id_hashed'],
    })
    expect(one.who).toMatch(/^[0-9a-f]{64}$/)
    expect(other.who).toBe(one.who)
    expect(other.key).toBe(hashedId('s2'))
    expect(identified(older).key).toBe(one.key)
    expect(identified('me@example.org').who).not.toContain('@')
  })

  test('targets without a field for it get none, but the key of the conversation', () => {
    expect(identified(claudeCode, 'openai-compatible')).toEqual({
      who: undefined,
      key: undefined,
      losses: ['user_id_dropped'],
    })
    expect(identified(claudeCode, 'kimi')).toEqual({ who: undefined, key: hashedId('s1'), losses: ['user_id_dropped'] })
  })

  test('no id is no field', () => {
    for (const user_id of ['', null, 7])
      expect(identified(user_id)).toEqual({ who: undefined, key: undefined, losses: [] })
  })

  test('Responses gets the same', () => {
    const { value } = toResponses(ask({ metadata: { user_id: claudeCode } }))
    expect(value).toMatchObject({
      safety_identifier: hashedId('{"device_id":"d1","account_uuid":"a1"}'),
      prompt_cache_key: hashedId('s1'),
    })
  })
})
