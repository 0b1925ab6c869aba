import type { Refusal } from '../ingress/refusal.ts'
import type { Log } from './log.ts'
import type { RefusedRequest } from './observer.ts'

/**
 * The line of a request for a model that lb turned down itself, e.g. because no route knows the model. Nothing else is
 * written about it, and its client has only this id to ask with. While lb is short of time, lines would make it shorter.
 */
export function logRefusal(log: Log, { id, endpoint, refusal }: RefusedRequest): void {
  const level = refusal.type === 'overloaded_error' ? 'debug' : 'warn'
  log[level](
    { event: 'request_refused', request_id: id, endpoint, ...asked(refusal) },
    `request refused: ${refusal.message}`,
  )
}

/**
 * The line of a request that did not get past the door: without a key, from another site, under a name that is not lb's. What
 * the client is told may repeat what it sent, so that is not written down. Paths that do not exist are what scanners ask for.
 */
export function logTurnedAway(log: Log, id: string, method: string | undefined, refusal: Refusal): void {
  const level = refusal.status === 404 || refusal.status === 405 ? 'debug' : 'warn'
  log[level](
    { event: 'request_refused', request_id: id, method, ...asked(refusal) },
    `request refused at the door: ${refusal.status} ${refusal.type}`,
  )
}

function asked({ status, type }: Refusal): { readonly status: number; readonly error_type: string } {
  return { status, error_type: type }
}
