import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { startOidcServer } from '../oauth/testing/oidc-server.ts'
import { type FileWorld, startFileWorld } from '../testing/file-world.ts'
import { signIn } from '../testing/signed-in-world.ts'
import { hello } from '../testing/world.ts'

test('how long a conversation stays with an account follows the configuration, and nobody has to sign in again', async () => {
  const oidc = await startOidcServer()
  const mock = await startMockProvider({ script: {} })
  onTestFinished(async () => {
    await Promise.all([oidc.close(), mock.close()])
  })
  const { authorizeUrl, tokenUrl, issuer } = oidc.settings
  const text = (sticky: number): string => `
providers:
  - { name: me, type: anthropic, base_url: "${mock.url}", auth_type: oauth }
  - { name: spare, type: anthropic, base_url: "${mock.url}", auth_value: k }
model_routes:
  "*":
    - { provider: me, model: passthrough, priority: 1 }
    - { provider: spare, model: passthrough, priority: 2 }
settings:
  port: 0
  log_file_path: ""
  reload: false
  usage: { enabled: false }
  deduplication: { enabled: false }
  sticky_provider_duration: ${sticky}
  oauth: { enabled: true, authorize_url: "${authorizeUrl}", token_url: "${tokenUrl}", issuer: "${issuer}", client_id: lb,
    scopes: [openid, email], token_body: form, token_file: tokens/tokens.json, account_selection: round_robin }
`
  const world = await startFileWorld(text(300))
  for (const name of ['ada', 'bob']) await signIn(oidc, world as never, name)
  expect(await accountsOf(world)).toBe(1)
  await world.write(text(0.001))
  expect((await world.call('POST', '/providers/reload')).status).toBe(200)
  // The logins are opened again behind the answer; a request that comes meanwhile goes to the other provider.
  await expect.poll(() => accountsOf(world), { interval: 50 }).toBe(2)

  /** How many accounts answer the turns of one conversation. */
  async function accountsOf({ lb }: FileWorld): Promise<number> {
    const before = mock.requests.length
    for (let turn = 0; turn < 4; turn += 1) {
      const headers = { 'x-claude-code-session-id': 's-1' }
      const response = await fetch(`${lb.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(hello) })
      await response.text()
      expect(response.status).toBe(200)
    }
    const tokens = mock.requests.slice(before).map(({ headers }) => headers['authorization'])
    return new Set(tokens.filter((token) => token !== undefined)).size
  }
})
