import { failureTable } from '@lb/protocol'
import type { LoopPolicy, LoopState } from '@lb/router'

/**
 * What invariant 5 says of a request's tries, told apart from the router's own count: all but the first refusal of each
 * key are at most `attemptsMax`, and beyond that only candidates are asked that never were.
 */
export function hasTooManyTries(state: LoopState, asked: string, isRepeated: boolean, loop: LoopPolicy): boolean {
  const { attempts } = state
  if (attempts.length <= loop.attemptsMax) return false
  const isNew = attempts.filter(({ candidate }) => candidate === asked).length === 1
  const isBeyond = loop.failover === 'threshold' || attempts.length > 11 * loop.attemptsMax
  return isBeyond || !(isNew || isRepeated) || costlyTries(state) > loop.attemptsMax
}

/** Whether a request had to end because its tries were over, or because refusals of keys took too long. */
export function isOutOfTries(state: LoopState, loop: LoopPolicy): boolean {
  if (state.attempts.length < loop.attemptsMax) return false
  return costlyTries(state) >= loop.attemptsMax || refusalsOf(state).tookMs >= loop.roundWithinMs
}

function costlyTries(state: LoopState): number {
  return state.attempts.length - refusalsOf(state).keys
}

function refusalsOf({ attempts }: LoopState): { readonly keys: number; readonly tookMs: number } {
  const refused = attempts.filter(({ failure }) => {
    if (failure === null) return false
    const { scope, weight } = failureTable[failure.kind]
    return scope.startsWith('credential') && weight === 0
  })
  const tookMs = refused.reduce((sum, { startedMs, endedMs }) => sum + ((endedMs ?? startedMs) - startedMs), 0)
  return { keys: new Set(refused.map(({ candidate }) => candidate)).size, tookMs }
}
