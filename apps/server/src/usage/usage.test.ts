import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { newId } from '../random.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { inlineThreads } from '../threads/testing/inline-thread.ts'
import { createBookkeeping } from './bookkeeping.ts'
import { booksConfig, doneRequest, requestOf } from './testing/done-request.ts'
import { createUsage, type Usage, type UsageReply } from './usage.ts'
import type { UsageQuery } from './usage-query.ts'

const DAY_MS = 86_400_000
const everything: UsageQuery = { by: [], sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER, only: {} }
const rates = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 }
const answered = doneRequest([{ outcome: 'succeeded', usage: { input_tokens: 100, output_tokens: 10 } }])
/** What it costs at these rates, in dollars. */
const COST = (100 * 3 + 10 * 15) / 1e6

interface Books {
  readonly usage: Usage
  readonly lines: Record<string, unknown>[]
  /** The thread dies, as by a bug or for want of memory. */
  killThread(): void
  settings: Partial<CompiledConfig['config']['settings']['usage']>
  used(query?: Partial<UsageQuery>): Promise<UsageReply['total']['used']>
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lb-books-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** The books, with everything but a thread of their own. */
function openBooks(inFolder: string, agoMs = 0): Books {
  const lines: Record<string, unknown>[] = []
  const threads = inlineThreads(createBookkeeping)
  const base = booksConfig([['*', rates]])
  const configs = new Map<object, CompiledConfig>()
  const books: Omit<Books, 'usage' | 'used'> & { settings: Books['settings'] } = {
    lines,
    settings: {},
    killThread: threads.kill,
  }
  const usage = createUsage({
    clock: { nowMs: systemClock.nowMs, epochMs: () => systemClock.epochMs() - agoMs },
    log: pino({ base: null, messageKey: 'message' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    newId,
    folder: inFolder,
    estimateInput: () => 0,
    current() {
      const known = configs.get(books.settings)
      if (known !== undefined) return known
      const { usage: own, ...others } = base.config.settings
      const config = { ...base.config, settings: { ...others, usage: { ...own, ...books.settings } } }
      const made = { ...base, config }
      configs.set(books.settings, made)
      return made
    },
    startThread: threads.start,
  })
  onTestFinished(() => usage.close())
  const used = async (query = {}): Promise<UsageReply['total']['used']> =>
    (await usage.sum({ ...everything, ...query })).total.used
  return Object.assign(books, { usage, used })
}

const tell = (books: Books, done = answered): void => books.usage.observer.requestDone?.(done)

describe('the books', () => {
  test('hold what was used and what it cost', async () => {
    const books = openBooks(folder())
    tell(books)
    tell(books)
    expect(await books.used()).toMatchObject({ entries: 2, input: 200, output: 20, nanoUsd: 900_000, unpriced: 0 })
  })

  test('count no counts', async () => {
    const books = openBooks(folder())
    tell(books, doneRequest([], 'completed', { endpoint: 'count-tokens' }))
    expect(await books.used()).toMatchObject({ entries: 0 })
    expect(books.usage.costOf(doneRequest([], 'completed', { endpoint: 'count-tokens' }))).toBeUndefined()
  })

  test('look a price up, and complete the entry when it is known', async () => {
    const books = openBooks(folder())
    books.settings = { prices: [] }
    const done = doneRequest([{ model: 'claude-sonnet-4-5', outcome: 'succeeded', usage: { input_tokens: 1_000 } }])
    expect(books.usage.costOf(done)).toBeUndefined()
    tell(books, done)
    expect(await books.used()).toMatchObject({ nanoUsd: 3_000_000, unpriced: 0 })
    expect(books.usage.costOf(done)).toBe(0.003)
    tell(books, doneRequest([{ model: 'our-own-7b', outcome: 'succeeded', usage: { input_tokens: 1_000 } }]))
    expect(await books.used()).toMatchObject({ nanoUsd: 3_000_000, unpriced: 1, input: 2_000 })
  })

  test('what a follower saved is apart', async () => {
    const books = openBooks(folder())
    const [leader, request] = [requestOf(), requestOf({ id: 'req_2', tenant: 'ben' })]
    const done = { request, leader, bytes: 10, firstByteAtMs: undefined, nowMs: 1 }
    books.usage.observer.followerDone?.({ ...done, ending: 'whole' })
    tell(books)
    // Nobody was spared a whole answer by one that he did not get.
    books.usage.observer.followerDone?.({ ...done, ending: 'left' })
    books.usage.observer.followerDone?.({ ...done, ending: 'failed' })
    const { groups } = await books.usage.sum({ ...everything, by: ['key'] })
    expect(groups).toMatchObject([
      { names: { key: 'anna' }, used: { entries: 1 }, saved: { entries: 0 } },
      { names: { key: 'ben' }, used: { entries: 0 }, saved: { entries: 1, nanoUsd: 450_000 } },
    ])
    expect(books.usage.spentSince('ben', 0)).toBe(0)
  })

  test('forget what is older than they are to keep', async () => {
    const place = folder()
    const before = openBooks(place, 91 * DAY_MS)
    tell(before)
    await before.usage.close()
    const books = openBooks(place)
    tell(books)
    await expect.poll(async () => (await books.used()).entries, { timeout: 10_000, interval: 100 }).toBe(1)
  })
})

describe('a reload', () => {
  test('moves the books at once', async () => {
    const books = openBooks(folder())
    tell(books)
    expect(await books.used()).toMatchObject({ entries: 1 })
    books.settings = { path: 'elsewhere/usage.db' }
    expect(await books.used()).toMatchObject({ entries: 0 })
    tell(books)
    expect(await books.used()).toMatchObject({ entries: 1 })
  })

  test('begins and ends them', async () => {
    const books = openBooks(folder())
    books.settings = { enabled: false }
    tell(books)
    await expect(books.used()).rejects.toThrow('no books are kept')
    books.settings = { enabled: true }
    tell(books)
    expect(await books.used()).toMatchObject({ entries: 1 })
    // What is not written down counts for budgets all the same.
    expect(books.usage.spentSince('anna', 0)).toBeCloseTo(2 * COST)
  })
})

describe('a thread that dies', () => {
  test('is started again, and nothing is lost or written twice', async () => {
    const books = openBooks(folder())
    for (let round = 1; round <= 3; round += 1) {
      tell(books)
      const pending = books.used().catch(() => undefined)
      books.killThread()
      await pending
      tell(books)
    }
    await expect.poll(async () => (await books.used()).entries, { timeout: 10_000, interval: 100 }).toBe(6)
    expect((await books.usage.sum(everything)).pending).toBe(0)
  })

  test('takes no request with it: the books only say what waits', async () => {
    const place = folder()
    const books = openBooks(place)
    books.settings = { path: join(place, 'no.db', 'no.db') }
    const blocked = openBooks(place)
    blocked.settings = { path: 'no.db' }
    tell(blocked)
    // Now `no.db` is a file, and the other books cannot have a folder of that name.
    expect(await blocked.used()).toMatchObject({ entries: 1 })
    tell(books)
    await expect(books.used()).rejects.toMatchObject({ name: 'ThreadFailure' })
    expect(books.lines).toMatchObject([{ event: 'usage_not_written' }])
    books.settings = { path: 'yes.db' }
    expect(await books.used()).toMatchObject({ entries: 1 })
  })
})

describe('budgets', () => {
  test('know what earlier processes spent', async () => {
    const place = folder()
    const before = openBooks(place, 2 * DAY_MS)
    tell(before)
    await before.usage.close()
    const books = openBooks(place)
    expect(books.usage.spentSince('anna', 0)).toBe(0)
    await books.usage.ready()
    expect(books.usage.spentSince('anna', 0)).toBeCloseTo(COST)
    expect(books.usage.spentSince('ben', 0)).toBe(0)
    tell(books)
    expect(books.usage.spentSince('anna', 0)).toBeCloseTo(2 * COST)
    expect(books.usage.spentSince('anna', systemClock.epochMs() - DAY_MS)).toBeCloseTo(COST)
  })

  test('that come with a reload know it, too: it is read with the first request', async () => {
    const place = folder()
    const before = openBooks(place, DAY_MS)
    tell(before)
    await before.usage.close()
    const books = openBooks(place)
    const candidate = { id: 'a', provider: 'a', model: 'claude-x' } as never
    for (const attempt of [1, 2]) books.usage.observer.attemptStarted?.({ request: requestOf(), attempt, candidate })
    await expect.poll(() => books.usage.spentSince('anna', 0)).toBeCloseTo(COST)
  })

  test('begin at zero when nobody can say, and say so', async () => {
    const place = folder()
    const first = openBooks(place)
    tell(first)
    await first.used()
    const books = openBooks(place)
    books.settings = { path: 'usage.db/usage.db' }
    await books.usage.ready()
    expect(books.lines).toMatchObject([{ event: 'usage_not_read' }])
  })
})

test('what cannot be written at the end is said', async () => {
  const place = folder()
  const first = openBooks(place)
  tell(first)
  await first.used()
  const books = openBooks(place)
  books.settings = { path: 'usage.db/usage.db' }
  tell(books)
  await books.usage.close()
  expect(books.lines.at(-1)).toMatchObject({ event: 'usage_lost', entries: 1 })
})
