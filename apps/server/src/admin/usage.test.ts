import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hello, startWorld, type World, type WorldOptions } from '../testing/world.ts'
import { usageSchema } from './usage-schema.ts'

const sonnet = { ...hello, model: 'claude-sonnet-4-5' }
const usage = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 10_000, cacheWriteTokens: 2_000 }
const answer = { default: { reply: { text: 'hi', usage } } }
/** Of the answer above, at list prices, in dollars; cache writes are those of five minutes. */
const COST = (1_000 * 3 + 100 * 15 + 10_000 * 0.3 + 2_000 * 3.75) / 1e6

/** A world that keeps books, with its own threads. */
function worldWithBooks(options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-books-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return startWorld({
    scripts: [answer],
    hasThreads: true,
    folder,
    settings: ['usage: { path: usage.db }'],
    ...options,
  })
}

async function asked({ lb }: World, query: string, headers = {}) {
  const response = await fetch(`${lb.url}/usage${query}`, { headers })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    type,
    text,
    json: type.startsWith('application/json') ? JSON.parse(text) : undefined,
  }
}

test('one request leaves one entry: streamed or whole, in either dialect of the upstream', async () => {
  const world = await worldWithBooks({
    scripts: [answer, answer],
    types: ['anthropic', 'openai'],
    routes: [
      '  "claude*": [{ provider: a, model: passthrough, priority: 1 }]',
      '  "gpt*": [{ provider: b, model: passthrough, priority: 1 }]',
    ],
  })
  const headers = { 'x-claude-code-session-id': 'session-1' }
  for (const model of ['claude-sonnet-4-5', 'gpt-4o']) {
    for (const stream of [true, false]) {
      await (await world.post({ ...hello, model, stream }, { headers })).text()
      await (await world.post({ ...hello, model, stream, max_tokens: 99 })).text()
    }
  }
  const { status, json } = await asked(world, '?by=provider,model&since=1h')
  expect(status).toBe(200)
  expect(json.by).toEqual(['provider', 'model'])
  const tokens = {
    requests: 4,
    failed_requests: 0,
    unpriced_requests: 0,
    output_tokens: 400,
    cache_read_tokens: 40_000,
  }
  expect(json.groups).toHaveLength(2)
  expect(json.groups).toContainEqual(expect.objectContaining({ provider: 'a', model: 'claude-sonnet-4-5', ...tokens }))
  expect(json.groups).toContainEqual(expect.objectContaining({ provider: 'b', model: 'gpt-4o', ...tokens }))
  const claude = json.groups.find(({ provider }: { provider: string }) => provider === 'a')
  expect(claude.cost_usd).toBeCloseTo(4 * COST, 9)
  expect(json.total.requests).toBe(8)
  const bySession = await asked(world, '?by=session')
  expect(
    bySession.json.groups.map(({ session, requests }: Record<string, unknown>) => [session, requests]).sort(),
  ).toEqual(
    [
      [null, 4],
      ['session-1', 4],
    ].sort(),
  )
}, 60_000)

test('what a failover wasted, and what followers saved, are apart', async () => {
  const world = await worldWithBooks({
    scripts: [
      { rules: [{ answer: { fault: 'close-after-message-start' }, repeat: 1 }], ...answer },
      { ...answer, default: { ...answer.default, delayMs: 300 } },
    ],
    settings: ['usage: { path: usage.db }', 'failover_policy: seamless'],
  })
  await (await world.post({ ...sonnet, stream: true })).text()
  const together = await Promise.all(
    [1, 2, 3].map(() => world.post({ ...sonnet, model: 'claude-haiku-4-5', stream: true })),
  )
  await Promise.all(together.map((response) => response.text()))
  const { json } = await asked(world, '')
  expect(json.total).toMatchObject({ requests: 2, wasted: { attempts: 1 }, saved: { requests: 2, output_tokens: 200 } })
  expect(json.total.wasted.input_tokens).toBeGreaterThan(0)
  expect(json.total.wasted.cost_usd).toBeGreaterThan(0)
  expect(json.total.saved.cost_usd).toBeGreaterThan(0)
}, 60_000)

test('one request can be asked for by its id, and every member of the reply is in the document', async () => {
  const world = await worldWithBooks()
  const posted = [await world.post(sonnet), await world.post({ ...sonnet, max_tokens: 99 })]
  const ids = posted.map(({ headers }) => headers.get('x-lb-request-id'))
  await Promise.all(posted.map((response) => response.text()))
  const { json } = await asked(world, `?request=${ids[1]}&by=request,key,day`)
  expect(v.parse(usageSchema, json)).toEqual(json)
  expect(json.groups).toMatchObject([{ request: ids[1], requests: 1, output_tokens: 100 }])
  expect(json.total.cost_usd).toBeCloseTo(COST, 9)
  const each = (await asked(world, '?by=request')).json.groups.map(({ request }: Record<string, unknown>) => request)
  expect(each.sort()).toEqual(ids.sort())
}, 60_000)

describe('the reply', () => {
  test('is CSV for who asks for it', async () => {
    const world = await worldWithBooks()
    await (await world.post(sonnet)).text()
    for (const reply of [
      await asked(world, '?by=model&format=csv'),
      await asked(world, '?by=model', { accept: 'text/csv' }),
    ]) {
      expect(reply.type).toContain('text/csv')
      const [head = '', line = ''] = reply.text.split('\r\n')
      expect(head.startsWith('model,requests,')).toBe(true)
      expect(line.startsWith('claude-sonnet-4-5,1,')).toBe(true)
      expect(line.split(',')[head.split(',').indexOf('cost_usd')]).toBe(String(COST))
    }
  }, 60_000)

  test.each([
    ['?by=colour', 'by: '],
    ['?since=yesterday', 'since: '],
    ['?group=key', 'group: '],
  ])('says which parameter of %s is wrong', async (query, start) => {
    const world = await startWorld({ scripts: [{}], settings: ['usage: { enabled: true }'] })
    const { status, json } = await asked(world, query)
    expect(status).toBe(400)
    expect(json.error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(start) })
  })

  test('is 503 where no books are kept, and where they cannot be read', async () => {
    const without = await startWorld({ scripts: [{}] })
    expect(await asked(without, '')).toMatchObject({
      status: 503,
      text: expect.stringContaining('settings.usage.enabled'),
    })
    const dead = await startWorld({ scripts: [{}], settings: ['usage: { path: usage.db }'] })
    expect(await asked(dead, '')).toMatchObject({ status: 503, text: expect.stringContaining('cannot be read') })
    // And requests are answered as ever.
    expect((await dead.post(hello)).status).toBe(200)
  })
})
