import type { Failure } from '@lb/protocol'
import type { LoopState, PlanCandidate } from '@lb/router'
import { type AnswerFacts, answerHeaders } from '../egress/answer-headers.ts'
import type { ClientView } from '../egress/client-view.ts'
import { passedOnHeaders } from '../egress/pass-on.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'
import { credentialHeaders } from '../upstream/credential-headers.ts'
import { prepare } from '../upstream/prepare.ts'
import { type Attempt, type AttemptNews, startAttempt } from './attempt.ts'
import { refusalOf } from './failure-text.ts'
import { refusedAttempt } from './refused-attempt.ts'
import { type Effect, Run } from './run.ts'

/** One request on its way to an answer. */
export interface Job {
  readonly house: House
  readonly compiled: CompiledConfig
  readonly request: ClientRequest
  readonly candidates: readonly PlanCandidate[]
  readonly view: ClientView
  over(state: LoopState, attempts: ReadonlyMap<number, Attempt>): void
}

/** An answer longer than this is none that a client could use. */
const MAX_ANSWER_BYTES = 32 << 20
const MAX_EVENT_BYTES = 16 << 20

/** Answers a request: connects the attempt loop with the targets, the upstreams and the client. */
export function startJob(job: Job): Run {
  const { house, compiled, request, candidates, view } = job
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]))
  return new Run({
    clock: house.clock,
    roll: house.roll,
    policy: compiled.loopPolicy(request.endpoint, request.stream, false),
    client: clientKind(request),
    timeoutMs: timeoutOf(request, compiled),
    candidates,
    view,
    look: () => ({ candidates: house.targets.look(compiled, candidates), retryTokens: 1000 }),
    start: (candidate, effect, tell) => startOn(job, candidate, effect, tell),
    report({ attempt, candidate, startedMs, outcome }) {
      const target = byId.get(candidate)
      if (target === undefined) return
      house.targets.reported(compiled, target, { attempt: attemptName(request, attempt), startedMs, outcome })
      const nowMs = house.clock.nowMs()
      house.observer.attemptReported({ request, attempt, candidate: target, startedMs, outcome, nowMs })
    },
    spendBudget() {},
    refresh: () => Promise.resolve({ kind: 'credential-rejected', message: 'cannot be renewed' } satisfies Failure),
    giveUp: (ending, attempt) => giveUp(job, ending, attempt),
    endTruthfully({ failure }, attempt) {
      const event = attempt?.errorEvent()
      if (event !== undefined) view.errorEvent(event)
      else view.refuse(refusalOf(failure))
    },
    internalError: house.internalError,
    over: job.over,
  })
}

/** An attempt's name over all requests, for health and the log. */
function attemptName(request: ClientRequest, attempt: number): string {
  return `${request.id}#${attempt}`
}

function startOn(
  job: Job,
  candidate: PlanCandidate,
  effect: Effect<'start-attempt'>,
  tell: (news: AttemptNews) => void,
): Attempt {
  const { house, compiled, request, view } = job
  const provider = compiled.providers.get(candidate.provider)
  if (provider === undefined) throw new Error(`no provider ${candidate.provider} in the config of this request`)
  house.targets.started(compiled, candidate, attemptName(request, effect.attempt))
  const signedIn = credentialHeaders(provider, candidate.credential, request)
  const { model } = candidate
  const trace = house.traces?.attemptHeaders(request, effect.attempt, candidate) ?? []
  const maxEventBytes = MAX_EVENT_BYTES
  const prepared = prepare({ request, provider, model, signedIn: signedIn.headers, trace, maxEventBytes })
  const losses = prepared.ok ? prepared.value.losses : []
  house.observer.attemptStarted({ request, attempt: effect.attempt, candidate, losses })
  if (!prepared.ok) return refusedAttempt(prepared.error, tell)
  const { upstream, adapter } = prepared.value
  const facts: AnswerFacts = { request, provider: provider.name, attempts: effect.attempt }
  return startAttempt(
    {
      pools: house.pools,
      reach: {
        origin: upstream.origin,
        connectTimeoutMs: effect.connectTimeoutMs,
        ...(provider.proxy === undefined ? {} : { proxyUrl: provider.proxy.url.reveal() }),
      },
      request: upstream,
      adapter,
      credential: signedIn.owner,
      stream: request.stream,
      view,
      headersFor: (head) => answerHeaders(head, facts),
      maxBodyBytes: MAX_ANSWER_BYTES,
      epochMs: house.clock.epochMs,
      nowMs: house.clock.nowMs,
      internalError: house.internalError,
    },
    tell,
  )
}

/** Nobody answered: the most useful upstream's refusal is passed on, or the client is told in our own words. */
function giveUp({ request, candidates, view }: Job, ending: Effect<'give-up'>, attempt: Attempt | undefined): void {
  const { failure, retryAfterMs, shouldRetry } = ending
  const refused = attempt?.refusal()
  if (refused === undefined) {
    const refusal = { ...refusalOf(failure), shouldRetry }
    return view.refuse(
      retryAfterMs === null ? refusal : { ...refusal, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) },
    )
  }
  const { head, answer } = refused
  const passed = {
    rawHeaders: head.rawHeaders,
    contentType: answer.headers['content-type'] ?? head.headers['content-type'],
    requestId: answer.headers['request-id'] ?? request.id,
    isOneOfMany: candidates.length > 1,
    retryAfterMs,
    shouldRetry,
  }
  view.whole(answer.status, passedOnHeaders(passed), answer.body)
}

/** Claude Code sends a request whose connection dropped again by itself; what other clients do is not known. */
function clientKind({ headers }: ClientRequest): 'retries-drops' | 'needs-error' {
  return /^claude-cli\//.test(headers['user-agent'] ?? '') ? 'retries-drops' : 'needs-error'
}

/** The client's own patience, which the SDKs tell, and ours. */
function timeoutOf({ headers }: ClientRequest, { config }: CompiledConfig): number {
  const { requestTimeoutMs } = config.settings.timeouts
  const clientSeconds = Number(headers['x-stainless-timeout'])
  return clientSeconds > 0 ? Math.min(clientSeconds * 1000, requestTimeoutMs) : requestTimeoutMs
}
