import type { Provider } from '@lb/config'
import { adjustFailure } from '@lb/health'
import type { Failure } from '@lb/protocol'
import { type LoggedEvent, type LoopPolicy, type LoopState, type PlanCandidate, requestTimeoutMs } from '@lb/router'
import { type AnswerFacts, answerHeaders } from '../egress/answer-headers.ts'
import type { ClientView } from '../egress/client-view.ts'
import { passedOnHeaders } from '../egress/pass-on.ts'
import { upstreamRequestId } from '../egress/request-id.ts'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import { countedTokens, estimatedTokens } from '../keys/counted-tokens.ts'
import type { Credential } from '../oauth/index.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'
import type { Planned } from '../state/planner.ts'
import { credentialHeaders, loginHeaders, type SignedIn } from '../upstream/credential-headers.ts'
import { echoesOf } from '../upstream/echoes.ts'
import { prepare } from '../upstream/prepare.ts'
import { notPrepared } from '../upstream/way.ts'
import { type Attempt, type AttemptNews, startAttempt } from './attempt.ts'
import { refusalOf } from './failure-text.ts'
import { moved, type Wait } from './moved.ts'
import { OAuthAttempt } from './oauth-attempt.ts'
import { refusedAttempt } from './refused-attempt.ts'
import { Run } from './run.ts'
import type { Effect } from './run-deps.ts'

/** One request on its way to an answer. */
export interface Job {
  readonly house: House
  readonly compiled: CompiledConfig
  readonly request: ClientRequest
  readonly candidates: readonly PlanCandidate[]
  /** The conversation; `null` where there is only one candidate. */
  readonly session: string | null
  readonly view: ClientView
  /** See `RunDeps.log`. */
  readonly log: LoggedEvent[] | null
  /** Who is to be asked by the configuration that is in force now. */
  replan(now: CompiledConfig): Planned
  /** @param job as it went in the end: by another configuration, if it waited for so long. */
  over(state: LoopState, attempts: ReadonlyMap<number, Attempt>, policy: LoopPolicy, job: Job): void
}

/** An answer longer than this is none that a client could use. */
const MAX_ANSWER_BYTES = 32 << 20
const MAX_EVENT_BYTES = 16 << 20

/** Answers a request: connects the attempt loop with the targets, the upstreams and the client. */
export function startJob(began: Job): Run {
  const { house, compiled, request, view } = began
  const { targets } = house
  /** Whom this goes by. */
  let job = began
  let isUnasked = true
  let wait: Wait = { why: null, wake() {} }
  const tokens = estimatedTokens(request.body)
  /** The next attempt is a retry that the shared budget pays for. */
  let isPaid = false
  let paidAttempts: readonly number[] = []
  return new Run({
    clock: house.clock,
    roll: house.roll,
    policy: compiled.loopPolicy(request.endpoint, request.stream),
    client: clientKind(request),
    timeoutMs: timeoutOf(compiled, request),
    // No accessor: an object that is made with one gets a hidden class of its own, which costs a third of a small request.
    candidates: () => job.candidates,
    view,
    log: job.log,
    retryTokens: () => targets.budgets.retryTokens(),
    refuseChance: targets.budgets.begun(),
    look() {
      const now = house.current()
      if (isUnasked && now !== job.compiled) job = moved(began, job, now, wait)
      return targets.look(job.compiled, job.candidates, { request: request.id, tokens })
    },
    waiting(why, wake) {
      wait = { why, wake }
      targets.waiting(job.candidates, request.id, why, wake)
    },
    start(candidate, effect, tell) {
      isUnasked = false
      if (isPaid) paidAttempts = [...paidAttempts, effect.attempt]
      isPaid = false
      return startOn(job, candidate, effect, tell)
    },
    report(effect, attempt) {
      const target = job.candidates.find(({ id }) => id === effect.candidate)
      if (target !== undefined) report(job, target, effect, attempt)
      if (effect.outcome.kind === 'alive' || !paidAttempts.includes(effect.attempt)) return
      paidAttempts = paidAttempts.filter((attempt) => attempt !== effect.attempt)
      targets.budgets.retryEnded()
    },
    spendBudget() {
      isPaid = true
      targets.budgets.retryStarted()
    },
    // Stored logins renew themselves inside their attempt; a configured key cannot be renewed.
    refresh: () => Promise.resolve({ kind: 'credential-rejected', message: 'cannot be renewed' } satisfies Failure),
    giveUp: (ending, attempts, made) => giveUp(job, ending, attempts, made),
    endTruthfully({ failure }, attempt) {
      const event = attempt?.errorEvent()
      if (event !== undefined) view.errorEvent(event)
      else view.refuse(refusalOf(failure, request.model))
    },
    internalError: house.internalError,
    over(state, attempts, policy) {
      if (job !== began) house.leave(job.compiled)
      began.over(state, attempts, policy, job)
    },
  })
}

