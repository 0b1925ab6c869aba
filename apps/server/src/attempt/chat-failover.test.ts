import type { MockScript } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { chatPath, helloChat, readChat, startDialectWorld, upstreamDialects } from '../testing/chat-world.ts'
import { startWorld } from '../testing/world.ts'

const second: MockScript = { default: { reply: { text: 'second' } } }
const streamed = { ...helloChat, stream: true }

const before = ['connection-refused', 'error-529', 'html-200', 'empty-200', 'json-error-200', 'truncated-json'] as const
const inStream = [
  'empty-stream',
  'error-first',
  'error-after-message-start',
  'end-after-message-start',
  'reset-after-message-start',
] as const

describe.each(upstreamDialects)('two providers of dialect %s, the first is broken', (dialect) => {
  test.concurrent.for([...before, ...inStream])(
    '%s: a chat stream comes whole from the second, with one beginning',
    async (fault, { onTestFinished }) => {
      const { post } = await startDialectWorld(dialect, [{ fault }, second], {}, onTestFinished)
      const response = await post(streamed, chatPath)
      const read = readChat(await response.text())
      expect(response.status).toBe(200)
      expect(read).toMatchObject({ text: 'second', finish: ['stop'], errors: [], isDone: true })
      expect(new Set(read.chunks.map(({ id }) => id)).size).toBe(1)
    },
  )

  test.concurrent.for(before)('%s: a whole answer comes from the second', async (fault, { onTestFinished }) => {
    const { post } = await startDialectWorld(dialect, [{ fault }, second], {}, onTestFinished)
    const response = await post(helloChat, chatPath)
    expect(response.headers.get('x-lb-attempts')).toBe('2')
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'second' } }] })
  })

  test.concurrent.for(['error-mid-text', 'reset-mid-text', 'end-mid-tool-use'] as const)(
    '%s: what breaks after its first content ends with one truthful error',
    async (fault, { onTestFinished }) => {
      const { post, mocks } = await startDialectWorld(dialect, [{ fault }, second], {}, onTestFinished)
      const read = readChat(await (await post(streamed, chatPath)).text())
      expect(read.errors).toHaveLength(1)
      expect(read.chunks.at(-1)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } })
      expect(read).toMatchObject({ finish: [], isDone: false })
      expect(mocks[1]?.requests).toHaveLength(0)
    },
  )
})

test('a chat client is handed on between dialects, every way', async () => {
  for (const types of [['anthropic', 'openai'] as const, ['openai', 'anthropic'] as const]) {
    const { post } = await startWorld({ scripts: [{ fault: 'error-after-message-start' }, second], types })
    const response = await post(streamed, chatPath)
    expect(response.headers.get('x-lb-provider')).toBe('b')
    expect(readChat(await response.text())).toMatchObject({ text: 'second', finish: ['stop'], isDone: true })
  }
})

test('a chat client gets signs of life while it waits, and the answer of the second behind them', async () => {
  const settings = ['timeouts: { streaming: { first_byte_timeout: 1 } }', 'streaming: { hold_back: 0.1 }']
  const { post } = await startWorld({ scripts: [{ fault: 'stall-after-head' }, second], types: ['openai'], settings })
  const body = await (await post(streamed, chatPath)).text()
  expect(body.startsWith(': ping\n\n')).toBe(true)
  expect(readChat(body)).toMatchObject({ text: 'second', isDone: true })
})

test('an end that only lacks its mark is given one', async () => {
  const { post } = await startDialectWorld('chat', [{ fault: 'done-missing' }])
  expect(readChat(await (await post(streamed, chatPath)).text())).toMatchObject({ finish: ['stop'], isDone: true })
})

test('lb’s own refusals are in OpenAI’s shape: no model, no route, nobody left, wrong method', async () => {
  const routes = ['  "known-*":', '    - { provider: a, model: passthrough, priority: 1 }']
  const { post, lb } = await startWorld({ scripts: [{ fault: 'error-500' }], routes })
  const get = await fetch(`${lb.url}/v1/chat/completions`)
  const answers = [
    await post({}, chatPath),
    await post(helloChat, chatPath),
    await post({ ...helloChat, model: 'known-1' }, chatPath),
    get,
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 404, 500, 405])
  for (const answer of answers) {
    expect(await answer.json()).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param: null, code: expect.toSatisfy(isCode) },
    })
  }
})

function isCode(code: unknown): boolean {
  return code === null || typeof code === 'string'
}
