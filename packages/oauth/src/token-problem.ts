/** Why a token request brought no tokens. The closed list of words for logs, answers and tests. */
export type TokenProblemKind =
  | 'grant-refused' // the code or refresh token is used up, expired or revoked
  | 'client-refused' // our client id, secret, scope or grant type is not accepted
  | 'rate-limited'
  | 'server-error'
  | 'blocked' // 403 without a structured error: a firewall's page, a region
  | 'redirected' // never followed: a token request carries secrets
  | 'not-sent' // no connection: the server has not seen it
  | 'answer-lost' // sent, and then a timeout, a cut, or a gateway's page: the server may have acted on it
  | 'unreadable' // it said 200 and the tokens could not be read: it did act on it

/** What a refresh that failed this way means for the account. */
export interface TokenProblemRow {
  /**
   * - `pause`: the refresh token was certainly not used up; try again after a growing pause.
   * - `spare`: it may have been used up, and using it twice may end the login, the still good access token with it. So
   *   the access token is used to its end first; then there is nothing left to lose by trying.
   * - `login`: nothing but a new login helps.
   */
  readonly next: 'pause' | 'spare' | 'login'
  /** For people: what happened, and what can be done. */
  readonly message: string
}

/** THE table of token problems; nothing else switches on the kinds. */
export const tokenProblems: Readonly<Record<TokenProblemKind, TokenProblemRow>> = {
  'grant-refused': { next: 'login', message: 'the code or refresh token is no longer valid; log in again' },
  'client-refused': {
    next: 'pause',
    message: 'the server does not accept client_id, scopes or redirect_uri; check them',
  },
  'rate-limited': { next: 'pause', message: 'the server asks to slow down' },
  'server-error': { next: 'pause', message: 'the server has trouble' },
  blocked: {
    next: 'pause',
    message: 'the request was blocked on its way (a firewall or region); settings.oauth.proxy may help',
  },
  redirected: { next: 'pause', message: 'the server redirects, which is not followed; check token_url' },
  'not-sent': { next: 'pause', message: 'the server cannot be reached' },
  'answer-lost': { next: 'spare', message: 'the answer was lost on its way' },
  unreadable: { next: 'spare', message: 'the answer holds no tokens that can be read' },
}

/** One problem. Plain data without secrets: it may be logged and shown. */
export interface TokenProblem {
  readonly kind: TokenProblemKind
  /** The HTTP status, when there was an answer. */
  readonly status?: number
  /** The RFC's word from the answer, e.g. `invalid_grant`. Words outside the RFCs are not kept: they may echo what was sent. */
  readonly error?: string
  /** "Not before this long", in milliseconds, as the server said. */
  readonly retryAfterMs?: number
}

/** One line for a log or a page, e.g. `the server has trouble (503)`. */
export function describeTokenProblem(problem: TokenProblem): string {
  const facts = [problem.status, problem.error].filter((fact) => fact !== undefined)
  const { message } = tokenProblems[problem.kind]
  return facts.length === 0 ? message : `${message} (${facts.join(' ')})`
}
