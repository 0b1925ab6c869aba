import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MockScript } from '@lb/mock-provider'
import { onTestFinished } from 'vitest'
import type { OidcServer } from '../oauth/testing/oidc-server.ts'
import { startWorld, type World } from './world.ts'

/**
 * lb with stored logins from a real authorization server. The first upstream takes them, the others have keys.
 *
 * @param names who is signed in.
 */
export async function startSignedInWorld(
  oidc: OidcServer,
  scripts: readonly MockScript[],
  names: readonly string[],
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'lb-oauth-'))
  const { authorizeUrl, tokenUrl, issuer } = oidc.settings
  const world = await startWorld({
    scripts,
    auth: ['auth_type: oauth'],
    settings: [
      `oauth: { enabled: true, authorize_url: "${authorizeUrl}", token_url: "${tokenUrl}", issuer: "${issuer}", client_id: lb,`,
      `  scopes: [openid, email], token_body: form, token_file: "${folder}/oauth/tokens.json" }`,
    ],
  })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of names) await signIn(oidc, world, name)
  return world
}

/** Somebody signs in to lb, as in a browser. */
export async function signIn(oidc: OidcServer, { lb }: World, name: string): Promise<void> {
  const authorize = await fetch(`${lb.url}/oauth/authorize`, { headers: { accept: 'application/json' } })
  const { login_url: url } = (await authorize.json()) as { login_url: string }
  const page = await fetch(await oidc.signIn(url, name))
  if (page.status !== 200) throw new Error(`signing in ended with ${page.status}`)
}
