/**
 * THE failure table: one row for each way in which an attempt or a request can go wrong, read by health, router, convert,
 * logs and metrics. To add a failure, add a row; nothing else switches on kinds.
 *
 * The words follow Pingora (an error has an owner) and Envoy (outlier, ejection).
 * @see https://github.com/cloudflare/pingora/blob/main/docs/user_guide/failover.md
 * @see https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 */
export interface FailureRow {
  /** What is broken: everything that shares this part of a target is under the same suspicion. */
  readonly scope: FailureScope
  /** Who is at fault. Only `upstream` failures may change the health of a target. */
  readonly origin: 'upstream' | 'downstream' | 'internal'
  /** What the attempt loop does while the client has seen nothing. */
  readonly act: FailureAct
  /** How much it counts against the target's health: 0 never, 1 fully. */
  readonly weight: 0 | 0.25 | 0.5 | 1
  /**
   * What the target does after it.
   * - `count`: eject when the weights in a row reach the user's threshold.
   * - `eject`: eject at once; a second one would cost another full timeout.
   * - `pause`: a date, not a fault: do not use it before the time the upstream gave, else a short growing pause.
   * - `overload`: capacity is short: a growing pause of its own, never counted against the credential.
   * - `down`: unusable until its credential or the config changes; a rare probe finds out.
   * - `unsupported`: this provider does not have this model or feature: avoid the pair for a while.
   * - `none`: nothing.
   */
  readonly aftermath: 'count' | 'eject' | 'pause' | 'overload' | 'down' | 'unsupported' | 'none'
  /** What the client gets when nothing is left to try and the upstream gave no answer that could be passed on. */
  readonly client: { readonly status: number; readonly type: string }
}

/**
 * The part of a target that a failure is about. A target is a provider, one of its credentials and a model; `request`: no part
 * of it.
 */
export type FailureScope = 'provider' | 'provider+model' | 'credential' | 'credential+model' | 'request'

/**
 * - `next`: try the next candidate.
 * - `same`: once more on the same target (a fresh connection), then `next`.
 * - `mend`: once more on the same target without what it refused, then `stop`.
 * - `refresh`: renew the credential once, then `same`, then `next`.
 * - `stop`: the client gets this answer; another target would say the same, or must not be asked.
 * - `cancel`: nobody is waiting any more.
 */
export type FailureAct = 'next' | 'same' | 'mend' | 'refresh' | 'stop' | 'cancel'

/** The closed list of failure words: log field, metric label and test name alike. */
export type FailureKind =
  | 'connect-failed' // DNS, refused, unreachable, connect timeout
  | 'connection-reset' // a fresh connection broke before the first byte of a response
  | 'stale-connection' // a pooled connection had been closed by the other side meanwhile
  | 'tls-failed'
  | 'certificate-invalid' // expired, wrong name, unknown authority
  | 'first-byte-timeout'
  | 'silent-until-deadline' // the client's own deadline came before the upstream had said anything
  | 'rate-limited' // 429 with or without a date
  | 'quota-rejected' // 429 that names an exhausted subscription quota
  | 'credits-exhausted' // 402, or a quota that only money fills
  | 'usage-credits-required' // a 429 about this request only: what it asks for needs extra usage that is not switched on
  | 'overloaded' // 529, 503, or the same said inside a stream
  | 'server-error'
  | 'request-conflict' // 408, 409, 425
  | 'credential-expired' // 401 on an access token that may be refreshed
  | 'credential-rejected' // 401, 403 on a key of ours
  | 'login-unavailable' // stored accounts cannot be used for a while, e.g. because they cannot be renewed now
  | 'blocked' // 403 without a structured error: a firewall's page
  | 'model-not-found'
  | 'feature-unsupported' // "Extra inputs are not permitted"
  | 'loop-detected' // 508: the request came back to an lb that had seen it before
  | 'endpoint-not-found' // 404 without a structured error: the base URL is wrong
  | 'redirect-refused'
  | 'bad-response' // HTML, nothing, or something else where an answer was due
  | 'stream-cut' // ended before its end
  | 'stream-idle' // silent for longer than the idle timeout
  | 'response-too-large'
  | 'listed-unhealthy' // a rule of the user calls it unhealthy: `unhealthy_http_codes` and the patterns
  | 'end-missing' // a stop reason, but no closing event: the content is whole
  | 'invalid-request'
  | 'signature-rejected' // a thinking signature of another upstream
  | 'context-too-long'
  | 'request-too-large'
  | 'content-refused'
  | 'client-credential-rejected' // 401, 403 on the client's own credential
  | 'client-gone'
  | 'no-candidate'
  | 'deadline-exceeded'
  | 'shutting-down' // lb itself is being stopped
  | 'login-required' // every stored account needs a new login
  | 'conversion-refused' // the request cannot be said in the target's dialect
  | 'internal-error' // a bug or a shortage of ours

const api = /* @__NO_SIDE_EFFECTS__ */ (status: number) => ({ status, type: 'api_error' }) as const
const overloaded = { status: 529, type: 'overloaded_error' } as const
const limited = { status: 429, type: 'rate_limit_error' } as const
const invalid = /* @__NO_SIDE_EFFECTS__ */ (status: number) => ({ status, type: 'invalid_request_error' }) as const

