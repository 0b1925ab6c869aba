import type { Provider } from '@lb/config'
import { collectBody } from '../attempt/body-reader.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { Accounts } from '../oauth/index.ts'
import { loginHeaders, type SignedIn } from '../upstream/credential-headers.ts'
import { type AnswerHead, openExchange } from '../upstream/exchange.ts'
import type { Pools } from '../upstream/pools.ts'
import { counters } from './count-request.ts'

/** What an upstream's counter said. */
export type Count =
  | { readonly kind: 'counted'; readonly head: AnswerHead; readonly body: Uint8Array }
  /** It has looked at the request and refuses it. */
  | { readonly kind: 'refused'; readonly head: AnswerHead; readonly body: Uint8Array }
  /** There is no such endpoint, or no such model. */
  | { readonly kind: 'missing' }
  /** It is broken, slow, busy, or does not let us in. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The request cannot be said in its dialect. */
  | { readonly kind: 'not-convertible' }
  /** Nobody is signed in, or every account rests: the counter was not asked. */
  | { readonly kind: 'no-login' }
  /** Nobody wanted to know any more. */
  | { readonly kind: 'cancelled' }

/** One question to an upstream's counter. */
export interface CountQuestion {
  readonly pools: Pools
  readonly provider: Provider
  readonly signedIn: SignedIn
  /** As the provider calls it. */
  readonly model: string
  readonly request: ClientRequest
  /** What lb calls itself. */
  readonly appName: string
  readonly timeoutMs: number
}

export interface CountCall {
  readonly count: Promise<Count>
  /** Nobody wants to know any more. */
  cancel(): void
}

/** An answer is a number and some names. */
const MOST_BYTES = 1 << 20
const CONNECT_MS = 3_000

/** Statuses that speak about the request and not about the counter. */
const refusals = new Set([400, 413, 422])
const missing = new Set([404, 405, 501])

/** Asks a provider's counter. Its health is not told: an upstream that cannot count may answer perfectly well. */
export function askCounter(question: CountQuestion): CountCall {
  const { pools, provider, signedIn, model, request, appName, timeoutMs } = question
  const counter = counters[provider.dialect]
  if (counter === undefined) return settled({ kind: 'missing' })
  const asked = {
    request,
    provider,
    model,
    signedIn,
    withoutThinking: false,
    trace: [],
    appName,
    epochMs: 0,
  }
  const upstream = counter.request(asked)
  if (!upstream.ok) return settled({ kind: 'not-convertible' })
  const reach = {
    origin: upstream.value.origin,
    connectTimeoutMs: CONNECT_MS,
    ...(provider.proxy === undefined ? {} : { proxyUrl: provider.proxy.url.reveal() }),
  }
  let cancel = (): void => {}
  const count = new Promise<Count>((resolve) => {
    let head: AnswerHead | undefined
    const timer = setTimeout(() => end({ kind: 'failed', reason: `no answer in ${timeoutMs} ms` }), timeoutMs)
    const reader = collectBody({
      limitBytes: MOST_BYTES,
      done: (body) => end(head === undefined ? broken : judge(head, body)),
      failed: () => end(broken),
    })
    const exchange = openExchange(pools, reach, upstream.value, {
      head(seen) {
        head = seen
      },
      bytes: (chunk) => reader.push(chunk),
      end: () => reader.end(),
      broke: () => end(broken),
    })
    cancel = () => end({ kind: 'cancelled' })

    function end(result: Count): void {
      clearTimeout(timer)
      exchange.cancel()
      resolve(result)
    }

    function judge(answered: AnswerHead, body: Buffer): Count {
      const { status } = answered
      // The client's own credential was refused, and nobody else's may be used instead.
      if (refusals.has(status) || (signedIn.owner === 'client' && (status === 401 || status === 403)))
        return { kind: 'refused', head: answered, body }
      if (missing.has(status)) return { kind: 'missing' }
      if (status !== 200) return { kind: 'failed', reason: `status ${status}` }
      const answer = counter?.answer(body)
      if (answer === undefined) return { kind: 'failed', reason: 'an answer without a count' }
      return { kind: 'counted', head: answered, body: answer }
    }
  })
  return { count, cancel: () => cancel() }
}

/** A login that is just being renewed is waited for this long. */
const LOGIN_WAIT_MS = 2_000

/** Whose login is to be used: that of the conversation, or the provider's own account. */
export type LoginWish = Pick<Parameters<Accounts['credentialFor']>[0], 'model' | 'session' | 'pinnedEmail'>

/**
 * Asks with a stored login. One account is tried, and a refusal renews nothing: a count is worth neither a token request nor
 * another account's turn.
 *
 * @param ask asks, signed in so.
 */
export function askWithLogin(accounts: Accounts, wish: LoginWish, ask: (signedIn: SignedIn) => CountCall): CountCall {
  let call: CountCall | undefined
  let isCancelled = false
  async function run(): Promise<Count> {
    const answer = await accounts.credentialFor({ ...wish, waitMs: LOGIN_WAIT_MS })
    if (isCancelled) return { kind: 'cancelled' }
    if (answer.kind !== 'credential' || answer.rejectedForMs !== undefined) return { kind: 'no-login' }
    call = ask(loginHeaders(answer.credential))
    return call.count
  }
  return {
    count: run(),
    cancel() {
      isCancelled = true
      call?.cancel()
    },
  }
}

const broken: Count = { kind: 'failed', reason: 'the connection broke' }

function settled(count: Count): CountCall {
  return { count: Promise.resolve(count), cancel() {} }
}
