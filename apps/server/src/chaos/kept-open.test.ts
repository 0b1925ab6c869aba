import type { MockScript } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { eventNames, hello, startWorld } from '../testing/world.ts'

/** An upstream that says all of its answer and then forgets to end it. */
const forgetful: Readonly<Record<string, MockScript>> = {
  'falls silent': { default: { reply: { text: 'a whole answer' }, edits: [{ at: 'last', end: 'stall' }] } },
  'goes on with pings': { default: { reply: { text: 'a whole answer' }, edits: [{ at: 'last', end: 'pings' }] } },
}

describe.each(Object.entries(forgetful))('an upstream that %s after its proper end', (_, script) => {
  test.each(['anthropic', 'openai'] as const)('does not keep the client, nor its connection (%s)', async (type) => {
    const { post, mocks, lb } = await startWorld({ scripts: [script], types: [type] })
    // The client's answer ends: otherwise this would never return.
    const response = await post({ ...hello, stream: true })
    const text = await response.text()
    expect(eventNames(text).at(-1)).toBe('message_stop')
    await mocks[0]?.requests[0]?.ended
    expect(mocks[0]?.requests[0]?.outcome).toBe('client-left')
    const listed = (await (await fetch(`${lb.url}/providers`)).json()) as { healthy_providers: number }
    expect(listed.healthy_providers).toBe(1)
  })
})

test('an upstream that ends its answer keeps its connection', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  for (let request = 0; request < 3; request += 1) await (await post({ ...hello, stream: true })).text()
  expect(mocks[0]?.requests.map(({ connection }) => connection.requestNumber)).toEqual([1, 2, 3])
})
