import type { Loss } from '@lb/convert'
import type { JsonObject } from '@lb/protocol'
import type { LoggedEvent, LoopPolicy, LoopState, PlanCandidate, RequestFeatures } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { Shown } from '../egress/client-view.ts'
import type { ClientRequest, Endpoint } from '../ingress/client-request.ts'
import type { AloneRequest, DoneRequest, FollowerDone, FollowerJoined, RequestObserver } from '../telemetry/observer.ts'
import type { CompiledConfig } from './compiled-config.ts'

/**
 * Why the last requests went where they went. Kept as the parts that each request leaves behind anyway, put into words only
 * when somebody asks; without a byte of what was asked or answered.
 */
export interface DecisionRecords {
  readonly observer: RequestObserver
  /** `undefined`: never seen here, or too long ago. */
  get(id: string): Kept | undefined
  /** The newest first. */
  last(count: number): readonly Kept[]
}

/** What is kept of a request: of one that had a call of its own, or of one that got the answer of another one's. */
export type Kept = KeptRequest | KeptSharer

/** How a request came to its answer, as far as others had to do with it. */
export type Sharing =
  /** Others could have joined its call. */
  | { readonly role: 'leader' }
  /** Nobody could. */
  | { readonly role: 'alone'; readonly reason: AloneRequest['reason'] }
  /** It got the answer of another request's call, which ran (`joined`) or was just over (`replayed`). */
  | { readonly role: 'follower'; readonly how: FollowerJoined['how']; readonly leader: string }
  /** It got a kept answer. */
  | { readonly role: 'kept'; readonly ageMs: number }

/** What every request has. */
interface KeptHead {
  readonly id: string
  readonly endpoint: Endpoint
  readonly model: string
  readonly stream: boolean
  readonly forcedProvider: string | null
  readonly receivedAtMs: number
  readonly doneAtMs: number
  /** Wall clock. */
  readonly doneAtEpochMs: number
  readonly sharing: Sharing
  /** Size as JSON, estimated. */
  readonly bytes: number
}

/** A request that asked nobody itself. */
export interface KeptSharer extends KeptHead {
  readonly kind: 'sharer'
  readonly end: string
  /** `null`: as the one that it followed. */
  readonly status: number | null
}

/** A request that had a call of its own. */
export interface KeptRequest extends KeptHead {
  readonly kind: 'leader'
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
}

export function createDecisionRecords(clock: Clock, current: () => CompiledConfig): DecisionRecords {
  const kept = new Map<string, Kept>()
  /** Gone with the request itself, whatever becomes of it. */
  const sharings = new WeakMap<ClientRequest, Sharing>()
  let bytes = 0

  function add(request: Kept): void {
    const { enabled, maxCount, maxBytes } = current().config.settings.decisionRecords
    if (!enabled) return
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
        const sharing = sharings.get(done.request) ?? { role: 'leader' }
        if (done.log !== null) add(keep(done, done.log, sharing, clock))
      },
      requestAlone: ({ request, reason }) => void sharings.set(request, { role: 'alone', reason }),
      followerJoined: ({ request, leader, how }) =>
        void sharings.set(request, { role: 'follower', how, leader: leader.id }),
      followerDone({ request, leader, ending, nowMs }) {
        const sharing = sharings.get(request) ?? { role: 'follower', how: 'joined', leader: leader.id }
        add(keepSharer(request, { sharing, end: endings[ending], status: null, doneAtMs: nowMs }, clock))
      },
      answerReplayed({ request, answer, ageMs }) {
        const told = { end: endings.whole, status: answer.status, doneAtMs: clock.nowMs() }
        add(keepSharer(request, { sharing: { role: 'kept', ageMs }, ...told }, clock))
      },
    },
    get: (id) => kept.get(id),
    last: (count) => [...kept.values()].slice(-count).reverse(),
  }
}

/** Nothing is kept that holds on to the request's body or to an answer. */
function keep(done: DoneRequest, log: readonly LoggedEvent[], sharing: Sharing, clock: Clock): KeptRequest {
  const { request, state, candidates, features, policy, shown, attempts, nowMs } = done
  const last = state.attempts.at(-1)
  return {
    kind: 'leader',
    ...headOf(request),
    doneAtMs: nowMs,
    doneAtEpochMs: clock.epochMs(),
    sharing,
    features,
    candidates,
    state,
    policy,
    log,
    shown,
    usage: (last === undefined ? undefined : attempts.get(last.attempt)?.usage()) ?? {},
    losses: lossesOf(attempts),
    bytes: sizeOf(log, candidates.length, request.model.length),
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

/** How a request that shared an answer ended, in the words of those that had their own. */
const endings: Readonly<Record<FollowerDone['ending'], string>> = {
  whole: 'completed',
  failed: 'ended-truthfully',
  left: 'client-gone',
}

/** Measured. */
const SHARER_BYTES = 500

function keepSharer(
  request: ClientRequest,
  told: Pick<KeptSharer, 'sharing' | 'end' | 'status' | 'doneAtMs'>,
  clock: Clock,
): KeptSharer {
  const bytes = SHARER_BYTES + request.model.length
  return { kind: 'sharer', ...headOf(request), ...told, doneAtEpochMs: clock.epochMs(), bytes }
}

type AskedHead = Pick<KeptHead, 'id' | 'endpoint' | 'model' | 'stream' | 'forcedProvider' | 'receivedAtMs'>

function headOf(request: ClientRequest): AskedHead {
  const { id, endpoint, model, stream, forcedProvider = null, receivedAtMs } = request
  return { id, endpoint, model, stream, forcedProvider, receivedAtMs }
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
