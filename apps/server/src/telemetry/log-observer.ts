import { logHealthFact } from './health-facts.ts'
import type { Log } from './log.ts'
import type { RequestObserver } from './observer.ts'
import { logFollower, logRequest } from './request-log.ts'

/** Writes down what happens: a line for each request, and one for each change of a provider's health. */
export function logObserver(log: Log): RequestObserver {
  return {
    requestDone: (done) => logRequest(log, done),
    followerDone: (done) => logFollower(log, done),
    answerReplayed({ request, ageMs }) {
      const fields = {
        event: 'request_cached',
        request_id: request.id,
        model: request.model,
        age_s: Math.round(ageMs / 1000),
      }
      log.info(fields, `request answered from the cache: ${request.model}`)
    },
    healthChanged: (fact) => logHealthFact(log, fact),
  }
}
