import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { TokenAnswers, TokenAsk } from '../counting/token-messages.ts'
import type { UsageAnswers, UsageAsk } from '../usage/usage-messages.ts'
import type { UsageRow } from '../usage/usage-row.ts'
import { startThread, type Thread } from './start-thread.ts'
import { createThreadClient } from './thread-client.ts'

test('a thread of lb’s own answers, is started again when it died, and ends', async () => {
  let running: Thread | undefined
  const client = createThreadClient<UsageAsk, UsageAnswers>({
    start(listener) {
      running = startThread('usage', listener)
      return running
    },
    farewell: { kind: 'close' },
  })
  const model = 'claude-sonnet-4-5'
  const ask = (): Promise<UsageAnswers['price']> =>
    client.ask({ kind: 'price', priced: { model, baseUrl: '' }, epochMs: Date.UTC(2026, 10, 23) })
  expect(await ask()).toMatchObject({ rates: { webSearch: 10 } })

  // What is no question is a bug of ours, and kills it.
  const lost = expect(ask()).rejects.toMatchObject({ name: 'ThreadFailure', message: expect.stringContaining('null') })
  running?.ask(null as never)
  await lost.catch(() => {})
  await expect.poll(() => client.isRunning(), { timeout: 10_000 }).toBe(false)
  expect(await ask()).toMatchObject({ rates: { webSearch: 10 } })
  await client.end()
  expect(client.isRunning()).toBe(false)
})

test('the thread that counts has the vocabulary, and leaves the thread that serves alone meanwhile', async () => {
  const client = createThreadClient<TokenAsk, TokenAnswers>({ start: (listener) => startThread('tokens', listener) })
  onTestFinished(() => client.end())
  const text = JSON.stringify({ messages: [{ role: 'user', content: 'A quick brown fox. '.repeat(20_000) }] })
  const body = Uint8Array.from(Buffer.from(text))
  const target = { provider: 'p', model: 'gpt-5' }
  const counted = client.ask({ kind: 'estimate', body, target, isExact: true }, [body.buffer])
  // Given away, not copied.
  expect(body.byteLength).toBe(0)
  expect(await counted).toMatchObject({ grade: 'exact', baseTokens: expect.any(Number) })
  const nothing = Uint8Array.from(Buffer.from('not JSON'))
  expect(await client.ask({ kind: 'estimate', body: nothing, target, isExact: true })).toBeNull()
})

test('a thread that is ended while it starts or writes does all that it was asked, and takes nobody with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-threads-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const row: UsageRow = [1, 0, 'req', 'anna', 'p', 'm', 'messages', null, 0, 1, 2, 3, 4, 5, 0, 0, 7, 0]
  for (let round = 0; round < 8; round += 1) {
    const client = createThreadClient<UsageAsk, UsageAnswers>({ start: (listener) => startThread('usage', listener) })
    const path = join(folder, `${round}.db`)
    const opened = client.ask({ kind: 'open', path, retentionMs: Number.MAX_SAFE_INTEGER })
    // Every other one is ended before it has read its own code; the rest while it writes.
    if (round % 2 === 1) await opened
    const written = Array.from({ length: 40 }, (_, batch) =>
      client.ask({ kind: 'write', process: 'test', batch, rows: [row] }),
    )
    await client.end()
    await Promise.all([opened, ...written])
    expect(client.isRunning()).toBe(false)
  }
})
