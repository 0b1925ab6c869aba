export {
  type Admission,
  type AnswerCachePolicy,
  type AnswerFacts,
  type AnswerStore,
  admit,
  answerBytes,
  CACHE_HEADER,
  type CachedAnswer,
  type CacheWish,
  cachedHeaders,
  cacheWishOf,
  defaultAnswerCachePolicy,
  freshAgeMs,
} from './answer-cache.ts'
export type { CanonicalProblem } from './canonical/canonicalizer.ts'
export {
  createFingerprint,
  type Digest,
  type FingerprintPolicy,
  type Question,
  semanticHeaders,
} from './fingerprint.ts'
export {
  defaultFlightPolicy,
  type Ending,
  type FlightEffect,
  type FlightEvent,
  type FlightPolicy,
  type FlightState,
} from './flight/flight.ts'
export { type FlightStep, nextFlightDeadlineMs, stepFlight } from './flight/step.ts'
export {
  createFlightTable,
  type FlightAction,
  type FlightId,
  type FlightOptions,
  type FlightTable,
} from './flight-table.ts'
export {
  type AloneReason,
  COALESCE_HEADER,
  type CoalescingFacts,
  type CoalescingPolicy,
  type CoalescingVerdict,
  defaultCoalescingPolicy,
  mayCoalesce,
  type RequestHeaders,
} from './policy.ts'
export { type ConsumerId, createReplayLog, type ReplayLimits, type ReplayLog, type ReplayRead } from './replay-log.ts'
