import { authorityId, claudeAuthority, putLogin } from '@lb/oauth'
import { ok } from '@lb/protocol'
import { disk } from '../disk.ts'
import { createFileStore } from '../file-store.ts'
import { openOAuth } from '../oauth.ts'

/**
 * A process that crashes with everything it knows in its hands.
 *
 *   node crash.js <token file>
 */
const [path = ''] = process.argv.slice(2)

async function crash(): Promise<void> {
  const options = { path, disk, nowMs: () => 0, epochMs: () => Date.now(), warn: () => undefined }
  const store = await createFileStore(options)
  if (!store.ok) throw new Error(store.error.message)
  const grant = { accessToken: 'at-canary', refreshToken: 'rt-canary', lifetimeMs: 3_600_000, identity: {} }
  const at = { nowMs: 0, clockId: '', epochMs: Date.now() }
  const login = { email: 'a@x.com', authority: authorityId(claudeAuthority), login: 'l', grant, scopes: [], at }
  await store.value.update((file) => ok(putLogin(file, login)))
  await store.value.close()
  const log = (...line: unknown[]): void => console.log(...line)
  const oauth = await openOAuth({ enabled: true, tokenFile: path }, { publicUrl: 'http://127.0.0.1:9090', log })
  if (!oauth.ok) throw new Error(oauth.error.join())
  const answer = await oauth.value.accounts.credentialFor({})
  const started = await oauth.value.logins.start({ redirect: 'loopback' })
  console.log(answer, oauth.value, started.redirectUri, JSON.stringify(answer))
  throw Object.assign(new Error(`crash with ${JSON.stringify(answer)}`), {
    answer,
    oauth: oauth.value,
    started: [started],
  })
}

void crash()
