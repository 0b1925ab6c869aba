import type { Chat } from '@lb/protocol'
import { expect, test } from 'vitest'
import { pairChatCalls } from './chat-pairs.ts'

/** An answer with `count` calls that share one id, and their results. */
function sharing(count: number): readonly Chat.Message[] {
  const call = { id: 'call_0', type: 'function', function: { name: 'f', arguments: '{}' } } as const
  const results = Array.from({ length: count }, (_, index) => ({
    role: 'tool' as const,
    tool_call_id: 'call_0',
    content: String(index),
  }))
  return [{ role: 'assistant', tool_calls: Array.from({ length: count }, () => call) }, ...results]
}

test('results of calls that share an id answer them in their order', () => {
  const messages = sharing(3)
  const { calls } = pairChatCalls(messages, () => {})
  expect(calls.get(messages[0] as Chat.Message)?.map(({ id, result }) => [id, result?.message.content])).toEqual([
    ['call_0', '0'],
    ['call_0#2', '1'],
    ['call_0#3', '2'],
  ])
})

test('and time grows with their number only', () => {
  const timeOf = (count: number): number => {
    const messages = sharing(count)
    const start = process.cpuUsage()
    pairChatCalls(messages, () => {})
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  timeOf(2000)
  const [some, many] = [timeOf(2000), timeOf(32_000)]
  expect(many / some).toBeLessThan(16 * 6)
})
