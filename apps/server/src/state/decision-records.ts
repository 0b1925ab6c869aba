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
import { createTextRing, type RingText } from './text-ring.ts'

/**
 * Why the last requests went where they went, without a byte of what was asked or answered.
 *
 * Each is kept as one text, in a {@link createTextRing ring}. To keep the objects that a request leaves behind costs as much
 * processor time, since the garbage collector moves each of them twice before it dies, and nobody could say how many bytes
 * they are. The text is what the attempt loop was told; what it made of it is computed again when somebody asks.
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
  const kept = createTextRing<Label>()
  /** Gone with the request itself, whatever becomes of it. */
  const sharings = new WeakMap<ClientRequest, Sharing>()

  function add(id: string, policy: LoopPolicy | null, record: LeaderText | SharerText): void {
    const limits = current().config.settings.decisionRecords
    if (limits.enabled) kept.add({ id, policy }, JSON.stringify(record), limits)
  }

  return {
    observer: {
      requestDone(done) {
        const sharing = sharings.get(done.request) ?? leads
        if (done.log !== null) add(done.request.id, done.policy, leaderText(done, done.log, sharing, clock))
      },
      requestAlone: ({ request, reason }) => void sharings.set(request, { role: 'alone', reason }),
      followerJoined: ({ request, leader, how }) =>
        void sharings.set(request, { role: 'follower', how, leader: leader.id }),
      followerParted: ({ request }) => void sharings.set(request, { role: 'alone', reason: 'waited-too-long' }),
      followerDone({ request, leader, ending, nowMs }) {
        const sharing = sharings.get(request) ?? { role: 'follower', how: 'joined', leader: leader.id }
        const told = { sharing, end: endings[ending], status: null, doneAtMs: nowMs }
        add(request.id, null, sharerText(request, told, clock))
      },
      answerReplayed({ request, answer, ageMs }) {
        const told = { end: endings.whole, status: answer.status, doneAtMs: clock.nowMs() }
        add(request.id, null, sharerText(request, { sharing: { role: 'kept', ageMs }, ...told }, clock))
      },
    },
    get(id) {
      const found = kept.find((label) => label.id === id)
      return found === undefined ? undefined : readRecord(found)
    },
    last: (count) => kept.last(count).map(readRecord),
  }
}

/** What is known of a record without reading it. The policy, which many requests share, is not written. */
interface Label {
  readonly id: string
  /** `null`: it asked nobody itself. */
  readonly policy: LoopPolicy | null
}

const leads: Sharing = { role: 'leader' }

/** As it is written: all but what follows from policy and log. */
type LeaderText = Omit<KeptRequest, 'bytes' | 'policy' | 'losses' | 'state' | 'candidates'> & {
  readonly end: End | null
  readonly unlogged: readonly PlanCandidate[] | undefined
  readonly losses: readonly (readonly [number, readonly Loss[]])[]
}

type SharerText = Omit<KeptSharer, 'bytes'>

/** Nothing is kept that holds on to the request's body or to an answer. */
function leaderText(
  { request, state, candidates, features, shown, attempts, nowMs, counted }: DoneRequest,
  log: readonly LoggedEvent[],
  sharing: Sharing,
  clock: Clock,
): LeaderText {
  const { id, endpoint, model, stream, forcedProvider = null, receivedAtMs } = request
  const last = state.attempts.at(-1)
  // Written out: a third of the time went into spreading objects that only live as long as this.
  return {
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
}

function readRecord({ label: { policy }, text, bytes }: RingText<Label>): Kept {
  if (policy === null) return { ...(JSON.parse(text) as SharerText), bytes }
  const { losses, end, unlogged = [], ...rest } = JSON.parse(text) as LeaderText
  const { state } = replayLoop(rest.log, policy)
  const candidates = plannedIn(rest.log) ?? unlogged
  // A request that was broken off, because something of ours threw, has an end that no event tells of.
  const ended: LoopState = end === null ? state : { ...state, phase: { kind: 'over', end } }
  return { ...rest, state: ended, candidates, losses: new Map(losses), policy, bytes }
}

/** The candidates as they stood when the plan was made: the last plan, if a reload made another one while the request waited. */
function plannedIn(log: readonly LoggedEvent[]): readonly PlanCandidate[] | undefined {
  // What the loop was told of are the plan's own: it only asks for less of them.
  let planned: readonly PlanCandidate[] | undefined
  for (const { event } of log) {
    const isPlan =
      event.type === 'begin' || (event.type === 'candidates-changed' && isAnother(event.candidates, planned))
    if (isPlan) planned = event.candidates as readonly PlanCandidate[]
  }
  return planned
}

function isAnother(candidates: readonly { readonly id: string }[], planned: readonly PlanCandidate[] = []): boolean {
  return candidates.length !== planned.length || candidates.some(({ id }, index) => id !== planned[index]?.id)
}

function lossesOf(attempts: DoneRequest['attempts']): LeaderText['losses'] {
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

function sharerText(
  request: ClientRequest,
  told: Pick<KeptSharer, 'sharing' | 'end' | 'status' | 'doneAtMs'>,
  clock: Clock,
): SharerText {
  const { id, endpoint, model, stream, forcedProvider = null, receivedAtMs } = request
  const head = { id, endpoint, model, stream, forcedProvider, receivedAtMs }
  return { kind: 'sharer', ...head, ...told, doneAtEpochMs: clock.epochMs() }
}
