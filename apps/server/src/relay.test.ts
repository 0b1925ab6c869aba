import { expect, test } from 'vitest'
import { eventNames, hello, startWorld } from './testing/world.ts'

test('a JSON answer comes through', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  const response = await post(hello)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toMatchObject({ type: 'message', role: 'assistant' })
  expect(mocks[0]?.requests[0]?.body.toString()).toBe(JSON.stringify(hello))
})

test('a stream comes through', async () => {
  const { post } = await startWorld({ scripts: [{}] })
  const response = await post({ ...hello, stream: true })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const names = eventNames(await response.text())
  expect(names.at(0)).toBe('message_start')
  expect(names.at(-1)).toBe('message_stop')
})

test('the first provider fails: the second answers', async () => {
  const { post, mocks } = await startWorld({ scripts: [{ fault: 'error-529' }, {}] })
  const response = await post({ ...hello, stream: true })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-lb-provider')).toBe('b')
  expect(eventNames(await response.text()).filter((name) => name === 'message_start')).toHaveLength(1)
  expect(mocks.map((mock) => mock.requests.length)).toEqual([1, 1])
})
