import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openUsageDatabase, type UsageDatabase } from './usage-database.ts'
import type { UsageRow } from './usage-row.ts'
import { spentByHour, sumUsage } from './usage-sums.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lb-books-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function opened(path = join(folder(), 'data', 'usage.db')): UsageDatabase {
  const database = openUsageDatabase(path)
  onTestFinished(() => database.close())
  return database
}

type Named = { key?: string; model?: string; session?: string | null; kind?: number; nanoUsd?: number | null }

function row(atMs: number, { key = 'anna', model = 'm', session = 's', kind = 0, nanoUsd = 7 }: Named = {}): UsageRow {
  return [atMs, kind, 'req', key, 'p', model, 'messages', session, 0, 1, 2, 3, 4, 5, 0, 0, nanoUsd, 0]
}

const everything = { by: [], sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER, only: {} } as const
const entries = (database: UsageDatabase): number => sumUsage(database, everything).total.used.entries

describe('the file', () => {
  test('is made with its folder, for this user’s eyes only', () => {
    const path = join(folder(), 'deep', 'data', 'usage.db')
    opened(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  test('keeps what is in it when it is opened again', () => {
    const path = join(folder(), 'usage.db')
    const before = openUsageDatabase(path)
    before.write('p1', 1, [row(1), row(2)])
    before.close()
    expect(entries(opened(path))).toBe(2)
  })

  test('that is no database is an error and is left as it is', () => {
    const path = join(folder(), 'usage.db')
    writeFileSync(path, 'somebody’s diary, longer than a header of SQLite would be, a hundred bytes or so of text …')
    expect(() => openUsageDatabase(path)).toThrow(/not a database/)
    expect(statSync(path).size).toBeGreaterThan(80)
  })

  test('is told to be gone when it was deleted or replaced', () => {
    const path = join(folder(), 'usage.db')
    const database = opened(path)
    expect(database.isInPlace()).toBe(true)
    renameSync(path, `${path}.old`)
    expect(database.isInPlace()).toBe(false)
    opened(path)
    expect(database.isInPlace()).toBe(false)
  })

  test('may be written by two processes', () => {
    const path = join(folder(), 'usage.db')
    const [one, other] = [opened(path), opened(path)]
    for (let batch = 1; batch <= 20; batch += 1) {
      one.write('p1', batch, [row(1)])
      other.write('p2', batch, [row(1, { key: 'ben' })])
    }
    expect(entries(one)).toBe(40)
  })
})

describe('a batch', () => {
  test('that comes again is written once', () => {
    const database = opened()
    database.write('p1', 1, [row(1)])
    database.write('p1', 1, [row(1)])
    database.write('p2', 1, [row(1)])
    database.write('p1', 2, [row(1)])
    expect(entries(database)).toBe(3)
  })

  test('is written whole or not at all', () => {
    const database = opened()
    const broken = [...row(1)] as unknown as (string | number)[]
    broken[9] = 'many'
    expect(() => database.write('p1', 1, [row(1), broken as unknown as UsageRow])).toThrow()
    expect(entries(database)).toBe(0)
    database.write('p1', 1, [row(1)])
    expect(entries(database)).toBe(1)
  })

  test('of any size', () => {
    const database = opened()
    database.write(
      'p1',
      1,
      Array.from({ length: 150 }, (_, index) => row(index)),
    )
    expect(entries(database)).toBe(150)
  })

  test.each(['', "'; DROP TABLE entry; --", '\u0000', '\ud800', '漢字 🎉', 'x'.repeat(100_000)])(
    'with any names that clients may invent: %j',
    (name) => {
      const database = opened()
      database.write('p1', 1, [row(1, { model: name, session: name, key: name })])
      database.write('p1', 2, [row(1, { model: name, session: name, key: name })])
      expect(entries(database)).toBe(2)
      expect(sumUsage(database, { ...everything, by: ['model', 'session'] }).groups).toHaveLength(1)
    },
  )
})

describe('what is old', () => {
  test('goes, with the names that nobody needs any more', () => {
    const database = opened()
    database.write('p1', 1, [row(1_000, { session: 'old' }), row(2_000, { session: 'new' })])
    expect(database.prune(2_000)).toBe(false)
    expect(entries(database)).toBe(1)
    expect(database.all('SELECT name FROM session', [])).toEqual([{ name: 'new' }])
    // A session that comes back has its name again.
    database.write('p1', 2, [row(3_000, { session: 'old' })])
    expect(sumUsage(database, { ...everything, only: { session: 'old' } }).total.used.entries).toBe(1)
  })

  test('goes in bites', () => {
    const database = opened()
    for (let batch = 0; batch < 6; batch += 1) {
      database.write(
        'p1',
        batch,
        Array.from({ length: 1_000 }, () => row(1)),
      )
    }
    expect(database.prune(10)).toBe(true)
    expect(entries(database)).toBe(1_000)
    expect(database.prune(10)).toBe(false)
    expect(entries(database)).toBe(0)
  })
})

test('what each key spent, by hour, without what was saved', () => {
  const database = opened()
  const hour = 3_600_000
  database.write('p1', 1, [
    row(10 * hour, { nanoUsd: 1 }),
    row(10 * hour + 5, { nanoUsd: 2, kind: 2 }),
    row(11 * hour, { nanoUsd: 4 }),
    row(11 * hour, { nanoUsd: 100, kind: 3 }),
    row(11 * hour, { nanoUsd: null }),
    row(9 * hour, { nanoUsd: 50 }),
    row(12 * hour, { nanoUsd: 50 }),
    row(10 * hour, { key: 'ben', nanoUsd: 9 }),
  ])
  const spent = [...spentByHour(database, 10 * hour, 12 * hour)].sort((a, b) => a.nanoUsd - b.nanoUsd)
  expect(spent).toEqual([
    { key: 'anna', hourMs: 10 * hour, nanoUsd: 3 },
    { key: 'anna', hourMs: 11 * hour, nanoUsd: 4 },
    { key: 'ben', hourMs: 10 * hour, nanoUsd: 9 },
  ])
})

test('a folder that may not be written to is an error', () => {
  const locked = folder()
  mkdirSync(join(locked, 'data'))
  writeFileSync(join(locked, 'data', 'usage'), '')
  chmodSync(join(locked, 'data', 'usage'), 0o400)
  // A file in place of the folder: refused whoever asks, the superuser too.
  expect(() => openUsageDatabase(join(locked, 'data', 'usage', 'usage.db'))).toThrow(/EEXIST|ENOTDIR/)
})
