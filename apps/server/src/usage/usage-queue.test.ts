import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ThreadFailure } from '../threads/thread-client.ts'
import { noTokens } from './token-counts.ts'
import type { UsageEntry } from './usage-entry.ts'
import { createUsageQueue, MOST_ENTRIES, type UsageQueue, type UsageQueueDeps } from './usage-queue.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const account = { request: 'req', key: 'anna', endpoint: 'messages', session: null }
const entry = (nanoUsd: number | undefined = 1): UsageEntry => ({
  atMs: 1,
  kind: 'request',
  account,
  provider: 'a',
  model: 'm',
  isFailed: false,
  isEstimated: false,
  counts: noTokens,
  factor: 1,
  nanoUsd,
})

interface Written {
  readonly queue: UsageQueue
  /** Number and size of each batch that was tried. */
  readonly batches: [number, number][]
  readonly lines: string[]
  disk: 'works' | 'full'
}

function queueWith(more: Partial<UsageQueueDeps> = {}): Written {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const world: Omit<Written, 'queue'> = { batches: [], lines, disk: 'works' }
  const queue = createUsageQueue({
    log,
    write(batch, rows) {
      world.batches.push([batch, rows.length])
      const full = new ThreadFailure({ message: 'database or disk is full', code: 'SQLITE_FULL' })
      return world.disk === 'works' ? Promise.resolve() : Promise.reject(full)
    },
    ready: () => Promise.resolve(),
    ...more,
  })
  return Object.assign(world, { queue })
}

describe('entries are written', () => {
  test('together, a quarter of a second after the first', async () => {
    const { queue, batches } = queueWith()
    queue.add(entry())
    await vi.advanceTimersByTimeAsync(200)
    queue.add(entry())
    expect(batches).toEqual([])
    await vi.advanceTimersByTimeAsync(50)
    expect(batches).toEqual([[1, 2]])
    expect(queue.pending()).toBe(0)
  })

  test('at once when there are many', async () => {
    const { queue, batches } = queueWith()
    for (let index = 0; index < 256; index += 1) queue.add(entry())
    await vi.advanceTimersByTimeAsync(0)
    expect(batches).toEqual([[1, 256]])
  })

  test('when somebody asks', async () => {
    const { queue, batches } = queueWith()
    for (let index = 0; index < 3; index += 1) queue.add(entry())
    await queue.flush()
    expect(batches).toEqual([[1, 3]])
    await queue.flush()
    expect(batches).toHaveLength(1)
  })

  test('in bites', async () => {
    const { queue, batches } = queueWith()
    for (let index = 0; index < 2_100; index += 1) queue.add(entry())
    await queue.flush()
    expect(batches).toEqual([
      [1, 1024],
      [2, 1024],
      [3, 52],
    ])
  })

  test('when their price is known, in order', async () => {
    const late = entry()
    late.nanoUsd = undefined
    const { queue, batches } = queueWith()
    queue.add(entry())
    queue.add(late)
    queue.add(entry())
    await queue.flush()
    expect(batches).toEqual([[1, 1]])
    late.nanoUsd = null
    await vi.advanceTimersByTimeAsync(250)
    expect(batches).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect(queue.pending()).toBe(0)
  })
})

describe('a disk that fails', () => {
  test('is said once, tried again less and less often with the same batch, and said when it works again', async () => {
    const world = queueWith()
    world.disk = 'full'
    world.queue.add(entry())
    await vi.advanceTimersByTimeAsync(250 + 1_000 + 2_000 + 4_000)
    expect(world.batches).toEqual([1, 1, 1, 1].map((batch) => [batch, 1]))
    expect(world.lines.filter((line) => line.includes('usage_not_written'))).toHaveLength(1)
    world.queue.add(entry())
    world.disk = 'works'
    await vi.advanceTimersByTimeAsync(30_000)
    expect(world.batches.slice(4)).toEqual([
      [1, 1],
      [2, 1],
    ])
    expect(world.queue.pending()).toBe(0)
    expect(world.lines.at(-1)).toContain('usage_written_again')
  })

  test('keeps so many entries and no more; the rest is counted', async () => {
    const world = queueWith()
    world.disk = 'full'
    for (let index = 0; index < MOST_ENTRIES + 7; index += 1) world.queue.add(entry())
    expect(world.queue.pending()).toBe(MOST_ENTRIES)
    expect(world.queue.dropped()).toBe(7)
    world.disk = 'works'
    await world.queue.flush()
    expect(world.queue.pending()).toBe(0)
  })
})
