import type { JsonObject } from '@lb/protocol'
import type { LoopState, PlanCandidate } from '@lb/router'
import type { DoneRequest } from '../telemetry/observer.ts'
import { type Billed, billedOf, noTokens } from './token-counts.ts'

/** What one attempt used. */
export interface Charge {
  readonly candidate: PlanCandidate
  /** Charged, but of no use to the client. */
  readonly isWaste: boolean
  /** The upstream did not say what it used, or not all of it. */
  readonly isEstimated: boolean
  readonly usage: JsonObject
  /** By model. Never empty. */
  readonly billed: readonly Billed[]
}

type Attempt = LoopState['attempts'][number]

const nothing: readonly Billed[] = [{ counts: noTokens }]

/**
 * What a request is charged for, in the order of its attempts. An attempt costs when its upstream had begun to answer: then it
 * works, whether or not anybody gets to see it.
 *
 * @param estimateInput the prompt's tokens, where an upstream broke off before it said them.
 */
export function chargesOf(done: DoneRequest, estimateInput: (candidate: PlanCandidate) => number): readonly Charge[] {
  const { state, candidates, attempts } = done
  const charges: Charge[] = []
  for (const attempt of state.attempts) {
    const candidate = candidates.find(({ id }) => id === attempt.candidate)
    if (candidate === undefined) continue
    const usage = attempts.get(attempt.attempt)?.usage() ?? {}
    const charge = chargeOf(attempt, candidate, usage, estimateInput)
    if (charge !== undefined) charges.push(charge)
  }
  return charges
}

function chargeOf(
  { paid, outcome }: Attempt,
  candidate: PlanCandidate,
  usage: JsonObject,
  estimateInput: (candidate: PlanCandidate) => number,
): Charge | undefined {
  const told = billedOf(usage)
  if (outcome === 'succeeded') {
    // An upstream that does not count is no reason to invent something: the request is known, its tokens are not.
    return { candidate, isWaste: false, isEstimated: false, usage, billed: told.length === 0 ? nothing : told }
  }
  if (!paid) return undefined
  const isWaste = outcome === 'failed'
  // Of a stream that broke off the prompt is known from its beginning; how much was written by then is not.
  if (told.length > 0) return { candidate, isWaste, isEstimated: true, usage, billed: told }
  const billed = [{ counts: { ...noTokens, input: estimateInput(candidate) } }]
  return { candidate, isWaste, isEstimated: true, usage, billed }
}
