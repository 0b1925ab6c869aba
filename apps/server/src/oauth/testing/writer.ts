import { writeSync } from 'node:fs'
import { putTokens, rotated } from '@lb/oauth'
import { disk } from '../disk.ts'
import { createFileStore } from '../file-store.ts'

/**
 * A process of its own that writes rotations as fast as it can, and says each when it is kept. It is made to be killed.
 *
 *   node writer.js <token file> <time to live of its locks, ms>
 */
const [path = '', lockTtlMs = '15000'] = process.argv.slice(2)

/** A line that has arrived when this returns: what the parent has read, we had done before we were killed. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

async function write(): Promise<void> {
  const options = { path, disk, nowMs: () => performance.now(), epochMs: () => Date.now(), warn: say }
  const store = await createFileStore({ ...options, lockTtlMs: Number(lockTtlMs) })
  if (!store.ok) throw new Error(store.error.message)
  for (;;) {
    const read = await store.value.read()
    const account = read.ok ? read.value.file.accounts[0] : undefined
    if (account === undefined) throw new Error('no account')
    const number = account.rotation + 1
    const grant = { accessToken: `at-${number}`, refreshToken: `rt-${number}`, lifetimeMs: 1_000, identity: {} }
    const kept = await store.value.update((file) =>
      putTokens(file, rotated(account, grant, { nowMs: 0, clockId: '', epochMs: 0 })),
    )
    if (kept.ok) say(String(number))
  }
}

write().catch((error: unknown) => {
  say(`failed ${String(error)}`)
  process.exit(1)
})
