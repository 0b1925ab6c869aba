import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { chunk, plainProfile } from '../../testing/streams.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is held on to, not what nobody has collected yet. */
function heldBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('a million deltas take no memory that grows with their number', () => {
  const stream = createChatToAnthropicStream(contextFor(plainProfile))
  const delta = chunk({ content: 'x' })
  const details = chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'x', index: 0 }] })
  for (let count = 0; count < 20_000; count += 1) stream.push(details)
  const before = heldBytes()
  const many = process.env['LB_LONG'] ? 1_000_000 : 60_000
  for (let count = 0; count < many; count += 1) stream.push(delta)
  expect(heldBytes() - before).toBeLessThan(4_000_000)
  expect(stream.done()).toBeDefined()
})

test('time grows with the number of events, also for calls that interleave', () => {
  const timeOf = (calls: number): number => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile))
    const deltas = (said: string) =>
      Array.from({ length: calls }, (_, index) =>
        chunk({ tool_calls: [{ index, id: `c${index}`, function: { name: 'A', arguments: said } }] }),
      )
    const all = [...deltas('{"a":'), ...deltas('1'), ...deltas('}')]
    const start = process.cpuUsage()
    for (const one of all) stream.push(one)
    stream.done()
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  timeOf(1000)
  const [some, many] = [timeOf(1000), timeOf(8000)]
  expect(many / some).toBeLessThan(8 * 4)
})
