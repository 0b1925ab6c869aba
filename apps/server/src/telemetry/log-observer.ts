import { logHealthFact } from './health-facts.ts'
import type { Log } from './log.ts'
import type { RequestObserver } from './observer.ts'
import { logRequest } from './request-log.ts'

/** Writes down what happens: a line for each request, and one for each change of a provider's health. */
export function logObserver(log: Log): RequestObserver {
  return {
    requestDone: (done) => logRequest(log, done),
    healthChanged: (fact) => logHealthFact(log, fact),
  }
}