/** The table. */
export const failureTable: Readonly<Record<FailureKind, FailureRow>> = {
  // Nothing was sent, or nothing came back: always safe to go on.
  'connect-failed': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'connection-reset': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'stale-connection': row('request', 'upstream', 'same', 0, 'none', api(502)),
  'tls-failed': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'certificate-invalid': row('provider', 'upstream', 'next', 1, 'down', api(502)),
  'first-byte-timeout': row('provider+model', 'upstream', 'next', 1, 'eject', { status: 504, type: 'timeout_error' }),
  // Impatient clients must not take a slow model out: weak evidence, and with one answer in between it is forgotten.
  'silent-until-deadline': row('provider+model', 'upstream', 'next', 0.25, 'count', {
    status: 504,
    type: 'timeout_error',
  }),
  // It answered, and says why not.
  'rate-limited': row('credential+model', 'upstream', 'next', 0, 'pause', limited),
  'quota-rejected': row('credential+model', 'upstream', 'next', 0, 'pause', limited),
  'credits-exhausted': row('credential', 'upstream', 'next', 0, 'pause', { status: 402, type: 'billing_error' }),
  'usage-credits-required': row('request', 'upstream', 'next', 0, 'none', limited),
  overloaded: row('provider+model', 'upstream', 'next', 0.5, 'overload', overloaded),
  'server-error': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'request-conflict': row('request', 'upstream', 'next', 0.25, 'none', { status: 409, type: 'conflict_error' }),
  'credential-expired': row('credential', 'upstream', 'refresh', 0, 'down', {
    status: 401,
    type: 'authentication_error',
  }),
  'credential-rejected': row('credential', 'upstream', 'next', 0, 'down', {
    status: 401,
    type: 'authentication_error',
  }),
  // Nothing was sent: its authorization server does not renew the login now.
  'login-unavailable': row('credential', 'upstream', 'next', 0.5, 'overload', overloaded),
  blocked: row('provider', 'upstream', 'next', 1, 'count', { status: 403, type: 'permission_error' }),
  'model-not-found': row('provider+model', 'upstream', 'next', 0, 'unsupported', {
    status: 404,
    type: 'not_found_error',
  }),
  'feature-unsupported': row('provider+model', 'upstream', 'next', 0, 'unsupported', invalid(400)),
  // Its client may have made up the `via` that it was refused for: that must not take a provider out.
  'loop-detected': row('request', 'upstream', 'next', 0, 'none', api(508)),
  'endpoint-not-found': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'redirect-refused': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  // It answered 200, and it was no answer.
  'bad-response': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'stream-cut': row('provider+model', 'upstream', 'next', 1, 'count', api(502)),
  'stream-idle': row('provider+model', 'upstream', 'next', 1, 'eject', { status: 504, type: 'timeout_error' }),
  'response-too-large': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  'end-missing': row('provider', 'upstream', 'next', 0.25, 'count', api(502)),
  // The user said so.
  'listed-unhealthy': row('provider', 'upstream', 'next', 1, 'count', api(502)),
  // The request itself is at fault: every target would say the same.
  'invalid-request': row('request', 'downstream', 'stop', 0, 'none', invalid(400)),
  'signature-rejected': row('request', 'downstream', 'mend', 0, 'none', invalid(400)),
  'context-too-long': row('request', 'downstream', 'stop', 0, 'none', invalid(400)),
  'request-too-large': row('request', 'downstream', 'stop', 0, 'none', { status: 413, type: 'request_too_large' }),
  'content-refused': row('request', 'downstream', 'stop', 0, 'none', invalid(400)),
  'client-credential-rejected': row('request', 'downstream', 'stop', 0, 'none', {
    status: 401,
    type: 'authentication_error',
  }),
  'client-gone': row('request', 'downstream', 'cancel', 0, 'none', { status: 499, type: 'api_error' }),
  // Ours.
  'no-candidate': row('request', 'internal', 'stop', 0, 'none', api(503)),
  'deadline-exceeded': row('request', 'internal', 'stop', 0, 'none', { status: 504, type: 'timeout_error' }),
  'shutting-down': row('request', 'internal', 'stop', 0, 'none', overloaded),
  'login-required': row('credential', 'internal', 'next', 0, 'down', { status: 401, type: 'authentication_error' }),
  'conversion-refused': row('request', 'internal', 'next', 0, 'none', invalid(400)),
  'internal-error': row('request', 'internal', 'next', 0, 'none', api(500)),
}

/** All kinds, in the order of the table. */
export const failureKinds: readonly FailureKind[] = /* @__PURE__ */ Object.keys(failureTable) as FailureKind[]

/** How an attempt ended when it did not end well. Plain data: it goes into health, logs and decision records alike. */
export interface Failure {
  readonly kind: FailureKind
  /** One line for an operator. Never the upstream's body, never a secret. */
  readonly message: string
  /** The HTTP status that the upstream answered with. */
  readonly status?: number
  /** The upstream's own word for it (`error.type` or `error.code`). */
  readonly errorType?: string
  /** "Not before this long from now", in milliseconds, as the upstream said. Never invented. */
  readonly retryAfterMs?: number
  /** Which of several quotas was exhausted, e.g. `seven_day_opus`: only its models are concerned. */
  readonly claim?: string
}

// @__NO_SIDE_EFFECTS__
function row(
  scope: FailureScope,
  origin: FailureRow['origin'],
  act: FailureAct,
  weight: FailureRow['weight'],
  aftermath: FailureRow['aftermath'],
  client: FailureRow['client'],
): FailureRow {
  return { scope, origin, act, weight, aftermath, client }
}
