import type { HealthEvent, Target } from '@lb/health'
import { assertNever, failureTable } from '@lb/protocol'
import type { Outcome, RouteTarget } from '@lb/router'
import { accountsCredential } from './compiled-config.ts'

/** What health is told when an attempt is over. */
export function endNews(
  outcome: Exclude<Outcome, { readonly kind: 'alive' }>,
  seen: { readonly target: Target; readonly attempt: string; readonly startedMs: number },
): HealthEvent {
  switch (outcome.kind) {
    case 'succeeded':
      return { type: 'attempt-succeeded', ...seen }
    case 'failed':
      return { type: 'attempt-failed', ...seen, failure: outcome.failure }
    case 'abandoned':
      return { type: 'attempt-abandoned', target: seen.target, attempt: seen.attempt }
    default:
      return assertNever(outcome)
  }
}

/** What happens to a client's own credential, or to one of several accounts, is not the health of a configured key. */
export function healthTarget({ provider, credential, model, passThrough }: RouteTarget): Target {
  return { provider, credential: passThrough || credential === accountsCredential ? null : credential, model }
}

/** A conversation does not wait for a home whose credential is dead or whose quota is gone. */
export function isHardLoss(kind: keyof typeof failureTable): boolean {
  return failureTable[kind].aftermath === 'down' || kind === 'quota-rejected' || kind === 'credits-exhausted'
}
