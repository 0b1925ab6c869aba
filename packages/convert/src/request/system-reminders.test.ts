import type { Anthropic } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { assistant, call, result, system, talk, text, user } from '../../testing/requests.ts'
import { createNotes } from '../notes.ts'
import { withReminders } from './system-reminders.ts'

const reminded = (...turns: readonly object[]) => {
  const notes = createNotes()
  const { messages } = withReminders(talk(turns) as Anthropic.Request, notes)
  return { messages, losses: notes.losses() }
}
const reminder = (said: string): object => text(`<system-reminder>\n${said}\n</system-reminder>`)

describe('instructions in mid-conversation (case 30)', () => {
  test('join the user turn before them', () => {
    expect(reminded(user('x'), system('a'), system(text('b', { cache_control: { type: 'ephemeral' } })))).toEqual({
      messages: [user(text('x'), reminder('a'), { ...reminder('b'), cache_control: { type: 'ephemeral' } })],
      losses: [{ code: 'system_turn_moved', path: '/messages/1', count: 2 }],
    })
  })

  test('stay in their order, also behind results and what the user said with them', () => {
    const turn = user(result('t1', 'r'), text('y'))
    expect(reminded(user('x'), assistant(call('t1')), turn, system('a'), system('b')).messages[2]).toEqual(
      user(result('t1', 'r'), text('y'), reminder('a'), reminder('b')),
    )
  })

  test('between a call and its result stand behind the result', () => {
    const { messages } = reminded(
      user('x'),
      assistant(call('t1')),
      system('a', 'b'),
      user(result('t1', 'r'), text('y')),
    )
    expect(messages[2]).toEqual(user(result('t1', 'r'), reminder('a'), reminder('b'), text('y')))
    expect(messages).toHaveLength(3)
  })

  test('behind an answer join the next user turn, or are one', () => {
    expect(reminded(user('x'), assistant('y'), system('a'), user('z')).messages[2]).toEqual(
      user(text('z'), reminder('a')),
    )
    expect(reminded(user('x'), assistant('y'), system('a')).messages[2]).toEqual(user(reminder('a')))
    expect(reminded(system('a'), assistant('y'), user('z')).messages).toEqual([
      user(reminder('a')),
      assistant('y'),
      user('z'),
    ])
  })

  test('of nothing are nothing', () => {
    expect(reminded(user('x'), system(), { role: 'system' }, assistant('y')).messages).toEqual([
      user('x'),
      assistant('y'),
    ])
  })

  test('hold text only', () => {
    expect(reminded(user('x'), system({ type: 'tool_addition' }, text('a'))).messages).toEqual([
      user(text('x'), reminder('a')),
    ])
  })

  test('that are not there leave the request as it is', () => {
    const request = talk([user('x')]) as Anthropic.Request
    expect(withReminders(request, createNotes())).toBe(request)
  })
})
