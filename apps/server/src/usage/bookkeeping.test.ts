import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createBookkeeping } from './bookkeeping.ts'
import type { UsageRow } from './usage-row.ts'

const row: UsageRow = [1, 0, 'req', 'anna', 'p', 'm', 'messages', null, 0, 1, 2, 3, 4, 5, 0, 0, 7, 0]

test('books that somebody deletes while they are open are begun anew, where they are looked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-books-'))
  const path = join(folder, 'usage.db')
  const books = [createBookkeeping(), createBookkeeping()] as const
  onTestFinished(() => {
    for (const { close } of books) void close({ kind: 'close', id: 0 })
    rmSync(folder, { recursive: true, force: true })
  })
  for (const { open } of books) void open({ kind: 'open', id: 0, path, retentionMs: 1e15 })
  const [writer, reader] = books
  const entries = async (): Promise<number> => {
    const sums = await reader.sum({ kind: 'sum', id: 0, query: { by: [], sinceMs: 0, untilMs: 2, only: {} } })
    return sums.total.used.entries
  }
  await writer.write({ kind: 'write', id: 0, process: 'p1', batch: 1, rows: [row, row] })
  expect(await entries()).toBe(2)
  for (const name of ['usage.db', 'usage.db-wal', 'usage.db-shm']) rmSync(join(folder, name), { force: true })
  await writer.write({ kind: 'write', id: 0, process: 'p1', batch: 2, rows: [row] })
  expect(await entries()).toBe(1)
})
