import type { Loss } from '@lb/convert'
import type { JsonObject } from '@lb/protocol'
import {
  type End,
  type LoggedEvent,
  type LoopPolicy,
  type LoopState,
  type PlanCandidate,
  type RequestFeatures,
  replayLoop,
} from '@lb/router'
import type { Clock } from '../clock.ts'
import type { Shown } from '../egress/client-view.ts'
import type { ClientRequest, Endpoint } from '../ingress/client-request.ts'
import type {
  AloneRequest,
  CountedBy,
  DoneRequest,
  FollowerDone,
  FollowerJoined,
  RequestObserver,
} from '../telemetry/observer.ts'
import type { CompiledConfig } from './compiled-config.ts'

/**
 * Why the last requests went where they went, without a byte of what was asked or answered.
 *
 * Each is kept as one text. To keep the objects that a request leaves behind costs as much processor time, since the garbage
 * collector moves each of them twice before it dies, and nobody could say how many bytes they are. The text is what the
 * attempt loop was told; what it made of it is computed again when somebody asks.
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
  /** Size as JSON. */
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
  /** Of a count of tokens, which asks no attempt loop; `null`: this is none, or it came to no count. */
  readonly counted: CountedBy | null
}

export function createDecisionRecords(clock: Clock, current: () => CompiledConfig): DecisionRecords {
  const kept = new Map<string, KeptSharer | Packed>()
  /** Gone with the request itself, whatever becomes of it. */
  const sharings = new WeakMap<ClientRequest, Sharing>()
  let bytes = 0

  function add(request: KeptSharer | Packed): void {
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
        if (done.log !== null) add(packed(done, done.log, sharing, clock))
      },
      requestAlone: ({ request, reason }) => void sharings.set(request, { role: 'alone', reason }),
      followerJoined: ({ request, leader, how }) =>
        void sharings.set(request, { role: 'follower', how, leader: leader.id }),
      followerParted: ({ request }) => void sharings.set(request, { role: 'alone', reason: 'waited-too-long' }),
      followerDone({ request, leader, ending, nowMs }) {
        const sharing = sharings.get(request) ?? { role: 'follower', how: 'joined', leader: leader.id }
        add(keepSharer(request, { sharing, end: endings[ending], status: null, doneAtMs: nowMs }, clock))
      },
      answerReplayed({ request, answer, ageMs }) {
        const told = { end: endings.whole, status: answer.status, doneAtMs: clock.nowMs() }
        add(keepSharer(request, { sharing: { role: 'kept', ageMs }, ...told }, clock))
      },
    },
    get(id) {
      const found = kept.get(id)
      return found === undefined ? undefined : unpacked(found)
    },
    last: (count) => [...kept.values()].slice(-count).reverse().map(unpacked),
  }
}

/** A leader's record, as it is kept. */
interface Packed {
  readonly kind: 'packed'
  readonly id: string
  readonly bytes: number
  /** All but the policy, which many requests share, and what follows from policy and log. */
  readonly text: string
  readonly policy: LoopPolicy
}

/** Nothing is kept that holds on to the request's body or to an answer. */
function packed(
  { request, state, candidates, features, policy, shown, attempts, nowMs, counted }: DoneRequest,
  log: readonly LoggedEvent[],
  sharing: Sharing,
  clock: Clock,
): Packed {
  const { id, endpoint, model, stream, forcedProvider = null, receivedAtMs } = request
  const last = state.attempts.at(-1)
  // Written out: a third of the time went into spreading objects that only live as long as this.
  const record: PackedText = {
    kind: 'leader',
    id,
    endpoint,
    model,
    stream,
    forcedProvider,
    receivedAtMs,
    doneAtMs: nowMs,
    doneAtEpochMs: clock.epochMs(),
    sharing,
    features,
    log,
    shown,
    usage: (last === undefined ? undefined : attempts.get(last.attempt)?.usage()) ?? {},
    counted: counted ?? null,
    end: state.phase.kind === 'over' ? state.phase.end : null,
    // A count has no attempt loop, so that its candidates are in no log.
    unlogged: log.length === 0 ? candidates : undefined,
    losses: lossesOf(attempts),
  }
  const text = JSON.stringify(record)
  return { kind: 'packed', id, bytes: text.length, text, policy }
}

type PackedText = Omit<KeptRequest, 'bytes' | 'policy' | 'losses' | 'state' | 'candidates'> & {
  readonly end: End | null
  readonly unlogged: readonly PlanCandidate[] | undefined
  readonly losses: readonly (readonly [number, readonly Loss[]])[]
}

function unpacked(kept: KeptSharer | Packed): Kept {
  if (kept.kind === 'sharer') return kept
  const { bytes, policy, text } = kept
  const { losses, end, unlogged = [], ...rest } = JSON.parse(text) as PackedText
  const { state } = replayLoop(rest.log, policy)
  const [first] = rest.log
  // What the loop was told of are the plan's own: it only asks for less of them.
  const candidates = first?.event.type === 'begin' ? (first.event.candidates as readonly PlanCandidate[]) : unlogged
  // A request that was broken off, because something of ours threw, has an end that no event tells of.
  const ended: LoopState = end === null ? state : { ...state, phase: { kind: 'over', end } }
  return { ...rest, state: ended, candidates, losses: new Map(losses), policy, bytes }
}

function lossesOf(attempts: DoneRequest['attempts']): PackedText['losses'] {
  const byAttempt: (readonly [number, readonly Loss[]])[] = []
  for (const [number, attempt] of attempts) {
    const losses = attempt.losses()
    if (losses.length > 0) byAttempt.push([number, losses])
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
