import { type AccountPolicy, type Authority, defaultAccountPolicy } from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import type { Accounts, Timers } from './accounts.ts'
import { createBootClock, type InstantClock } from './boot-clock.ts'
import { createFileCipher } from './cipher.ts'
import { type Disk, disk as realDisk } from './disk.ts'
import { createFileStore } from './file-store.ts'
import type { OAuthLog } from './log.ts'
import { createLogins, type Logins } from './logins.ts'
import { createMemoryStore } from './memory-store.ts'
import { type OAuthRoute, oauthRoutes } from './routes.ts'
import { authorityOf, defaultTokenFile, type OAuthSettings, settingsProblems, termsNotice } from './settings.ts'
import { openAccounts } from './stored-accounts.ts'
import { createTokenClient, type TokenClient } from './token-client.ts'
import { fetchKey, type Keyring, type KeySource, keySourceOf, systemKeyring } from './token-key.ts'
import type { StoreProblem, TokenStore } from './token-store.ts'

/** Everything about stored logins, put together. */
export interface OAuth {
  readonly accounts: Accounts
  readonly logins: Logins
  readonly routes: readonly OAuthRoute[]
  readonly authority: Authority
  close(): Promise<void>
}

/** What it runs on. All but `log` have the real thing as their default. */
export interface OAuthPorts {
  readonly log: OAuthLog
  /** Where this server is reached, e.g. `http://127.0.0.1:9090`. */
  readonly publicUrl: string
  readonly clock?: InstantClock
  readonly timers?: Timers
  readonly roll?: () => number
  readonly disk?: Disk
  readonly client?: TokenClient
  readonly store?: TokenStore
  readonly keyring?: () => Promise<Keyring>
  readonly policy?: AccountPolicy
}

/**
 * Opens the stored logins.
 *
 * @returns problems in sentences when the settings are wrong or the token file is refused: then lb should say them and go on
 * without stored logins, or not start, as for any other part of the config.
 */
export async function openOAuth(settings: OAuthSettings, ports: OAuthPorts): Promise<Result<OAuth, readonly string[]>> {
  const problems = settingsProblems(settings)
  if (problems.length > 0) return err(problems)
  const { log, clock = createBootClock() } = ports
  log('warn', 'terms', termsNotice)
  const store = ports.store === undefined ? await openStore(settings, { ...ports, clock }) : ok(ports.store)
  if (!store.ok) return err([`oauth: ${store.error.message}`])
  const authority = authorityOf(settings)
  const client = ports.client ?? createTokenClient({ ...proxyOf(settings), epochMs: () => clock.read().epochMs })
  const accounts = await openAccounts({
    store: store.value,
    client,
    authority,
    clock,
    log,
    policy: ports.policy ?? defaultAccountPolicy,
    roll: ports.roll ?? Math.random,
    timers: ports.timers ?? realTimers,
    strategy: settings.strategy ?? 'round-robin',
    affinityTtlMs: settings.affinityTtlMs ?? 300_000,
    autoRefresh: settings.enableAutoRefresh ?? true,
    loginAdvice: `run "lb login", or open ${ports.publicUrl}/oauth/authorize in a browser`,
  })
  const logins = createLogins({ authority, accounts, client, clock, log })
  const routes = oauthRoutes({ authority, accounts, clock, logins, publicUrl: ports.publicUrl })
  const close = async (): Promise<void> => {
    await logins.close()
    await accounts.close()
  }
  return ok({ accounts, logins, routes, authority, close })
}

async function openStore(
  settings: OAuthSettings,
  ports: OAuthPorts & { readonly clock: InstantClock },
): Promise<Result<TokenStore, StoreProblem>> {
  if (settings.enablePersistence === false) return ok(createMemoryStore())
  const { clock, disk = realDisk, log } = ports
  const warn = (message: string): void => log('warn', 'store', message)
  const source = keySource(settings)
  const key = source ? await fetchKey(source, disk, ports.keyring ?? systemKeyring, warn) : ok(undefined)
  if (!key.ok) return err({ kind: 'refused', message: key.error.message })
  return createFileStore({
    path: settings.tokenFile ?? defaultTokenFile(process.env, process.platform),
    disk,
    nowMs: () => clock.read().nowMs,
    epochMs: () => clock.read().epochMs,
    warn,
    ...(key.value === undefined ? {} : { cipher: createFileCipher(key.value) }),
  })
}

function keySource({ encryptionKey, encryptionKeyFile, serviceName }: OAuthSettings): KeySource | undefined {
  if (encryptionKeyFile !== undefined) return { kind: 'key-file', path: encryptionKeyFile }
  return encryptionKey === undefined ? undefined : keySourceOf(encryptionKey, serviceName ?? 'lb')
}

function proxyOf({ proxy }: OAuthSettings): { readonly proxy?: string } {
  return proxy === undefined || proxy.length === 0 ? {} : { proxy: proxy.reveal() }
}

const realTimers: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
}
