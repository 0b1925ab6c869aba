import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authorityId, claudeAuthority, defaultAccountPolicy } from '@lb/oauth'
import type { Accounts, AccountsOptions } from '../accounts.ts'
import { createMemoryStore } from '../memory-store.ts'
import { openAccounts } from '../stored-accounts.ts'
import type { TokenStore } from '../token-store.ts'
import { createFakeTokenServer, type FakeTokenServer } from './token-server.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'

/** Accounts over a fake token server, in virtual time. */
export interface World {
  readonly accounts: Accounts
  readonly server: FakeTokenServer
  readonly time: VirtualTime
  readonly store: TokenStore
  /** Every line that was logged, as a log file would have it. */
  readonly lines: string[]
  /** Signs an account in. */
  signIn(email: string): Promise<void>
  /** Another process on the same store. */
  another(): Promise<Accounts>
}

/** Builds a world. */
export async function createWorld(
  options: Partial<AccountsOptions> & { readonly lifetimeS?: number; readonly rotates?: boolean } = {},
): Promise<World> {
  const time = createVirtualTime()
  const server = createFakeTokenServer(options)
  const store = options.store ?? createMemoryStore()
  const lines: string[] = []
  const all: AccountsOptions = {
    store,
    client: server,
    authority: claudeAuthority,
    clock: time,
    timers: time,
    roll: () => 0.5,
    policy: defaultAccountPolicy,
    log: (level, event, message, fields) => lines.push(JSON.stringify({ level, event, message, ...fields })),
    strategy: 'round-robin',
    affinityTtlMs: 300_000,
    autoRefresh: true,
    pollMs: 60_000,
    loginAdvice: 'run "lb login"',
    ...options,
  }
  const accounts = await openAccounts(all)
  let logins = 0
  return {
    accounts,
    server,
    time,
    store,
    lines,
    async signIn(email) {
      logins += 1
      const grant = server.grantFor(email)
      await accounts.add({
        email,
        authority: authorityId(claudeAuthority),
        login: `login-${logins}`,
        grant: { ...grant, lifetimeMs: (options.lifetimeS ?? 28_800) * 1000, identity: {} },
        scopes: ['user:inference'],
        at: time.read(),
      })
    },
    another: () => openAccounts(all),
  }
}

/** A folder of this test's own. */
export function testFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'lb-oauth-'))
  chmodSync(path, 0o700)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
