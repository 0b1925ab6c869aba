import { type FailureKind, failureTable } from '@lb/protocol'
import type { LoopPolicy } from './loop-policy.ts'
import type { Attempt, LoopState } from './loop-state.ts'

/**
 * Whom a request may still ask: everybody; only those who were never asked in it, once its tries are over and some of
 * them were keys that said at once that they are used up; or nobody.
 *
 * @see docs/decisions/0112-a-used-up-key-costs-no-try.md
 */
export function triesLeft(state: LoopState, policy: LoopPolicy): 'any' | 'newcomers' | 'none' {
  const { attempts } = state
  const { attemptsMax } = policy
  if (attempts.length < attemptsMax) return 'any'
  const isOver = policy.failover === 'threshold' || attempts.length - refusedKeys(attempts, policy) >= attemptsMax
  return isOver ? 'none' : 'newcomers'
}

/** Whether this request has asked the candidate before. */
export function wasAsked({ attempts }: Pick<LoopState, 'attempts'>, id: string): boolean {
  for (const { candidate } of attempts) if (candidate === id) return true
  return false
}

/** So many keys for each try beyond the first: who allows one try only has one. */
const KEYS_PER_TRY = 10

/**
 * The first refusals of keys: nothing was done for them, and health spares the key from now on, so that the next request
 * need not find out again. Together they may take as long as a request may be for a second round.
 */
function refusedKeys(attempts: readonly Attempt[], { attemptsMax, roundWithinMs }: LoopPolicy): number {
  const most = KEYS_PER_TRY * (attemptsMax - 1)
  const keys = new Set<string>()
  let tookMs = 0
  for (const { candidate, failure, startedMs, endedMs } of attempts) {
    if (failure === null || endedMs === null || !isOfKey(failure.kind)) continue
    tookMs += endedMs - startedMs
    if (tookMs >= roundWithinMs || keys.size >= most) break
    keys.add(candidate)
  }
  return keys.size
}

/** Another key of the same provider may well serve the request, and the provider is not at fault. */
function isOfKey(kind: FailureKind): boolean {
  const { scope, weight } = failureTable[kind]
  return (scope === 'credential' || scope === 'credential+model') && weight === 0
}
