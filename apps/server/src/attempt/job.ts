import type { Failure } from '@lb/protocol'
import type { LoopState, PlanCandidate } from '@lb/router'
import type { ClientView } from '../egress/client-view.ts'
import { passedOnHeaders } from '../egress/pass-on.ts'
import { responseHeaders } from '../egress/response-headers.ts'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'
import { anthropicAdapter } from '../upstream/anthropic-adapter.ts'
import { relayedRequest } from '../upstream/build-request.ts'
import { credentialHeaders } from '../upstream/credential-headers.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import { type Attempt, type AttemptNews, startAttempt } from './attempt.ts'
import { refusalOf } from './failure-text.ts'
import { type Effect, type Run, startRun } from './run.ts'

export interface Job {
  readonly house: House
  readonly compiled: CompiledConfig
  readonly request: ClientRequest
  readonly candidates: readonly PlanCandidate[]
  readonly view: ClientView
  readonly over: (state: LoopState, attempts: readonly Attempt[]) => void
}

/** Answers one request: connects the attempt loop with the targets, the upstreams and the client. */
export function startJob(job: Job): Run {
  const { house, compiled, request, candidates, view } = job
  const { clock } = house
  const { dialect } = endpoints[request.endpoint]
  let attemptsMade = 0
  const nameOf = (attempt: number): string => `${request.id}#${attempt}`
  const candidateOf = (id: string): PlanCandidate | undefined => candidates.find((candidate) => candidate.id === id)

  function start(
    candidate: PlanCandidate,
    effect: Effect<'start-attempt'>,
    tell: (news: AttemptNews) => void,
  ): Attempt {
    const provider = compiled.providers.get(candidate.provider)
    if (provider === undefined) throw new Error(`no provider ${candidate.provider} in the config of this request`)
    attemptsMade = effect.attempt
    house.targets.started(compiled, candidate, nameOf(effect.attempt))
    const signedIn = credentialHeaders(provider, candidate.credential, request)
    const upstream = relayedRequest(request, provider, candidate.model, signedIn.headers)
    return startAttempt(
      {
        pools: house.pools,
        reach: {
          origin: upstream.origin,
          connectTimeoutMs: effect.connectTimeoutMs,
          ...(provider.proxy === undefined ? {} : { proxyUrl: provider.proxy.url.reveal() }),
        },
        request: upstream,
        adapter: anthropicAdapter(16 << 20),
        credential: signedIn.owner,
        stream: request.stream,
        view,
        headersFor: (head) => answerHeaders(head, candidate),
        maxBodyBytes: 32 << 20,
        epochMs: clock.epochMs,
      },
      tell,
    )
  }

  function answerHeaders({ rawHeaders, headers }: AnswerHead, { provider }: PlanCandidate): string[] {
    const list = responseHeaders(rawHeaders)
    if (!request.stream) list.push('content-type', 'application/json')
    if (headers['request-id'] === undefined) list.push('request-id', request.id)
    list.push('x-lb-request-id', request.id, 'x-lb-provider', provider, 'x-lb-attempts', String(attemptsMade))
    list.push('x-provider-used', provider)
    return list
  }

  return startRun({
    clock,
    roll: house.roll,
    policy: compiled.loopPolicy(request.endpoint, request.stream, false),
    client: clientKind(request),
    timeoutMs: timeoutOf(request, compiled),
    candidates,
    view,
    look: () => ({ candidates: house.targets.look(compiled, candidates), retryTokens: 1000 }),
    start,
    report({ attempt, candidate, startedMs, outcome }) {
      const target = candidateOf(candidate)
      if (target !== undefined)
        house.targets.reported(compiled, target, { attempt: nameOf(attempt), startedMs, outcome })
    },
    spendBudget() {},
    refresh: async () =>
      ({ kind: 'credential-rejected', message: 'this credential cannot be renewed' }) satisfies Failure,
    giveUp({ failure, retryAfterMs, shouldRetry }, attempt) {
      const refused = attempt?.refusal()
      if (refused === undefined) {
        const retryAfterSeconds = retryAfterMs === null ? undefined : Math.ceil(retryAfterMs / 1000)
        return view.refuse({
          ...refusalOf(failure),
          shouldRetry,
          ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        })
      }
      const { rawHeaders, headers, status } = refused.head
      const isOneOfMany = attemptsMade > 1
      const contentType = headers['content-type']
      view.whole(
        status,
        passedOnHeaders({
          rawHeaders,
          contentType,
          requestId: request.id,
          dialect,
          isOneOfMany,
          retryAfterMs,
          shouldRetry,
        }),
        refused.body,
      )
    },
    endTruthfully({ failure }, attempt) {
      const event = attempt?.errorEvent()
      if (event !== undefined) view.errorEvent(event)
      else view.refuse(refusalOf(failure))
    },
    over: job.over,
  })
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
