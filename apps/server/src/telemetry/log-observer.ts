import { logHealthFact } from './health-facts.ts'
import type { Log } from './log.ts'
import type { RequestObserver } from './observer.ts'
import { logRefusal } from './refusal-log.ts'
import { logFollower, logRequest } from './request-log.ts'

/** Writes down what happens: a line for each request, and one for each change of a provider's health. */
export function logObserver(log: Log): RequestObserver {
  return {
    requestRefused: (refused) => logRefusal(log, refused),
    requestDone: (done) => logRequest(log, done),
    leaderLeft({ id, model }) {
      const fields = { event: 'leader_left', request_id: id, model }
      log.debug(fields, `the client of ${id} is gone; its call goes on for those who read along, or for its retry`)
    },
    followerParted({ request, leader }) {
      const fields = { event: 'follower_parted', request_id: request.id, leader_request_id: leader.id }
      log.info(fields, `request ${request.id} waited too long for the answer to ${leader.id}: it is sent by itself`)
    },
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
