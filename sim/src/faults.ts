import { type CredentialOwner, classify, type Failure, type Observation } from '@lb/protocol'

/** What an upstream does, step by step. `failed` is as the server would see it: through `classify`. */
export interface Step {
  readonly afterMs: number
  readonly news: 'response-started' | 'opened' | 'content' | 'block-completed' | 'completed' | 'failed'
  readonly failure?: Failure
}

/** How fast an upstream is. */
export interface Pace {
  readonly connectMs: number
  readonly ttftMs: number
  readonly writeMs: number
}

/** One behaviour, as a script of steps. A script that ends without `completed` or `failed` is silence. */
export type Script = (pace: Pace) => readonly Step[]

const failed = (afterMs: number, seen: Observation): Step => ({ afterMs, news: 'failed', failure: classify(seen) })

function refused(
  status: number,
  body: string,
  headers: Record<string, string> = {},
  credential: CredentialOwner = 'key',
): Script {
  const { failure } = failed(0, answered(status, body, headers, credential))
  return ({ connectMs }) => [{ afterMs: connectMs, news: 'failed', ...(failure && { failure }) }]
}

function answered(
  status: number,
  body: string,
  headers: Record<string, string> = {},
  credential: CredentialOwner = 'key',
): Observation {
  return { seen: 'response', status, headers, body, credential, epochMs: 0 }
}

function broken(code: string, reusedSocket: boolean, afterMs: number): Script {
  const step = failed(afterMs, { seen: 'connection-error', code, reusedSocket })
  return () => [step]
}

function errorBody(type: string, message = type): string {
  return JSON.stringify({ type: 'error', error: { type, message } })
}

const errorEvent: Observation = {
  seen: 'error-event',
  error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  credential: 'key',
}
const cut: Observation = { seen: 'stream-end', finished: false }

function begun(pace: Pace, ...rest: readonly Step[]): readonly Step[] {
  return [{ afterMs: pace.connectMs, news: 'response-started' }, { afterMs: 0, news: 'opened' }, ...rest]
}

function midway(pace: Pace, ...rest: readonly Step[]): readonly Step[] {
  return [
    { afterMs: pace.connectMs, news: 'response-started' },
    { afterMs: 0, news: 'opened' },
    { afterMs: pace.ttftMs, news: 'content' },
    { afterMs: pace.writeMs / 2, news: 'block-completed' },
    ...rest,
  ]
}

/** A whole answer, and the faults that leave the request's answer as it would have been. */
const fine: Readonly<Record<string, Script>> = {
  stream: (pace) => midway(pace, { afterMs: pace.writeMs / 2, news: 'completed' }),
  slow: (pace) => midway({ ...pace, ttftMs: pace.ttftMs + 9_000 }, { afterMs: pace.writeMs, news: 'completed' }),
  'end-missing': (pace) => midway(pace, failed(pace.writeMs / 2, { seen: 'stream-end', finished: true })),
}

/** Faults before the first content: the client must not notice them. */
export const hidden: Readonly<Record<string, Script>> = {
  refused: broken('ECONNREFUSED', false, 1),
  dns: broken('ENOTFOUND', false, 5),
  blackhole: broken('UND_ERR_CONNECT_TIMEOUT', false, 5_000),
  reset: broken('ECONNRESET', false, 20),
  stale: broken('ECONNRESET', true, 1),
  tls: broken('EPROTO', false, 15),
  certificate: broken('CERT_HAS_EXPIRED', false, 15),
  429: refused(429, errorBody('rate_limit_error')),
  '429-after-5': refused(429, errorBody('rate_limit_error'), { 'retry-after': '5' }),
  '429-after-30': refused(429, errorBody('rate_limit_error'), { 'retry-after': '30' }),
  '429-after-200000': refused(429, errorBody('rate_limit_error'), { 'retry-after': '200000' }),
  quota: refused(429, errorBody('rate_limit_error'), {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus',
    'retry-after': '3600',
  }),
  402: refused(402, errorBody('billing_error')),
  529: refused(529, errorBody('overloaded_error')),
  500: refused(500, errorBody('api_error')),
  'late-500': (pace) => [failed(pace.connectMs + 2_500, answered(500, errorBody('api_error')))],
  502: refused(502, '<html>bad gateway</html>'),
  408: refused(408, errorBody('timeout_error')),
  401: refused(401, errorBody('authentication_error')),
  expired: refused(401, errorBody('authentication_error'), {}, 'oauth'),
  '403-page': refused(403, '<html>blocked</html>'),
  404: refused(404, errorBody('not_found_error', 'model: claude-x')),
  'html-200': (pace) => [
    { afterMs: pace.connectMs, news: 'response-started' },
    failed(1, { seen: 'bad-response', reason: 'html' }),
  ],
  'empty-200': (pace) => [
    { afterMs: pace.connectMs, news: 'response-started' },
    failed(1, { seen: 'bad-response', reason: 'empty' }),
  ],
  'error-first': (pace) => [{ afterMs: pace.connectMs, news: 'response-started' }, failed(1, errorEvent)],
  'error-opened': (pace) => begun(pace, failed(pace.ttftMs, errorEvent)),
  'cut-opened': (pace) => begun(pace, failed(pace.ttftMs, cut)),
  stall: () => [],
  'stall-200': (pace) => [{ afterMs: pace.connectMs, news: 'response-started' }],
  'stall-opened': (pace) => begun(pace),
}

/** Faults after the first content: one truthful end is all that is left. */
export const visible: Readonly<Record<string, Script>> = {
  'error-mid': (pace) => midway(pace, failed(pace.writeMs / 4, errorEvent)),
  'cut-mid': (pace) => midway(pace, failed(pace.writeMs / 4, cut)),
  'cut-early': (pace) => begun(pace, { afterMs: pace.ttftMs, news: 'content' }, failed(10, cut)),
  'stall-mid': (pace) => midway(pace),
}

/** The request's own fault: every upstream says so. */
const clients: Readonly<Record<string, Script>> = {
  400: refused(400, errorBody('invalid_request_error')),
  'clients-401': refused(401, errorBody('authentication_error'), {}, 'client'),
  'too-long': refused(400, errorBody('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')),
}

/** Every behaviour by name. */
export const scripts: Readonly<Record<string, Script>> = { ...fine, ...hidden, ...visible, ...clients }
