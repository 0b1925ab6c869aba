import { writeSync } from 'node:fs'
import { defaultAccountPolicy } from '@lb/oauth'
import { createBootClock } from '../boot-clock.ts'
import { disk } from '../disk.ts'
import { createFileStore } from '../file-store.ts'
import { authorityOf, type OAuthSettings } from '../settings.ts'
import { openAccounts } from '../stored-accounts.ts'
import { createTokenClient } from '../token-client.ts'
import type { TokenStore } from '../token-store.ts'

/**
 * A process of its own that uses an account whose token ends with each use, until it was rotated so often.
 *
 *   node worker.js <token file> <settings as JSON> <rotations>
 */
const [path = '', settings = '{}', rotations = '0'] = process.argv.slice(2)

async function open(): Promise<TokenStore> {
  const clock = createBootClock()
  const nowMs = (): number => clock.read().nowMs
  const store = await createFileStore({ path, disk, nowMs, epochMs: () => Date.now(), warn: say })
  if (!store.ok) throw new Error(store.error.message)
  return store.value
}

/** A line that has arrived when this returns: what the parent has read, we had done before we were killed. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Uses the account until its tokens have been rotated so often. Each use ends the token: the clock jumps beyond its life. */
async function rotate(settings: OAuthSettings, rotations: number): Promise<void> {
  let seen = 0
  const real = createBootClock()
  const lifeMs = 3_600_000 + 1_000
  const clock = { read: () => ({ ...real.read(), nowMs: 1_000_000 + seen * lifeMs, clockId: 'shared' }) }
  const authority = authorityOf(settings)
  const accounts = await openAccounts({
    store: await open(),
    client: createTokenClient({ epochMs: () => Date.now() }),
    authority,
    clock,
    log: (level, event, message) => (level === 'info' ? undefined : say(`${level} ${event} ${message}`)),
    policy: defaultAccountPolicy,
    roll: Math.random,
    timers: {
      after(ms, call) {
        const timer = setTimeout(call, ms)
        return () => clearTimeout(timer)
      },
    },
    strategy: 'round-robin',
    affinityTtlMs: 300_000,
    autoRefresh: false,
    pollMs: 100,
    loginAdvice: '',
  })
  while (seen <= rotations) {
    const answer = await accounts.credentialFor({ waitMs: 60_000 })
    if (answer.kind !== 'credential') {
      say(`refused ${JSON.stringify(answer)}`)
      process.exit(1)
    }
    seen = Math.max(seen, answer.credential.rotation)
    if (seen > rotations) break
  }
  await accounts.close()
  say(`done ${seen}`)
}

rotate(JSON.parse(settings) as OAuthSettings, Number(rotations)).catch((error: unknown) => {
  say(`failed ${String(error)}`)
  process.exit(1)
})
