import { scanJsonObject } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import { sessionKey } from './sessions.ts'

function keyOf(members: object, endpoint: ClientRequest['endpoint'] = 'chat'): string {
  const body = Buffer.from(JSON.stringify({ model: 'm', ...members }))
  const outline = scanJsonObject(body)
  if (!outline.ok) throw new Error('no object')
  const request = { headers: {}, model: 'm', tenant: 't', endpoint, body, outline: outline.value }
  return sessionKey(request as unknown as ClientRequest)
}

const user = (content: string): object => ({ role: 'user', content })
const system = { role: 'system', content: 'be brief' }
const answer = { role: 'assistant', content: 'a' }

test.each<[string, (...turns: object[]) => object]>([
  ['messages', (...turns) => ({ messages: turns })],
  ['messages behind a prompt', (...turns) => ({ messages: [system, ...turns] })],
  ['the words of Responses', (...turns) => ({ input: turns })],
  ['the words of Responses, behind instructions', (...turns) => ({ instructions: 'be brief', input: turns })],
])('a conversation of a Chat client is told by how it begins: %s', (_what, asked) => {
  const first = keyOf(asked(user('one')))
  expect(keyOf(asked(user('one'), answer, user('two')))).toBe(first)
  expect(keyOf(asked(user('other')))).not.toBe(first)
})

test('instructions and an input that is a text tell conversations apart, too', () => {
  const keys = [
    keyOf({ input: 'one' }),
    keyOf({ input: 'two' }),
    keyOf({ input: 'one', instructions: 'a' }),
    keyOf({ input: 'one', instructions: 'b' }),
  ]
  expect(new Set(keys).size).toBe(4)
})

test('an Anthropic conversation is told by its prompt and its first turn', () => {
  const first = keyOf({ system: 'be brief', messages: [user('one')] }, 'messages')
  expect(keyOf({ system: 'be brief', messages: [user('one'), answer, user('two')] }, 'messages')).toBe(first)
  expect(keyOf({ system: 'be long', messages: [user('one')] }, 'messages')).not.toBe(first)
})
