import type { Provider } from '@lb/config'
import { parseJson } from '@lb/protocol'
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
import type { RequestObserver } from '../telemetry/observer.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import type { Count, CountCall } from './ask-counter.ts'

/** One request to count the tokens of. */
export interface CountJob {
  readonly compiled: CompiledConfig
  readonly request: ClientRequest
  /** In the order in which they would be asked for an answer: the first one's tokens are counted. */
  readonly candidates: readonly [PlanCandidate, ...PlanCandidate[]]
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
  /** `undefined`: there is no counter to ask, or it must not be asked now. */
  ask(job: CountJob, provider: Provider): CountCall | undefined
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

  function finish(end: 'completed' | 'gave-up' | 'client-gone'): void {
    isOver = true
    const nowMs = means.nowMs()
    const attempts: LoopState['attempts'] = []
    const state = { ...newLoop, beganMs: request.receivedAtMs, attempts, phase: { kind: 'over', end } as const }
    job.over()
    const asked = { request, state, candidates, features: job.features, policy: countPolicy, log: null }
    observer.requestDone({ ...asked, attempts: new Map(), shown: view.shown(), nowMs })
  }

  function show(source: 'upstream' | 'estimate', body: Uint8Array, head: AnswerHead = ownHead): void {
    view.whole(200, [...answerHeaders(head, { request, provider: name, attempts: 1 }), SOURCE, source], body)
    finish('completed')
  }

  function passOn({ head, body }: Extract<Count, { kind: 'refused' }>): void {
    const { rawHeaders, headers, status } = head
    const ids = { requestId: request.id, upstreamId: upstreamRequestId(headers), dialect: 'anthropic' } as const
    const passed = { rawHeaders, contentType: headers['content-type'], ...ids, retryAfterMs: null }
    view.whole(status, passedOnHeaders({ ...passed, isOneOfMany: candidates.length > 1, shouldRetry: false }), body)
    finish('gave-up')
  }

  function refuse(refusal: Refusal): void {
    view.refuse(refusal)
    finish('gave-up')
  }

  async function run(asked: Provider): Promise<void> {
    const known = means.known(job)
    if (known !== undefined) return show('upstream', known)
    call = means.ask(job, asked)
    const count = await call?.count
    if (isOver) return
    if (count !== undefined) means.told(job, count)
    if (count?.kind === 'counted') {
      means.keep(job, count.body)
      return show('upstream', count.body, count.head)
    }
    if (count?.kind === 'refused' && !isBeyondCounters(request)) return passOn(count)
    if (!hasMessages(request)) return refuse({ status: 400, type: 'invalid_request_error', message: NO_MESSAGES })
    const tokens = await means.estimate(job)
    if (!isOver) show('estimate', Buffer.from(JSON.stringify({ input_tokens: tokens })))
  }

  observer.requestStarted(request)
  run(provider).catch(() => {
    if (!isOver) refuse({ status: 500, type: 'api_error', message: 'lb failed to count the tokens of this request.' })
  })
  return {
    drained() {},
    cancel() {
      if (isOver) return
      finish('client-gone')
      call?.cancel()
    },
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
