import { expect, test } from 'vitest'
import { appendAll } from './append-all.ts'
import type { AnthropicProfile } from './profiles/anthropic.ts'
import { namedAnthropicProfiles } from './profiles/anthropic.ts'
import { convertChatRequestToAnthropic } from './request/chat-to-anthropic.ts'

test('a list of any length is put behind another', () => {
  const list = [0]
  appendAll(
    list,
    Array.from({ length: 300_000 }, (_, index) => index + 1),
  )
  expect([list.length, list.at(-1)]).toEqual([300_001, 300_000])
})

test('a message may have more parts than the stack takes arguments', () => {
  const content = Array.from({ length: 150_000 }, () => ({ type: 'text', text: 'x' }))
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'user', content },
  ]
  const profile = namedAnthropicProfiles['anthropic'] as AnthropicProfile
  const converted = convertChatRequestToAnthropic({ model: 'm', messages }, profile, { model: 'claude', seed: 's' })
  expect(converted.ok && converted.value.value.messages[0]?.content?.length).toBe(150_001)
})
