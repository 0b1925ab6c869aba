import type { LoopState } from '@lb/router'
import type { DoneRequest, RequestObserver } from '../observer.ts'
import { labelCap } from './label-cap.ts'
import type { MetricSet } from './metric-set.ts'
import { createSavings, observeTimes } from './savings.ts'
import { eachKind, type TokenCounts, tokenCounts } from './token-counts.ts'

/** What the counting of requests needs to know. */
export interface CountingPorts {
  /** Models with a series of their own in any case: those that the routes name. */
  readonly knownModels: Iterable<string>
  /** What an answer cost, in US dollars; `undefined`: no price is known. */
  readonly costOf: (done: DoneRequest) => number | undefined
}

/** Models beside the known ones that get a series of their own: enough for every vendor's list, too few to hurt. */
const MORE_MODELS = 64
/** Providers are configuration; this bounds what a generated configuration leaves behind over many reloads. */
const MOST_PROVIDERS = 256

/** Label of a request that no provider was asked for. */
const nobody = 'none'

/** Counts what happens to requests. On the path of every one of them: no allocation that a cell does not need. */
export function metricsObserver(set: MetricSet, { knownModels, costOf }: CountingPorts): RequestObserver {
  const model = labelCap(MORE_MODELS, knownModels)
  const provider = labelCap(MOST_PROVIDERS)
  const savings = createSavings(set)

  const countTokens = tokenCounting({ set, model, provider, costOf })

  return {
    requestRefused({ endpoint, refusal }) {
      set.refusals.cell(endpoint, refusal.type).value += 1
    },
    requestStarted({ endpoint }) {
      set.requestsInFlight.cell(endpoint).value += 1
    },
    attemptStarted({ candidate }) {
      set.attemptsInFlight.cell(provider(candidate.provider)).value += 1
    },
    attemptReported({ candidate, outcome, startedMs, nowMs }) {
      const from = provider(candidate.provider)
      if (outcome.kind === 'alive') return set.timeToFirstToken.series(from).observe(outcome.ttftMs / 1000)
      set.attemptsInFlight.cell(from).value -= 1
      set.attempts.cell(from, outcome.kind).value += 1
      set.attemptDuration.series(from).observe((nowMs - startedMs) / 1000)
      if (outcome.kind === 'failed') set.attemptFailures.cell(from, outcome.failure.kind).value += 1
    },
    requestDone(done) {
      const { request, state, shown, nowMs } = done
      const { endpoint } = request
      const end = endOf(state)
      const last = state.attempts.at(-1)
      const target = last === undefined ? undefined : done.candidates.find(({ id }) => id === last.candidate)
      set.requestsInFlight.cell(endpoint).value -= 1
      set.requests.cell(endpoint, target === undefined ? nobody : provider(target.provider), end).value += 1
      observeTimes(set, request, shown.firstByteAtMs, nowMs)
      const overheadMs = overheadOf(done)
      if (overheadMs !== undefined)
        set.overhead.series(endpoint, request.stream ? 'true' : 'false').observe(overheadMs / 1000)
      if (request.stream) set.streams.cell(end).value += 1
      countMoves(set, provider, done)
      savings.answered(request.id, countTokens(done))
      countLosses(set, done)
    },
    ...savings.observer,
    healthChanged(fact) {
      if (fact.type === 'barred') set.ejections.cell(provider(fact.node.provider), fact.reason).value += 1
    },
  }
}

/** What the counting of tokens needs. */
interface TokenCounting extends Pick<CountingPorts, 'costOf'> {
  readonly set: MetricSet
  readonly model: LabelCap
  readonly provider: LabelCap
}

type LabelCap = ReturnType<typeof labelCap>

/** @returns what counts the tokens of a request, and tells what its last attempt used. */
function tokenCounting({
  set,
  model,
  provider,
  costOf,
}: TokenCounting): (done: DoneRequest) => TokenCounts | undefined {
  return (done) => {
    const { attempts } = done.state
    const last = attempts.length - 1
    let ofLast: TokenCounts | undefined
    for (let index = 0; index <= last; index += 1) {
      const { attempt, candidate } = attempts[index] as LoopState['attempts'][number]
      const usage = done.attempts.get(attempt)?.usage()
      const counts = usage === undefined ? undefined : tokenCounts(usage)
      if (counts === undefined) continue
      const target = done.candidates.find(({ id }) => id === candidate)
      const from = provider(target?.provider ?? nobody)
      const of = model(target?.model ?? nobody)
      eachKind(counts, (kind, tokens) => {
        set.tokens.cell(from, of, kind).value += tokens
        if (index < last) set.wastedTokens.cell(from, kind).value += tokens
      })
      if (index < last) continue
      ofLast = counts
      const usd = costOf(done)
      if (usd !== undefined) set.cost.cell(from, of).value += usd
    }
    return ofLast
  }
}

function countLosses(set: MetricSet, { attempts }: DoneRequest): void {
  for (const attempt of attempts.values())
    for (const { code, count } of attempt.losses()) set.losses.cell(code).value += count
}

function countMoves(set: MetricSet, provider: LabelCap, { state, candidates }: DoneRequest): void {
  for (let index = 1; index < state.attempts.length; index += 1) {
    const before = state.attempts[index - 1]?.candidate
    const left = candidates.find(({ id }) => id === before)?.provider ?? nobody
    const moved = state.attempts[index]?.candidate !== before
    const counted = moved ? set.failovers : set.retries
    counted.cell(provider(left)).value += 1
  }
}

/** How a request ended, in the router's word. */
export function endOf({ phase }: LoopState): string {
  return phase.kind === 'over' ? phase.end : phase.kind
}

/**
 * The time that a request spent in lb, in milliseconds: until its first attempt was handed to a connection, and from the
 * arrival of the bytes with which the answer begins until the client's connection had them. Failed attempts between the two
 * and deliberate waiting are not in it. `undefined`: no upstream's answer was shown.
 */
function overheadOf({ request, state, attempts }: DoneRequest): number | undefined {
  const first = state.attempts[0]
  const last = state.attempts.at(-1)
  if (first === undefined || last === undefined) return undefined
  const sentAtMs = attempts.get(first.attempt)?.timing().sentAtMs
  const answer = attempts.get(last.attempt)?.timing()
  if (sentAtMs === undefined || answer?.arrivedAtMs === undefined || answer.shownAtMs === undefined) return undefined
  return sentAtMs - request.readAtMs + answer.shownAtMs - answer.arrivedAtMs
}
