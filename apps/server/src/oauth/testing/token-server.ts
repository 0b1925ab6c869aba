import type { TokenRequest, TokenResponse } from '@lb/oauth'
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
export function createFakeTokenServer(options: FakeOptions): FakeTokenServer {
  return new MemoryTokenServer(options)
}

/** What kind of server. */
export interface FakeOptions {
  /** How long access tokens live, in seconds. Default 8 h. */
  readonly lifetimeS?: number
  /** Whether refresh tokens are good once. Default `true`. */
  readonly rotates?: boolean
}

/** All tokens of one login. */
interface Family {
  readonly email: string
  readonly access: Set<string>
  readonly used: Set<string>
  refresh: string
  ended: boolean
}

class MemoryTokenServer implements FakeTokenServer {
  mode: FakeMode = 'ok'
  reuses = 0
  readonly calls = { authorization_code: 0, refresh_token: 0, revoke: 0 }
  readonly #families: Family[] = []
  readonly #lifetimeS: number
  readonly #rotates: boolean
  #held: (() => void)[] = []
  #count = 0

  constructor({ lifetimeS = 28_800, rotates = true }: FakeOptions) {
    this.#lifetimeS = lifetimeS
    this.#rotates = rotates
  }

  accepts(accessToken: string): boolean {
    return this.#families.some((family) => !family.ended && family.access.has(accessToken))
  }

  grantFor(email: string): { readonly accessToken: string; readonly refreshToken: string } {
    this.#count += 1
    const pair = { accessToken: `at-canary-${this.#count}-${email}`, refreshToken: `rt-canary-${this.#count}-${email}` }
    const access = new Set([pair.accessToken])
    this.#families.push({ email, access, refresh: pair.refreshToken, used: new Set(), ended: false })
    return pair
  }

  revokeAll(): void {
    for (const family of this.#families) this.#end(family)
  }

  release(): void {
    for (const go of this.#held) go()
    this.#held = []
  }

  async send(request: TokenRequest): Promise<Result<TokenResponse, TransportProblem>> {
    const answer = await this.#respond(this.mode, request)
    return answer.ok ? ok({ ...answer.value, headers: {}, epochMs: 0 }) : answer
  }

  async close(): Promise<void> {}

  async #respond(mode: FakeMode, request: TokenRequest): Promise<Result<FakeAnswer, TransportProblem>> {
    if (mode === 'down') return err('not-sent')
    if (mode === 'cut-before') return err('answer-lost')
    if (typeof mode === 'object') {
      this.calls.refresh_token += 1
      return ok({ status: mode.status, body: mode.body ?? '' })
    }
    if (mode === 'hang') await new Promise<void>((resolve) => this.#held.push(resolve))
    const { status, body } = this.#act(fieldsOf(request))
    if (mode === 'answer-lost') return err('answer-lost')
    return ok({ status, body: mode === 'garbage' ? `<p>${JSON.stringify(body)}` : JSON.stringify(body) })
  }

  #act(fields: URLSearchParams): { readonly status: number; readonly body: object } {
    const grant = fields.get('grant_type')
    if (grant === 'refresh_token') {
      this.calls.refresh_token += 1
      return this.#rotate(fields.get('refresh_token') ?? '')
    }
    if (grant === 'authorization_code') {
      this.calls.authorization_code += 1
      const [, email = ''] = (fields.get('code') ?? '').split(':')
      const pair = this.grantFor(email)
      return { status: 200, body: grantBody(pair.accessToken, pair.refreshToken, email, this.#lifetimeS) }
    }
    this.calls.revoke += 1
    for (const family of this.#families) if (family.refresh === fields.get('token')) this.#end(family)
    return { status: 200, body: {} }
  }

  #rotate(refreshToken: string): { readonly status: number; readonly body: object } {
    for (const family of this.#families.filter(({ used }) => used.has(refreshToken))) {
      this.reuses += 1
      this.#end(family)
    }
    const family = this.#families.find(({ refresh, ended }) => refresh === refreshToken && !ended)
    if (family === undefined) {
      return { status: 400, body: { error: 'invalid_grant', error_description: `no such token: ${refreshToken}` } }
    }
    this.#count += 1
    const accessToken = `at-canary-${this.#count}-${family.email}`
    family.access.add(accessToken)
    if (!this.#rotates) return { status: 200, body: grantBody(accessToken, undefined, family.email, this.#lifetimeS) }
    family.used.add(refreshToken)
    family.refresh = `rt-canary-${this.#count}-${family.email}`
    return { status: 200, body: grantBody(accessToken, family.refresh, family.email, this.#lifetimeS) }
  }

  #end(family: Family): void {
    family.ended = true
    family.access.clear()
  }
}

interface FakeAnswer {
  readonly status: number
  readonly body: string
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
