import type { Loss } from '@lb/convert'
import type { JsonObject } from '@lb/protocol'
import type { LoggedEvent, LoopPolicy, LoopState, PlanCandidate, RequestFeatures } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { Shown } from '../egress/client-view.ts'
import type { Endpoint } from '../ingress/client-request.ts'
import type { DoneRequest, RequestObserver } from '../telemetry/observer.ts'
import type { CompiledConfig } from './compiled-config.ts'

/**
 * Why the last requests went where they went. Kept as the parts that each request leaves behind anyway, put into words only
 * when somebody asks; without a byte of what was asked or answered.
 */
export interface DecisionRecords {
  readonly observer: RequestObserver
  /** `undefined`: never seen here, or too long ago. */
  get(id: string): KeptRequest | undefined
  /** The newest first. */
  last(count: number): readonly KeptRequest[]
}

/** What is kept of a request. */
export interface KeptRequest {
  readonly id: string
  readonly endpoint: Endpoint
  readonly model: string
  readonly stream: boolean
  readonly forcedProvider: string | null
  readonly receivedAtMs: number
  readonly doneAtMs: number
  /** Wall clock. */
  readonly doneAtEpochMs: number
  readonly features: RequestFeatures | null
  readonly candidates: readonly PlanCandidate[]
  readonly state: LoopState
  readonly policy: LoopPolicy
  readonly log: readonly LoggedEvent[]
  readonly shown: Shown
  /** Of the attempt that came last. */
  readonly usage: JsonObject
  /** By attempt; only those that lost something. */
  readonly losses: ReadonlyMap<number, readonly Loss[]>
  /** Size as JSON, estimated. */
  readonly bytes: number
}

export function createDecisionRecords(clock: Clock, current: () => CompiledConfig): DecisionRecords {
  const kept = new Map<string, KeptRequest>()
  let bytes = 0

  function add(request: KeptRequest): void {
    const { maxCount, maxBytes } = current().config.settings.decisionRecords
    kept.set(request.id, request)
    bytes += request.bytes
    for (const oldest of kept.values()) {
      if (kept.size <= maxCount && bytes <= maxBytes) break
      kept.delete(oldest.id)
      bytes -= oldest.bytes
    }
  }

  return {
    observer: {
      requestDone(done) {
        if (done.log !== null) add(keep(done, done.log, clock))
      },
    },
    get: (id) => kept.get(id),
    last: (count) => [...kept.values()].slice(-count).reverse(),
  }
}

/** Nothing is kept that holds on to the request's body or to an answer. */
function keep(done: DoneRequest, log: readonly LoggedEvent[], clock: Clock): KeptRequest {
  const { request, state, candidates, features, policy, shown, attempts, nowMs } = done
  const { id, endpoint, model, stream, forcedProvider = null, receivedAtMs } = request
  const last = state.attempts.at(-1)
  return {
    id,
    endpoint,
    model,
    stream,
    forcedProvider,
    receivedAtMs,
    doneAtMs: nowMs,
    doneAtEpochMs: clock.epochMs(),
    features,
    candidates,
    state,
    policy,
    log,
    shown,
    usage: (last === undefined ? undefined : attempts.get(last.attempt)?.usage()) ?? {},
    losses: lossesOf(attempts),
    bytes: sizeOf(log, candidates.length, model.length),
  }
}

function lossesOf(attempts: DoneRequest['attempts']): KeptRequest['losses'] {
  const byAttempt = new Map<number, readonly Loss[]>()
  for (const [number, attempt] of attempts) {
    const losses = attempt.losses()
    if (losses.length > 0) byAttempt.set(number, losses)
  }
  return byAttempt
}

/** Measured: a record, an event in it, a candidate in an event, each without the model's name. */
const RECORD_BYTES = 1200
const EVENT_BYTES = 110
const CANDIDATE_BYTES = 230

function sizeOf(log: readonly LoggedEvent[], candidates: number, modelLength: number): number {
  let bytes = RECORD_BYTES + candidates * (CANDIDATE_BYTES + 2 * modelLength)
  for (const { event } of log) {
    bytes += EVENT_BYTES
    if ('candidates' in event) bytes += event.candidates.length * (CANDIDATE_BYTES + 2 * modelLength)
  }
  return bytes
}
