import type { Authority } from './authority.ts'

/** A token request, ready to be sent. The secrets are in the body: log the URL, never the rest. */
export interface TokenRequest {
  readonly url: string
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What turns a code into tokens. */
export interface CodeExchange {
  readonly code: string
  readonly state: string
  /** Exactly the one of the authorize request. */
  readonly redirectUri: string
  readonly verifier: string
}

/**
 * The request that exchanges a code for tokens. Its answer is read by {@link readTokenResponse}; the I/O is between them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 */
export function codeRequest(authority: Authority, exchange: CodeExchange): TokenRequest {
  return tokenRequest(authority, authority.tokenUrl, {
    grant_type: 'authorization_code',
    code: exchange.code,
    redirect_uri: exchange.redirectUri,
    code_verifier: exchange.verifier,
    ...(authority.stateInExchange === true ? { state: exchange.state } : {}),
  })
}

/**
 * The request that exchanges a refresh token for new tokens. Where refresh tokens are single-use it must be sent at most
 * once for each: a second use makes the server end the whole login.
 *
 * @param scopes what was granted; a refresh may not ask for more. Empty: the parameter is left out.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 */
export function refreshRequest(authority: Authority, refreshToken: string, scopes: readonly string[]): TokenRequest {
  return tokenRequest(authority, authority.tokenUrl, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  })
}

/**
 * The request that gives a refresh token back, for a logout that the server hears of; `undefined` where it has no such endpoint.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 */
export function revokeRequest(authority: Authority, refreshToken: string): TokenRequest | undefined {
  if (authority.revokeUrl === undefined) return undefined
  // RFC 7009 knows only the form body, whatever the token endpoint wants.
  return tokenRequest({ ...authority, tokenBody: 'form' }, authority.revokeUrl, {
    token: refreshToken,
    token_type_hint: 'refresh_token',
  })
}

function tokenRequest(authority: Authority, url: string, grant: Record<string, string>): TokenRequest {
  const fields = {
    ...grant,
    client_id: authority.clientId,
    ...(authority.clientSecret === undefined ? {} : { client_secret: authority.clientSecret }),
  }
  const json = authority.tokenBody === 'json'
  return {
    url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
    },
    body: json ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
  }
}
