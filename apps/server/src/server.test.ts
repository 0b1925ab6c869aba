import { expect, test } from 'vitest'
import { connectionLimit, openFilesLimit } from './open-files.ts'
import { eventNames, hello, startWorld } from './testing/world.ts'

const words = 'one two three four five six seven eight nine ten'

test('a server that listens says where, and that it is ready', async () => {
  const { lb } = await startWorld({ scripts: [{}] })
  expect(lb.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(await (await fetch(`${lb.url}/health/ready`)).json()).toMatchObject({ status: 'ready' })
})

test('closing takes no more connections and lets a running answer come to its end', async () => {
  const { lb, post } = await startWorld({
    scripts: [{ rules: [{ answer: { reply: { text: words } } }], paceMs: 20 }],
  })
  const answer = await post({ ...hello, stream: true })
  const closed = lb.close(10_000)
  await expect(fetch(`${lb.url}/health`)).rejects.toThrow()
  expect(eventNames(await answer.text()).at(-1)).toBe('message_stop')
  expect(await closed).toBe(0)
})

test('an answer that takes longer than the grace is ended with an error that says so', async () => {
  const { lb, post } = await startWorld({ scripts: [{ fault: 'stall-mid-text' }] })
  const answer = await post({ ...hello, stream: true })
  expect(await lb.close(50)).toBe(1)
  const text = await answer.text()
  expect(eventNames(text).at(-1)).toBe('error')
  expect(text).toContain('lb is being stopped')
  expect(text).not.toContain('message_stop')
})

test('closing again hurries up', async () => {
  const { lb, post } = await startWorld({ scripts: [{ fault: 'stall-mid-text' }] })
  const answer = await post({ ...hello, stream: true })
  const patient = lb.close(60_000)
  await lb.close(0)
  expect(await patient).toBe(1)
  expect(eventNames(await answer.text()).at(-1)).toBe('error')
})

test('each connection of a client needs one more upstream, and some files are for lb itself', () => {
  expect(connectionLimit(10_000, 1024)).toBe(480)
  expect(connectionLimit(100, 1024)).toBe(100)
  expect(connectionLimit(100, 10)).toBe(1)
  expect(connectionLimit(100, undefined)).toBe(100)
})

test('how many files may be open is read where the system tells it', () => {
  expect(openFilesLimit(() => 'Max cpu time unlimited\nMax open files            1024   4096   files\n')).toBe(1024)
  expect(openFilesLimit(() => 'Max open files            unlimited   unlimited   files\n')).toBeUndefined()
  expect(
    openFilesLimit(() => {
      throw new Error('no such file')
    }),
  ).toBeUndefined()
})