/**
 * How long the call for a request may take. What its client says of its own patience is no limit of a call that may go on
 * without it: its retry comes for the answer when that time is over.
 */
export function timeoutOf(compiled: CompiledConfig, request: ClientRequest): number {
  const isOutlived = compiled.flightOptions(request).policy.life === 'background'
  const ownTimeout = isOutlived ? undefined : request.headers['x-stainless-timeout']
  return requestTimeoutMs(ownTimeout, compiled.config.settings.timeouts.requestTimeoutMs)
}

function report(
  { house, compiled, request, session }: Job,
  candidate: PlanCandidate,
  effect: Effect<'report'>,
  reported: Attempt | undefined,
): void {
  const { attempt, startedMs, outcome } = effect
  const tokens = outcome.kind === 'alive' ? undefined : countedTokens(reported?.usage())
  const named = {
    request: request.id,
    attempt: attemptName(request, attempt),
    startedMs,
    outcome,
    stream: request.stream,
    session,
    tokens,
  }
  house.targets.reported(compiled, candidate, named)
  house.observer.attemptReported({ request, attempt, candidate, startedMs, outcome, nowMs: house.clock.nowMs() })
}

/** An attempt's name over all requests, for health and the log. */
function attemptName(request: ClientRequest, attempt: number): string {
  return `${request.id}#${attempt}`
}

function startOn(job: Job, candidate: PlanCandidate, effect: Effect<'start-attempt'>, tell: Tell): Attempt {
  const { house, compiled, request, session } = job
  house.targets.started(compiled, candidate, {
    request: request.id,
    attempt: attemptName(request, effect.attempt),
    session,
    tokens: estimatedTokens(request.body),
    isFirst: effect.attempt === 1,
  })
  // Here, where every attempt begins once, however many accounts it will go through: its end is told once, too.
  house.observer.attemptStarted({ request, attempt: effect.attempt, candidate })
  const provider = compiled.providers.get(candidate.provider)
  if (provider === undefined) throw new Error(`no provider ${candidate.provider} in the config of this request`)
  if (provider.auth.kind !== 'oauth') {
    return sendTo(job, candidate, provider, effect, credentialHeaders(provider, candidate.credential, request), tell)
  }
  const accounts = house.oauth()?.accounts
  if (accounts === undefined) return refusedAttempt(notPrepared(request, oauthIsOff), tell)
  const { accountEmail: pinnedEmail } = provider.auth
  const start = (credential: Credential, heard: Tell): Attempt =>
    sendTo(job, candidate, provider, effect, loginHeaders(credential), heard)
  return new OAuthAttempt({ accounts, pinnedEmail, session, model: candidate.model, start }, tell)
}

type Tell = (news: AttemptNews) => void

const oauthIsOff = 'This provider uses a stored login, and stored logins are switched off in lb.'

