import type { Authority } from './authority.ts'

/** What one login adds to what the authority always wants. */
export interface AuthorizeRequest {
  /** Where the browser comes back to; the exchange must repeat it exactly. */
  readonly redirectUri: string
  /** Single-use random text that the callback must repeat. */
  readonly state: string
  /** From {@link pkceChallenge}; always sent as method S256, `plain` protects nothing. */
  readonly challenge: string
  /** The e-mail to sign in with, when it is known beforehand (OpenID's `login_hint`). */
  readonly loginHint?: string
}

/**
 * The address to open in a browser. What the configured URL already has in its query stays.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.3
 */
export function authorizeUrl(authority: Authority, request: AuthorizeRequest): string {
  const url = new URL(authority.authorizeUrl)
  const parameters: Record<string, string> = {
    ...authority.authorizeParameters,
    client_id: authority.clientId,
    response_type: 'code',
    redirect_uri: request.redirectUri,
    scope: authority.scopes.join(' '),
    code_challenge: request.challenge,
    code_challenge_method: 'S256',
    state: request.state,
    ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
