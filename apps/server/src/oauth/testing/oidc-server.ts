import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import type { OAuthSettings } from '../settings.ts'

/**
 * A real authorization server (`oidc-provider`): PKCE is demanded, refresh tokens rotate, and using one twice ends the
 * login. Beside it an API that takes its access tokens.
 */
export interface OidcServer {
  readonly issuer: string
  /** Settings of lb that go with it. */
  readonly settings: OAuthSettings
  /** The API: 200 for a good access token, 401 for anything else. */
  readonly apiUrl: string
  /** What was counted since the start. */
  readonly counts: { tokenCalls: number; refreshes: number; revokedLogins: number; refused: number }
  /** How the token endpoint behaves: as it should; answers 503 and does nothing; acts and loses the answer; waits first. */
  mode: 'ok' | 'down' | 'answer-lost' | 'slow'
  /** Every login is over. */
  revokeAll(): void
  /** Signs in over HTTP as the browser would: through the pages to where the server redirects at last. */
  signIn(authorizeUrl: string, name: string): Promise<string>
  close(): Promise<void>
}

/** How long `slow` waits. */
const SLOW_MS = 1_500

/** Starts it on a free port. */
export async function startOidcServer(redirectUri?: string): Promise<OidcServer> {
  const store = new Map<string, Record<string, unknown>>()
  const server = createServer()
  const issuer = await listen(server)
  const provider = new Provider(issuer, configuration(store, redirectUri))
  const counts = { tokenCalls: 0, refreshes: 0, revokedLogins: 0, refused: 0 }
  provider.on('grant.revoked', () => {
    counts.revokedLogins += 1
  })
  provider.on('grant.error', () => {
    counts.refused += 1
  })
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url !== '/token') {
      handle(request, response)
      return
    }
    counts.tokenCalls += 1
    if (oidc.mode === 'down') {
      response.writeHead(503).end()
      return
    }
    if (oidc.mode === 'answer-lost') loseAnswer(response)
    setTimeout(() => handle(request, response), oidc.mode === 'slow' ? SLOW_MS : 0)
  })
  const api = createServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    void provider.AccessToken.find(token).then((found) => {
      response.writeHead(found === undefined || found.isExpired ? 401 : 200).end()
    })
  })
  const apiUrl = await listen(api)
  const oidc: OidcServer = {
    issuer,
    apiUrl,
    counts,
    mode: 'ok',
    settings: settingsFor(issuer, redirectUri),
    revokeAll: () => store.clear(),
    signIn: (authorizeUrl, name) => signIn(issuer, authorizeUrl, name),
    close: async () => {
      await Promise.all([server, api].map(stop))
    },
  }
  return oidc
}

function settingsFor(issuer: string, redirectUri: string | undefined): OAuthSettings {
  return {
    enabled: true,
    authorizeUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    revokeUrl: `${issuer}/token/revocation`,
    issuer,
    clientId: 'lb',
    scopes: ['openid', 'email'],
    tokenBody: 'form',
    ...(redirectUri === undefined ? {} : { redirectUri }),
  }
}

function configuration(store: Map<string, Record<string, unknown>>, redirectUri: string | undefined): object {
  return {
    adapter: adapterOver(store),
    clients: [
      {
        client_id: 'lb',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: redirectUri === undefined ? ['http://localhost/callback'] : [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    cookies: { keys: ['only for tests'] },
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    scopes: ['openid', 'email'],
    claims: { openid: ['sub'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com` }),
    }),
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 600,
      Grant: 86_400,
      Session: 86_400,
      RefreshToken: 86_400,
    },
  }
}

/** Keeps everything in one map, so that a test can end all logins at once. */
function adapterOver(store: Map<string, Record<string, unknown>>): new (name: string) => object {
  return class {
    readonly name: string
    constructor(name: string) {
      this.name = name
    }
    async upsert(id: string, payload: Record<string, unknown>): Promise<void> {
      store.set(`${this.name}:${id}`, payload)
    }
    async find(id: string): Promise<Record<string, unknown> | undefined> {
      return store.get(`${this.name}:${id}`)
    }
    async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
      return [...store.values()].find((payload) => payload['uid'] === uid)
    }
    async consume(id: string): Promise<void> {
      const payload = store.get(`${this.name}:${id}`)
      if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1000)
    }
    async destroy(id: string): Promise<void> {
      store.delete(`${this.name}:${id}`)
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, payload] of store) if (payload['grantId'] === grantId) store.delete(key)
    }
  }
}

/** The provider does its part, and nothing of its answer arrives. */
function loseAnswer(response: ServerResponse): void {
  response.end = (() => {
    response.socket?.destroy()
    return response
  }) as typeof response.end
}

/** Follows the pages: fills the login form, agrees to the consent, stops at the first address that is not the provider's. */
async function signIn(issuer: string, authorizeUrl: string, name: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = authorizeUrl
  let form: URLSearchParams | undefined
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      method: form === undefined ? 'GET' : 'POST',
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(form === undefined ? {} : { body: form }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const location = response.headers.get('location')
    const page = await response.text()
    form = undefined
    if (location !== null) url = new URL(location, url).href
    else {
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
      if (action === undefined) throw new Error(`no form on ${url}: ${response.status}`)
      url = new URL(action, url).href
      form = page.includes('name="login"')
        ? new URLSearchParams({ prompt: 'login', login: name, password: 'any' })
        : new URLSearchParams({ prompt: 'consent' })
    }
    if (!url.startsWith(issuer)) return url
  }
  throw new Error('the login did not come to an end')
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
