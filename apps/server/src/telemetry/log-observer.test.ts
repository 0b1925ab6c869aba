import { expect, test } from 'vitest'
import { hello, startWorld, type World } from '../testing/world.ts'
import { logObserver } from './log-observer.ts'

const ofEvent = ({ lines }: World, name: string): object[] => lines.filter(({ event }) => event === name)

test('each request has one line: who answered, how it ended, what it used, and what failed on the way', async () => {
  const answer = { default: { reply: { text: 'unmistakable words', usage: { inputTokens: 11, outputTokens: 7 } } } }
  const world = await startWorld({ scripts: [{ fault: 'error-529' }, answer] })
  const response = await world.post({ ...hello, stream: true })
  await response.text()
  await expect.poll(() => ofEvent(world, 'request_completed')).toHaveLength(1)
  expect(ofEvent(world, 'request_completed')[0]).toMatchObject({
    request_id: response.headers.get('x-lb-request-id'),
    endpoint: 'messages',
    model: hello.model,
    stream: true,
    provider: 'b',
    status: 200,
    end: 'completed',
    attempts: 2,
    failures: ['a: overloaded'],
    input_tokens: 11,
    output_tokens: 7,
    duration_ms: expect.any(Number),
    ttfb_ms: expect.any(Number),
  })
  expect(JSON.stringify(world.lines)).not.toContain('unmistakable')
})

test('an error is what an operator can do something about; a wrong request is a warning', async () => {
  const broken = await startWorld({ scripts: [{ fault: 'error-500' }] })
  await (await broken.post(hello)).text()
  await expect.poll(() => ofEvent(broken, 'request_failure')).toHaveLength(1)
  expect(ofEvent(broken, 'request_failure')[0]).toMatchObject({ level: 50, end: 'gave-up' })
  const wrong = await startWorld({ scripts: [{ fault: 'invalid-request' }] })
  await (await wrong.post(hello)).text()
  await expect.poll(() => ofEvent(wrong, 'request_failure')).toHaveLength(1)
  expect(ofEvent(wrong, 'request_failure')[0]).toMatchObject({ level: 40 })
})

test('a request that lb turns down itself leaves a line under the id that its client got', async () => {
  const world = await startWorld({ scripts: [{}], routes: ['  only-this: [{ provider: a }]'] })
  const response = await world.post({
    ...hello,
    model: 'nobody-knows',
    messages: [{ role: 'user', content: 'canary' }],
  })
  expect(response.status).toBe(404)
  expect(ofEvent(world, 'request_refused')).toEqual([
    expect.objectContaining({
      level: 40,
      request_id: response.headers.get('x-lb-request-id'),
      endpoint: 'messages',
      status: 404,
      error_type: 'not_found_error',
      message: expect.stringContaining('model: nobody-knows matches no route'),
    }),
  ])
  expect(JSON.stringify(world.lines)).not.toContain('canary')
})

test('errors that count are counted in words that people look for', async () => {
  const world = await startWorld({ scripts: [{ fault: 'error-500' }, {}] })
  for (let index = 0; index < 2; index += 1)
    await (await world.post({ ...hello, messages: [{ role: 'user', content: `${index}` }] })).text()
  const messages = world.lines.map(({ message }) => String(message))
  expect(messages.some((message) => message.includes('count=1/2'))).toBe(true)
  await expect.poll(() => ofEvent(world, 'provider_marked_unhealthy').length).toBeGreaterThan(0)
})

test('a request that another one’s call served says whose', () => {
  const lines: unknown[] = []
  const log = { info: (fields: object) => lines.push(fields) } as never
  const request = { id: 'req_2', endpoint: 'messages', model: 'm', stream: false, receivedAtMs: 5 } as never
  const leader = { id: 'req_1' } as never
  logObserver(log).followerDone?.({ request, leader, ending: 'whole', firstByteAtMs: 1, bytes: 10, nowMs: 8 })
  expect(lines).toEqual([
    expect.objectContaining({ event: 'request_coalesced', leader_request_id: 'req_1', end: 'whole', duration_ms: 3 }),
  ])
})