/** Sends the request to a provider, signed in. */
function sendTo(
  { house, compiled, request, view }: Job,
  candidate: PlanCandidate,
  provider: Provider,
  effect: Effect<'start-attempt'>,
  signedIn: SignedIn,
  tell: Tell,
): Attempt {
  const { model } = candidate
  const trace = house.traces?.attemptHeaders(request, effect.attempt, candidate) ?? []
  const { epochMs } = house.clock
  const { withoutThinking } = effect
  const { appName } = compiled.config.settings
  const input = { request, provider, model, signedIn, withoutThinking, trace, appName, epochMs: epochMs() }
  const prepared = prepare(input)
  if (!prepared.ok) return refusedAttempt(prepared.error, tell)
  const { upstream, adapter, losses } = prepared.value
  const facts: AnswerFacts = { request, provider: provider.name, attempts: effect.attempt }
  return startAttempt(
    {
      pools: house.pools,
      bursts: house.bursts,
      reach: {
        origin: upstream.origin,
        connectTimeoutMs: effect.connectTimeoutMs,
        ...(provider.proxy === undefined ? {} : { proxyUrl: provider.proxy.url.reveal() }),
      },
      request: upstream,
      adapter,
      losses,
      credential: signedIn.owner,
      echoes: echoesOf(provider, signedIn.secret),
      stream: request.stream,
      view,
      headersFor: (head, lost) => answerHeaders(head, facts, lost),
      maxBodyBytes: MAX_ANSWER_BYTES,
      maxEventBytes: MAX_EVENT_BYTES,
      epochMs,
      nowMs: house.clock.nowMs,
      internalError: house.internalError,
    },
    (news) => tell(judgedByUser(news, compiled)),
  )
}

/** What the user calls unhealthy counts, whatever the failure table says. */
function judgedByUser(news: AttemptNews, { userRules }: CompiledConfig): AttemptNews {
  if (news.type !== 'failed') return news
  return { ...news, failure: adjustFailure(news.failure, news.errorText, userRules) }
}

/** Nobody answered: the most useful upstream's refusal is passed on, or the client is told in our own words. */
function giveUp(
  { request, candidates, view }: Job,
  ending: Effect<'give-up'>,
  attempts: ReadonlyMap<number, Attempt>,
  made: LoopState['attempts'],
): void {
  const { failure } = ending
  // Where all who were asked forbid to be asked again, lb does not say otherwise.
  const shouldRetry = ending.shouldRetry && !(made.length > 0 && [...attempts.values()].every(isFinal))
  // Health keeps no dates of a client's own key, or of one of several accounts; those of the refusal itself are as good.
  const retryAfterMs = ending.retryAfterMs ?? failure.retryAfterMs ?? null
  const refused = attempts.get(ending.attempt ?? 0)?.refusal()
  if (refused === undefined) {
    const headers = ['x-lb-attempts', String(made.length)]
    const refusal = { ...refusalOf(failure, request.model), shouldRetry, headers }
    return view.refuse(
      retryAfterMs === null ? refusal : { ...refusal, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) },
    )
  }
  const { head, answer, isOneOfMany = candidates.length > 1 } = refused
  const asked = made.find((one) => one.attempt === ending.attempt)
  const isClients = candidates.find(({ id }) => id === asked?.candidate)?.passThrough === true
  const passed = {
    rawHeaders: head.rawHeaders,
    contentType: answer.headers['content-type'] ?? head.headers['content-type'],
    requestId: request.id,
    upstreamId: upstreamRequestId(answer.headers) ?? upstreamRequestId(head.headers),
    dialect: endpoints[request.endpoint].dialect,
    isOneOfMany: isOneOfMany && !isClients,
    retryAfterMs,
    shouldRetry,
    attempts: made.length,
  }
  view.whole(answer.status, passedOnHeaders(passed), answer.body)
}

function isFinal(attempt: Attempt): boolean {
  return attempt.refusal()?.head.headers['x-should-retry'] === 'false'
}

/** Claude Code sends a request whose connection dropped again by itself; what other clients do is not known. */
function clientKind({ headers }: ClientRequest): 'retries-drops' | 'needs-error' {
  return /^claude-cli\//.test(headers['user-agent'] ?? '') ? 'retries-drops' : 'needs-error'
}
