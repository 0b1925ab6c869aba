import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type Database from 'libsql'
import { makeFolderSync } from '../make-folder.ts'
import type { UsageRow } from './usage-row.ts'

/** The books on disk. Everything here waits for the disk: for a thread of its own only. */
export interface UsageDatabase {
  /** Writes a batch, or nothing of it. A batch that this process has written before is not written twice. */
  write(process: string, batch: number, rows: readonly UsageRow[]): void
  /** Deletes some of what is older. @returns whether there may be more. */
  prune(beforeMs: number): boolean
  all(sql: string, values: readonly (string | number)[]): readonly SqlRow[]
  /** Whether the file is still where it was opened: what is written to one that was deleted or replaced, nobody finds again. */
  isInPlace(): boolean
  close(): void
}

/** A row of an answer, by the names of its columns. */
export type SqlRow = Readonly<Record<string, string | number | null>>

/** An entry is a {@link UsageRow}. The names that repeat are kept once, in tables of their own: a fifth of the space. */
const schema = `
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
  UNIQUE (key, provider, model, endpoint)
) STRICT;
CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS entry (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  request TEXT NOT NULL,
  source INTEGER NOT NULL REFERENCES source (id),
  session INTEGER REFERENCES session (id),
  failed INTEGER NOT NULL,
  input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
  output INTEGER NOT NULL, thinking INTEGER NOT NULL, web_searches INTEGER NOT NULL,
  nano_usd INTEGER, estimated INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_at ON entry (at_ms);
CREATE TABLE IF NOT EXISTS written (process TEXT PRIMARY KEY, batch INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
`

const COLUMNS = 15
/** Where in a {@link UsageRow} the values begin that are columns as they are. */
const FIRST_COUNT = 8

/** Other processes may write to the same file. */
const BUSY_MS = 5_000

/** So many rows are deleted at a time: nobody waits long for the disk. */
const PRUNED_ROWS = 5_000

/** What processes that ended wrote last is forgotten after a week. */
const PROCESS_MEMORY_MS = 7 * 86_400_000

/**
 * Opens the books, and makes them and their folder where there are none: for this user's eyes only.
 *
 * A commit is written to the log file at once but not forced to the medium: it survives the death of the process, not of the
 * machine. The file itself is whole in any case.
 */
export function openUsageDatabase(path: string): UsageDatabase {
  makeFolderSync(dirname(path), 0o700)
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new (loadLibsql())(path, { timeout: BUSY_MS })
  database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec(schema)
  const file = fileAt(path)
  const sourceId = interned(database, 'source', ['key', 'provider', 'model', 'endpoint'])
  const sessionId = interned(database, 'session', ['name'])
  const insertMany = insertion(database, BATCH_ROWS)
  const insertOne = insertion(database, 1)
  const written = database.prepare('SELECT batch FROM written WHERE process = ?')
  const remember = database.prepare('INSERT OR REPLACE INTO written (process, batch, at_ms) VALUES (?, ?, ?)')

  function addColumns(values: Values, row: UsageRow): Values {
    const [atMs, kind, request, key, provider, model, endpoint, session] = row
    const source = sourceId([key, provider, model, endpoint])
    values.push(atMs, kind, request, source, session === null ? null : sessionId([session]))
    for (let at = FIRST_COUNT; at < row.length; at += 1) values.push(row[at] ?? null)
    return values
  }

  function writeRows(rows: readonly UsageRow[]): void {
    for (let from = 0; from < rows.length; from += BATCH_ROWS) {
      const some = rows.slice(from, from + BATCH_ROWS)
      if (some.length < BATCH_ROWS) for (const row of some) insertOne(addColumns([], row))
      else insertMany(some.reduce(addColumns, []))
    }
  }

  return {
    write(process, batch, rows) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const last = written.get([process]) as SqlRow | undefined
        if (Number(last?.['batch'] ?? -1) < batch) {
          writeRows(rows)
          remember.run([process, batch, rows[0]?.[0] ?? 0])
        }
        database.exec('COMMIT')
      } catch (error) {
        sourceId.forget()
        sessionId.forget()
        // SQLite may have rolled back by itself, e.g. when the disk is full.
        if (database.inTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    prune(beforeMs) {
      const oldest = `SELECT id FROM entry WHERE at_ms < ? ORDER BY at_ms LIMIT ${PRUNED_ROWS}`
      const { changes } = database.prepare(`DELETE FROM entry WHERE id IN (${oldest})`).run([beforeMs])
      if (changes === PRUNED_ROWS) return true
      database.exec('DELETE FROM session WHERE id NOT IN (SELECT session FROM entry WHERE session IS NOT NULL)')
      database.prepare('DELETE FROM written WHERE at_ms < ?').run([beforeMs - PROCESS_MEMORY_MS])
      sessionId.forget()
      database.exec('PRAGMA incremental_vacuum(1000)')
      return false
    },
    all: (sql, values) => database.prepare(sql).all([...values]) as SqlRow[],
    isInPlace: () => fileAt(path) === file,
    close: () => database.close(),
  }
}

/** Which file a path leads to; `undefined`: none. */
function fileAt(path: string): string | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false })
  return file && `${file.dev}:${file.ino}`
}

/** Its binary is loaded when there is something to open: where no books are kept, none is needed. */
function loadLibsql(): typeof Database {
  return createRequire(import.meta.url)('libsql') as typeof Database
}

/** The size of a usual batch: one statement writes all of it, which costs a fourth of one statement for each row. */
const BATCH_ROWS = 64

type Values = (string | number | null)[]

function insertion(database: Database.Database, rows: number): (values: Values) => void {
  const one = `(${Array(COLUMNS).fill('?').join(', ')})`
  const statement = database.prepare(
    `INSERT INTO entry (at_ms, kind, request, source, session, failed, input, cache_read, cache_write_5m, cache_write_1h,
       output, thinking, web_searches, nano_usd, estimated) VALUES ${Array(rows).fill(one).join(', ')}`,
  )
  return (values) => void statement.run(values)
}

interface Interned {
  (values: readonly string[]): number
  /** What was given since the last commit may not be there. */
  forget(): void
}

/** A table of names: gives each its number. Remembers as many as are in use at a time. */
function interned(database: Database.Database, table: string, columns: readonly string[]): Interned {
  const known = new Map<string, number>()
  const places = columns.map(() => '?').join(', ')
  const insert = database.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  const select = database.prepare(`SELECT id FROM ${table} WHERE ${columns.map((name) => `${name} = ?`).join(' AND ')}`)
  const intern = (values: readonly string[]): number => {
    const name = values.length === 1 ? (values[0] as string) : JSON.stringify(values)
    const found = known.get(name)
    if (found !== undefined) return found
    insert.run([...values])
    const id = Number((select.get([...values]) as SqlRow)['id'])
    if (known.size >= MOST_NAMES) known.clear()
    known.set(name, id)
    return id
  }
  return Object.assign(intern, { forget: () => known.clear() })
}

const MOST_NAMES = 10_000
