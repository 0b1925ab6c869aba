import type { MockScript, ScriptEvent } from '@lb/mock-provider'
import { expect, test } from 'vitest'
import { eventNames, hello, startWorld } from '../testing/world.ts'

const start = {
  event: 'message_start',
  data: {
    type: 'message_start',
    message: { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [], usage: { input_tokens: 1 } },
  },
}
const block = {
  event: 'content_block_start',
  data: { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
}
const text = {
  event: 'content_block_delta',
  data: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
}
const pause = { pauseMs: 200 }

/** A stream that begins, and then only pings for three times as long as is waited. */
function onlyPings(...beginning: ScriptEvent[]): MockScript {
  const pings = Array.from({ length: 12 }, (): ScriptEvent[] => [{ ping: true }, { comment: 'x' }, pause])
  return { default: { events: [...beginning, ...pings.flat(), text] } }
}

const settings = ['timeouts: { streaming: { idle_timeout: 0.8 } }']

test('a stream that only pings after its content ends with a truthful error: idle_timeout', async () => {
  const { post } = await startWorld({ scripts: [onlyPings(start, block, text)], settings })
  const names = eventNames(await (await post({ ...hello, stream: true })).text())
  // The upstream has more to say after its pings; that is not waited for.
  expect(names).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'error'])
})

test('one that only pings before its content is left for the next provider, which its client never sees', async () => {
  const { post, mocks } = await startWorld({ scripts: [onlyPings(start), {}], settings })
  const names = eventNames(await (await post({ ...hello, stream: true })).text())
  expect(names.filter((name) => name === 'message_start')).toHaveLength(1)
  expect(names.at(-1)).toBe('message_stop')
  expect(mocks.map(({ requests }) => requests.length)).toEqual([1, 1])
})

test('a provider’s own idle_timeout goes before', async () => {
  const { post } = await startWorld({
    scripts: [onlyPings(start, block, text)],
    provider: 'timeouts: { idle_timeout: 0.8 }',
  })
  expect(eventNames(await (await post({ ...hello, stream: true })).text()).at(-1)).toBe('error')
})

test('events that come more often than the timeout keep a stream alive, however short it is', async () => {
  const events = [start, block, ...Array.from({ length: 10 }, () => [text, pause]).flat(), text]
  const { post } = await startWorld({
    scripts: [{ default: { events } }],
    settings: ['timeouts: { streaming: { idle_timeout: 0.6, read_timeout: 0.6 } }'],
  })
  const names = eventNames(await (await post({ ...hello, stream: true })).text())
  expect(names.filter((name) => name === 'content_block_delta')).toHaveLength(11)
})
