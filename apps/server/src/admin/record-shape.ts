import type { FailureKind } from '@lb/protocol'
import type { LoggedEvent, LoopPolicy, RequestFeatures, StartReason } from '@lb/router'

/** The shapes of `/requests`. Times within a request are milliseconds since it was received. */
export interface RequestSummary {
  readonly id: string
  /** Epoch seconds. */
  readonly received_at: number
  readonly endpoint: string
  readonly model: string
  readonly stream: boolean
  /** Whose answer, or last refusal, it was. */
  readonly provider: string | null
  readonly attempts: number
  readonly status: number | null
  readonly end: string | null
  readonly duration_ms: number
  readonly sharing: RecordedSharing
}

/** What other requests had to do with a request's answer. */
export interface RecordedSharing {
  readonly role: 'leader' | 'alone' | 'follower' | 'kept'
  /** Of one that is alone: why it shares with nobody. */
  readonly reason?: string
  /** Of a follower. */
  readonly how?: 'joined' | 'replayed'
  /** Of a follower: the request whose call it was. */
  readonly leader?: string
  /** Of a kept answer. */
  readonly age_ms?: number
}

export interface RequestRecord extends Omit<RequestSummary, 'attempts' | 'provider'> {
  readonly ttfb_ms: number | null
  readonly forced_provider: string | null
  /** How far the client had been shown an answer. */
  readonly stage: string
  /** The attempt whose bytes the client got. */
  readonly committed: number | null
  readonly features: RequestFeatures | null
  readonly candidates: RecordedCandidate[]
  readonly attempts: RecordedAttempt[]
  readonly usage: { readonly [name: string]: unknown }
  readonly counted: RecordedCount | null
  readonly policy: LoopPolicy | null
  readonly log: LoggedEvent[]
}

/** How the tokens of a request were counted. */
export interface RecordedCount {
  readonly provider: string
  readonly model: string
  readonly by: 'upstream' | 'memory' | 'estimate'
  readonly because: string | null
}

/** A candidate as it stood when the plan was made. */
export interface RecordedCandidate {
  readonly id: string
  readonly provider: string
  readonly credential: string
  readonly model: string
  readonly priority: number
  readonly availability: string
  readonly score: number
  readonly in_flight: number
  readonly ttft_ms: number | null
}

export interface RecordedAttempt {
  readonly attempt: number
  readonly provider: string
  readonly credential: string
  readonly model: string
  readonly why: StartReason
  readonly round: number
  readonly started_ms: number
  readonly ended_ms: number | null
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'abandoned'
  /** The upstream said 2xx: it may be billed. */
  readonly paid: boolean
  readonly failure: RecordedFailure | null
  /** What the conversion of the request and of the answer could not carry. */
  readonly losses: string[]
}

export interface RecordedFailure {
  readonly kind: FailureKind
  readonly message: string
  readonly status?: number
  readonly errorType?: string
  readonly retryAfterMs?: number
  readonly claim?: string
}
