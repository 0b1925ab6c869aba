import { decisionRecord, firstTurns, type PlanCandidate } from '@lb/router'
import type { Kept, KeptRequest, Sharing } from '../state/decision-records.ts'
import { noFeatures } from '../state/features.ts'
import type {
  RecordedAttempt,
  RecordedCandidate,
  RecordedSharing,
  RequestRecord,
  RequestSummary,
} from './record-shape.ts'

/** A request in one line. @param recordOf finds the one whose answer it shared. */
export function summaryView(kept: Kept, recordOf: RecordOf): RequestSummary {
  const asked = askedFor(kept, recordOf)
  return {
    ...head(kept, asked),
    provider: asked === undefined ? null : providerOf(asked),
    attempts: kept.kind === 'leader' ? kept.state.attempts.length : 0,
  }
}

/** Everything that is known about why a request went where it went. */
export function recordView(kept: Kept, recordOf: RecordOf): RequestRecord {
  const common = { ...head(kept, askedFor(kept, recordOf)), forced_provider: kept.forcedProvider }
  if (kept.kind === 'sharer') return { ...common, ...nothingDecided }
  const { features, candidates, state, policy, log, shown, usage, counted } = kept
  const decided = decisionRecord(features ?? noFeatures, { candidates, turns: firstTurns }, state, log)
  return {
    ...common,
    ttfb_ms: shown.firstByteAtMs === undefined ? null : since(kept, shown.firstByteAtMs),
    stage: state.stage,
    committed: decided.committed,
    features,
    candidates: decided.candidates.map((scored, index) => candidateView(scored, candidates[index])),
    attempts: state.attempts.map((attempt) => attemptView(kept, attempt)),
    usage,
    counted,
    policy,
    log: [...log],
  }
}

function providerOf(asked: KeptRequest): string | null {
  const last = asked.state.attempts.at(-1)
  return last === undefined ? (asked.counted?.provider ?? null) : nameOf(asked, last.candidate).provider
}

type RecordOf = (id: string) => Kept | undefined

/** Of a request that asked nobody: `sharing` says whose record tells the rest. */
const nothingDecided: Omit<RequestRecord, keyof ReturnType<typeof head> | 'forced_provider'> = {
  ttfb_ms: null,
  stage: 'nothing',
  committed: null,
  features: null,
  candidates: [],
  attempts: [],
  usage: {},
  counted: null,
  policy: null,
  log: [],
}

/** The request whose call brought the answer; `undefined`: none, or it is not kept. */
function askedFor(kept: Kept, recordOf: RecordOf): KeptRequest | undefined {
  if (kept.kind === 'leader') return kept
  const leader = kept.sharing.role === 'follower' ? recordOf(kept.sharing.leader) : undefined
  return leader?.kind === 'leader' ? leader : undefined
}

function head(kept: Kept, asked: KeptRequest | undefined): Omit<RequestSummary, 'attempts' | 'provider'> {
  const { id, endpoint, model, stream, receivedAtMs, doneAtMs, doneAtEpochMs, sharing } = kept
  return {
    id,
    received_at: Math.round(doneAtEpochMs - (doneAtMs - receivedAtMs)) / 1000,
    endpoint,
    model,
    stream,
    status: (kept.kind === 'sharer' ? kept.status : null) ?? asked?.shown.status ?? null,
    end: kept.kind === 'sharer' ? kept.end : endOf(kept),
    duration_ms: since(kept, doneAtMs),
    sharing: sharingView(sharing),
  }
}

function endOf({ state: { phase } }: KeptRequest): string | null {
  return phase.kind === 'over' ? phase.end : null
}

function sharingView(sharing: Sharing): RecordedSharing {
  return sharing.role === 'kept' ? { role: 'kept', age_ms: Math.round(sharing.ageMs) } : sharing
}

type Scored = Pick<RecordedCandidate, 'id' | 'availability' | 'score'>

function candidateView(scored: Scored, candidate: PlanCandidate | undefined): RecordedCandidate {
  const { provider = '', credential = '', model = '', priority = 0, inFlight = 0, ttftMs = null } = candidate ?? {}
  return { ...scored, provider, credential, model, priority, in_flight: inFlight, ttft_ms: ttftMs }
}

function attemptView(kept: KeptRequest, attempt: KeptRequest['state']['attempts'][number]): RecordedAttempt {
  const { attempt: number, candidate, why, round, startedMs, endedMs, outcome, paid, failure } = attempt
  const losses = kept.losses.get(number) ?? []
  return {
    attempt: number,
    ...nameOf(kept, candidate),
    why,
    round,
    started_ms: since(kept, startedMs),
    ended_ms: endedMs === null ? null : since(kept, endedMs),
    outcome,
    paid,
    failure: failure === null ? null : { ...failure },
    losses: losses.map(
      ({ code, path, count }) => `${code}${path === '' ? '' : ` ${path}`}${count > 1 ? ` ×${count}` : ''}`,
    ),
  }
}

function nameOf({ candidates }: KeptRequest, id: string): Pick<RecordedAttempt, 'provider' | 'credential' | 'model'> {
  const { provider = id, credential = '', model = '' } = candidates.find((candidate) => candidate.id === id) ?? {}
  return { provider, credential, model }
}

function since({ receivedAtMs }: Kept, atMs: number): number {
  return Math.round((atMs - receivedAtMs) * 10) / 10
}
