import { decisionRecord, firstTurns, type PlanCandidate } from '@lb/router'
import type { KeptRequest } from '../state/decision-records.ts'
import { noFeatures } from '../state/features.ts'
import type { RecordedAttempt, RecordedCandidate, RequestRecord, RequestSummary } from './record-shape.ts'

/** A request in one line. */
export function summaryView(kept: KeptRequest): RequestSummary {
  const { attempts } = kept.state
  const last = attempts.at(-1)
  return {
    ...head(kept),
    provider: last === undefined ? null : nameOf(kept, last.candidate).provider,
    attempts: attempts.length,
  }
}

/** Everything that is known about why a request went where it went. */
export function recordView(kept: KeptRequest): RequestRecord {
  const { features, candidates, state, policy, log, shown, usage, forcedProvider } = kept
  const decided = decisionRecord(features ?? noFeatures, { candidates, turns: firstTurns }, state, log)
  return {
    ...head(kept),
    ttfb_ms: shown.firstByteAtMs === undefined ? null : since(kept, shown.firstByteAtMs),
    forced_provider: forcedProvider,
    stage: state.stage,
    committed: decided.committed,
    features,
    candidates: decided.candidates.map((scored, index) => candidateView(scored, candidates[index])),
    attempts: state.attempts.map((attempt) => attemptView(kept, attempt)),
    usage,
    policy,
    log: [...log],
  }
}

function head(kept: KeptRequest): Omit<RequestSummary, 'attempts' | 'provider'> {
  const { id, endpoint, model, stream, receivedAtMs, doneAtMs, doneAtEpochMs, shown, state } = kept
  return {
    id,
    received_at: Math.round(doneAtEpochMs - (doneAtMs - receivedAtMs)) / 1000,
    endpoint,
    model,
    stream,
    status: shown.status ?? null,
    end: state.phase.kind === 'over' ? state.phase.end : null,
    duration_ms: since(kept, doneAtMs),
  }
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

function since({ receivedAtMs }: KeptRequest, atMs: number): number {
  return Math.round((atMs - receivedAtMs) * 10) / 10
}
