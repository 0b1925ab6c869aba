export { type Affinity, type AffinityEvent, type AffinityPolicy, homesOf, stepAffinity } from './affinity.ts'
export { type BudgetEvent, fullBudget, type RetryBudget, retryTokens, stepBudget } from './budget.ts'
export type { Availability, Barred, Candidate } from './candidate.ts'
export { featuresOf, type RequestFeatures, type RouteCondition } from './conditions.ts'
export { requestTimeoutMs } from './deadline.ts'
export { type Latency, observeLatency } from './latency.ts'
export { type Limit, type LimitEffect, type LimitEvent, type LimitStep, noLimit, placeOf, stepLimit } from './limit.ts'
export { stepLoop } from './loop.ts'
export { nextLoopDeadlineMs } from './loop-clock.ts'
export { countPolicy, type LoopPolicy, messagePolicy, streamPolicy } from './loop-policy.ts'
export type {
  Attempt,
  ClientKind,
  End,
  Ending,
  LoopEffect,
  LoopEvent,
  LoopState,
  LoopStep,
  WaitReason,
} from './loop-state.ts'
export { newLoop, type Outcome, type Phase, type Stage, type StartReason } from './loop-state.ts'
export { matchRules, type Patterned } from './match.ts'
export { type Plan, type PlanCandidate, type PlanWishes, plan } from './plan.ts'
export {
  type DecisionRecord,
  decisionRecord,
  type LoggedEvent,
  logged,
  type RecordedCandidate,
  replayLoop,
} from './record.ts'
export {
  nextReleaseDeadlineMs,
  type Release,
  type ReleaseEffect,
  type ReleaseEvent,
  type ReleaseStep,
  shutRelease,
  stepRelease,
} from './release.ts'
export type { RouteTarget } from './route.ts'
export { type RouteEntry, type RouteProvider, type RouteRequest, type RouteRule, routeTargets } from './route.ts'
export { isInstruction, sessionOf } from './session.ts'
export { firstTurns, type Strategy, type Turns } from './strategy.ts'
export { openThrottle, refuseChance, stepThrottle, type Throttle } from './throttle.ts'
export type { OwnTimeouts } from './timeouts.ts'
