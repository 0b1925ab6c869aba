import type { Failure, FailureKind } from '@lb/protocol'
import type { Availability, Barred, Candidate } from '../candidate.ts'
import { stepLoop } from '../loop.ts'
import { nextLoopDeadlineMs } from '../loop-clock.ts'
import { type LoopPolicy, streamPolicy } from '../loop-policy.ts'
import { type ClientKind, type LoopEffect, type LoopEvent, type LoopState, newLoop } from '../loop-state.ts'

/** A loop that is told events, and answers `look` by itself, as a server would. */
export class Driven {
  state: LoopState = newLoop
  nowMs = 0
  roll = 0.5
  retryTokens = 10
  candidates: readonly Candidate[]
  readonly policy: LoopPolicy

  constructor(candidates: readonly Candidate[], policy: Partial<LoopPolicy> = {}) {
    this.candidates = candidates
    this.policy = { ...streamPolicy, ...policy }
  }

  /** Tells one event at `atMs` and says, line by line, what the loop wants. */
  tell(atMs: number, event: LoopEvent): string[] {
    this.nowMs = atMs
    const step = stepLoop(this.state, event, { nowMs: atMs, roll: this.roll }, this.policy)
    this.state = step.state
    const lines = step.effects.map(effectText)
    if (step.effects.at(-1)?.type !== 'look') return lines
    return [...lines, ...this.look(atMs)]
  }

  look(atMs: number): string[] {
    const { candidates, retryTokens } = this
    return this.tell(atMs, { type: 'candidates-changed', candidates, retryTokens })
  }

  begin(more: { timeoutMs?: number; client?: ClientKind; refuseChance?: number } = {}): string[] {
    const { candidates, retryTokens } = this
    const { timeoutMs = 600_000, client = 'needs-error', refuseChance = 0 } = more
    return this.tell(0, { type: 'begin', candidates, retryTokens, timeoutMs, client, refuseChance })
  }

  fail(atMs: number, attempt: number, kind: FailureKind, more: Partial<Failure> = {}): string[] {
    return this.tell(atMs, { type: 'failed', attempt, failure: { kind, message: kind, ...more } })
  }

  /** Goes to the next deadline and ticks. */
  wait(): string[] {
    return this.tell(this.deadlineMs() ?? this.nowMs, { type: 'tick' })
  }

  deadlineMs(): number | undefined {
    return nextLoopDeadlineMs(this.state, this.policy)
  }

  /** From now on this candidate's availability is another. */
  change(id: string, availability: Availability): this {
    this.candidates = this.candidates.map((other) => (other.id === id ? { ...other, availability } : other))
    return this
  }
}

export const available: Availability = { kind: 'available', share: 1 }
export const due: Availability = { kind: 'probe' }

/** A bar; by default soft, over at 5 s, and open to the desperate at once. */
export function barred(more: Partial<Barred> = {}): Barred {
  return {
    kind: 'barred',
    reason: 'ejected',
    hard: false,
    untilMs: 5_000,
    notBeforeMs: null,
    lastResortAtMs: 0,
    ...more,
  }
}

/** A candidate called `id`; by default available, its own provider, with a key of ours. */
export function candidate(id: string, more: Partial<Candidate> = {}): Candidate {
  return { id, provider: id, credential: 'key', model: 'm', passThrough: false, availability: available, ...more }
}

function effectText(effect: LoopEffect): string {
  switch (effect.type) {
    case 'start-attempt':
      return `start ${effect.attempt} ${effect.candidate} ${effect.why}${effect.freshConnection ? ' fresh' : ''}${effect.withoutThinking ? ' without thinking' : ''}`
    case 'report':
      return `report ${effect.attempt} ${effect.outcome.kind}${effect.outcome.kind === 'failed' ? ` ${effect.outcome.failure.kind}` : ''}`
    case 'cancel-attempt':
      return `cancel ${effect.attempt}`
    case 'commit':
      return `commit ${effect.attempt} ${effect.opening}`
    case 'release-opening':
      return `opening ${effect.attempt}`
    case 'supply-end':
      return `supply-end ${effect.attempt}`
    case 'refresh-credential':
      return `refresh ${effect.candidate}`
    case 'give-up':
      return `give-up ${effect.attempt} ${effect.failure.kind} ${effect.retryAfterMs} ${effect.shouldRetry}`
    case 'end-truthfully':
      return `end-truthfully ${effect.attempt} ${effect.failure.kind}`
    case 'abort-client':
      return `abort-client ${effect.failure.kind}`
    case 'finish':
      return `finish ${effect.end}`
    case 'look':
    case 'spend-budget':
    case 'send-preamble':
    case 'ping':
      return effect.type
  }
}
