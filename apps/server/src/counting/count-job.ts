import type { Provider } from '@lb/config'
import { assertNever, parseJson } from '@lb/protocol'
import { countPolicy, type LoopState, newLoop, type PlanCandidate, type RequestFeatures } from '@lb/router'
import { piecesOf } from '@lb/tokens'
import { answerHeaders } from '../egress/answer-headers.ts'
import type { ClientView } from '../egress/client-view.ts'
import { passedOnHeaders } from '../egress/pass-on.ts'
import { upstreamRequestId } from '../egress/request-id.ts'
import type { Lead } from '../flights/lead.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { CountedBy, RequestObserver } from '../telemetry/observer.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import type { Count, CountCall } from './ask-counter.ts'

/** One request to count the tokens of. */
export interface CountJob {
  readonly compiled: CompiledConfig
  readonly request: ClientRequest
  /** In the order in which they would be asked for an answer: the first one's tokens are counted. */
  readonly candidates: readonly [PlanCandidate, ...PlanCandidate[]]
  /** The conversation; `null` where there is only one candidate. */
  readonly session: string | null
  readonly view: ClientView
  readonly observer: Required<RequestObserver>
  /** What the plan looked at, or `null` where no route asks. */
  readonly features: RequestFeatures | null
  /** The request is over; called once, before the observer is told. */
  over(): void
}

/** What it takes to answer one. */
export interface CountMeans {
  readonly nowMs: () => number
  /** What the same counter said about the same request. */
  known(job: CountJob): Uint8Array | undefined
  keep(job: CountJob, count: Uint8Array): void
  /** A text: there is no counter to ask, or it must not be asked now, and why. */
  ask(job: CountJob, provider: Provider): CountCall | string
  /** How the counter did. */
  told(job: CountJob, count: Count): void
  estimate(job: CountJob): Promise<number>
}

/** Where a count comes from, for whoever wants to know. */
const SOURCE = 'x-lb-token-count'

/** Answers one request. It never fails for want of an upstream. */
export function answerCount(job: CountJob, means: CountMeans): Lead {
  const { compiled, request, candidates, view, observer } = job
  const [candidate] = candidates
  const provider = compiled.providers.get(candidate.provider)
  if (provider === undefined) throw new Error(`no provider ${candidate.provider} in the config of this request`)
  const { name } = provider
  let call: CountCall | undefined
  let isOver = false
  function finish(end: 'completed' | 'gave-up' | 'client-gone', counted?: CountedBy): void {
    isOver = true
    const nowMs = means.nowMs()
    const attempts: LoopState['attempts'] = []
    const state = { ...newLoop, beganMs: request.receivedAtMs, attempts, phase: { kind: 'over', end } as const }
    job.over()
    const log = compiled.config.settings.decisionRecords.enabled ? [] : null
    const asked = { request, state, candidates, features: job.features, policy: countPolicy, log }
    const told = counted === undefined ? asked : { ...asked, counted }
    observer.requestDone({ ...told, attempts: new Map(), shown: view.shown(), nowMs })
  }

  function how(by: CountedBy['by'], because: string | null = null): CountedBy {
    return { provider: candidate.provider, model: candidate.model, by, because }
  }

  function show(counted: CountedBy, body: Uint8Array, head: AnswerHead = ownHead): void {
    const source = counted.by === 'estimate' ? 'estimate' : 'upstream'
    view.whole(200, [...answerHeaders(head, { request, provider: name, attempts: 1 }), SOURCE, source], body)
    finish('completed', counted)
  }

  function passOn({ head, body }: Extract<Count, { kind: 'refused' }>): void {
    const { rawHeaders, headers, status } = head
    const ids = { requestId: request.id, upstreamId: upstreamRequestId(headers), dialect: 'anthropic' } as const
    const passed = { rawHeaders, contentType: headers['content-type'], ...ids, retryAfterMs: null, attempts: 1 }
    view.whole(status, passedOnHeaders({ ...passed, isOneOfMany: candidates.length > 1, shouldRetry: false }), body)
    finish('gave-up', how('upstream'))
  }

  function refuse(refusal: Refusal): void {
    view.refuse(refusal)
    finish('gave-up')
  }

  async function run(asked: Provider): Promise<void> {
    const found = await consult(job, asked, means, (begun) => {
      call = begun
    })
    if (isOver) return
    if (found.kind === 'counted') return show(how(found.by), found.body, found.head)
    if (found.kind === 'refused') return passOn(found)
    if (!hasMessages(request)) return refuse({ status: 400, type: 'invalid_request_error', message: NO_MESSAGES })
    const tokens = await means.estimate(job)
    if (!isOver) show(how('estimate', found.because), Buffer.from(JSON.stringify({ input_tokens: tokens })))
  }

  observer.requestStarted(request)
  run(provider).catch(() => {
    if (!isOver) refuse({ status: 500, type: 'api_error', message: 'lb failed to count the tokens of this request.' })
  })
  return {
    drained() {},
    joined() {},
    cancel() {
      if (isOver) return
      finish('client-gone')
      call?.cancel()
    },
    life: () => compiled.lifeAt(candidate),
  }
}

/** What there is to say without an estimate. */
type Found =
  | {
      readonly kind: 'counted'
      readonly by: 'upstream' | 'memory'
      readonly body: Uint8Array
      readonly head?: AnswerHead
    }
  | Extract<Count, { kind: 'refused' }>
  | { readonly kind: 'nothing'; readonly because: string }

/** Looks at what is known, else asks the upstream's counter. @param began told of the call, which can be cancelled. */
async function consult(
  job: CountJob,
  provider: Provider,
  means: CountMeans,
  began: (call: CountCall) => void,
): Promise<Found> {
  const known = means.known(job)
  if (known !== undefined) return { kind: 'counted', by: 'memory', body: known }
  const call = means.ask(job, provider)
  if (typeof call === 'string') return { kind: 'nothing', because: call }
  began(call)
  const count = await call.count
  means.told(job, count)
  if (count.kind === 'counted') {
    means.keep(job, count.body)
    return { ...count, by: 'upstream' }
  }
  if (count.kind === 'refused' && !isBeyondCounters(job.request)) return count
  return { kind: 'nothing', because: reasonOf(count) }
}

/** Why a counter that was asked has not counted. */
function reasonOf(count: Exclude<Count, { kind: 'counted' }>): string {
  switch (count.kind) {
    case 'missing':
      return 'no counter'
    case 'refused':
      return 'counters refuse what is in it'
    case 'failed':
      return count.reason
    case 'not-convertible':
      return 'it cannot be said in the provider’s dialect'
    case 'no-login':
      return 'no login'
    case 'cancelled':
      return 'the client has left'
    default:
      return assertNever(count)
  }
}

const ownHead: AnswerHead = { status: 200, rawHeaders: [], headers: {} }

/** An estimate of what no upstream would take is worth nothing: the API's own words. */
const NO_MESSAGES = 'messages: Field required'

function hasMessages({ outline }: ClientRequest): boolean {
  return outline.members.some(({ name }) => name === 'messages')
}

/**
 * Whether a request holds what counters refuse though it may be answered perfectly well: tools that the vendor runs, and
 * content that it would fetch.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/token-counting
 */
function isBeyondCounters({ body }: ClientRequest): boolean {
  const json = parseJson(body.toString('utf8'))
  if (!json.ok) return false
  const { doubts } = piecesOf(json.value)
  return doubts.has('server-tool') || doubts.has('remote')
}
