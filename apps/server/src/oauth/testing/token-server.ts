import type { TokenRequest } from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import type { TokenClient, TransportProblem } from '../token-client.ts'

/**
 * An authorization server's token endpoint in memory, with the two habits that make refreshing hard: a refresh token is good
 * once, and using it twice ends the login. Speaks through the port of the token client, so no socket is needed.
 */
export interface FakeTokenServer extends TokenClient {
  /** How the next requests are answered. */
  mode: FakeMode
  /** Token requests that arrived, by grant type. */
  readonly calls: { authorization_code: number; refresh_token: number; revoke: number }
  /** Times a refresh token was used again. */
  readonly reuses: number
  /** Whether the API would take this access token. */
  accepts(accessToken: string): boolean
  /** A login without the browser's part: the tokens that a code would bring. */
  grantFor(email: string): { readonly accessToken: string; readonly refreshToken: string }
  /** Ends every login. */
  revokeAll(): void
  /** Lets the requests go on that `hang` has held. */
  release(): void
}

/**
 * - `answer-lost`: it acts, and the answer never arrives. `cut-before`: the connection breaks before it acts.
 * - `hang`: it answers only after {@link FakeTokenServer.release}.
 */
export type FakeMode =
  | 'ok'
  | 'answer-lost'
  | 'cut-before'
  | 'down'
  | 'hang'
  | 'garbage'
  | { readonly status: number; readonly body?: string }

/** A server whose secrets all hold `canary`, so that a leak is found by searching for the word. */
export function createFakeTokenServer(options: {
  readonly lifetimeS?: number
  readonly rotates?: boolean
}): FakeTokenServer {
  const { lifetimeS = 28_800, rotates = true } = options
  let count = 0
  let reuses = 0
  let held: (() => void)[] = []
  const families = new Map<
    string,
    { access: Set<string>; refresh: string; used: Set<string>; ended: boolean; email: string }
  >()
  const calls = { authorization_code: 0, refresh_token: 0, revoke: 0 }

  function issue(email: string): { accessToken: string; refreshToken: string } {
    count += 1
    const pair = { accessToken: `at-canary-${count}-${email}`, refreshToken: `rt-canary-${count}-${email}` }
    families.set(`family-${count}`, {
      access: new Set([pair.accessToken]),
      refresh: pair.refreshToken,
      used: new Set(),
      ended: false,
      email,
    })
    return pair
  }

  function rotate(refreshToken: string): { status: number; body: object } {
    for (const family of families.values()) {
      if (family.used.has(refreshToken)) {
        reuses += 1
        family.ended = true
        family.access.clear()
      }
      if (family.refresh !== refreshToken || family.ended) continue
      count += 1
      const accessToken = `at-canary-${count}-${family.email}`
      family.access.add(accessToken)
      if (rotates) {
        family.used.add(refreshToken)
        family.refresh = `rt-canary-${count}-${family.email}`
      }
      return {
        status: 200,
        body: grantBody(accessToken, rotates ? family.refresh : undefined, family.email, lifetimeS),
      }
    }
    return { status: 400, body: { error: 'invalid_grant', error_description: `no such token: ${refreshToken}` } }
  }

  function act(fields: URLSearchParams): { status: number; body: object } {
    const grant = fields.get('grant_type')
    if (grant === 'refresh_token') {
      calls.refresh_token += 1
      return rotate(fields.get('refresh_token') ?? '')
    }
    if (grant === 'authorization_code') {
      calls.authorization_code += 1
      const [, email = ''] = (fields.get('code') ?? '').split(':')
      const pair = issue(email)
      return { status: 200, body: grantBody(pair.accessToken, pair.refreshToken, email, lifetimeS) }
    }
    calls.revoke += 1
    for (const family of families.values()) if (family.refresh === fields.get('token')) family.ended = true
    return { status: 200, body: {} }
  }

  async function respond(
    mode: FakeMode,
    request: TokenRequest,
  ): Promise<Result<{ status: number; body: string }, TransportProblem>> {
    if (mode === 'down') return err('not-sent')
    if (mode === 'cut-before') return err('answer-lost')
    if (typeof mode === 'object') {
      calls.refresh_token += 1
      return ok({ status: mode.status, body: mode.body ?? '' })
    }
    if (mode === 'hang') await new Promise<void>((resolve) => held.push(resolve))
    const acted = act(fieldsOf(request))
    if (mode === 'answer-lost') return err('answer-lost')
    return ok({
      status: acted.status,
      body: mode === 'garbage' ? `<p>${JSON.stringify(acted.body)}` : JSON.stringify(acted.body),
    })
  }

  const server: FakeTokenServer = {
    mode: 'ok',
    calls,
    get reuses() {
      return reuses
    },
    accepts: (accessToken) => [...families.values()].some((family) => !family.ended && family.access.has(accessToken)),
    grantFor: issue,
    revokeAll() {
      for (const family of families.values()) {
        family.ended = true
        family.access.clear()
      }
    },
    release() {
      for (const go of held) go()
      held = []
    },
    async send(request) {
      const answer = await respond(server.mode, request)
      return answer.ok ? ok({ ...answer.value, headers: {}, epochMs: 0 }) : answer
    },
    close: async () => undefined,
  }
  return server
}

function grantBody(accessToken: string, refreshToken: string | undefined, email: string, lifetimeS: number): object {
  return {
    access_token: accessToken,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    token_type: 'Bearer',
    expires_in: lifetimeS,
    scope: 'user:inference',
    account: { uuid: `id-${email}`, email_address: email },
  }
}

function fieldsOf(request: TokenRequest): URLSearchParams {
  const json = request.headers['content-type'] === 'application/json'
  return new URLSearchParams(json ? (JSON.parse(request.body) as Record<string, string>) : request.body)
}
