export { type Availability, type Barred, type Candidate, isAvailable } from './candidate.ts'
export { featuresOf, holds, type RequestFeatures, type RouteCondition } from './conditions.ts'
export { stepLoop } from './loop.ts'
export { nextLoopDeadlineMs } from './loop-clock.ts'
export { countPolicy, type LoopPolicy, messagePolicy, streamPolicy } from './loop-policy.ts'
export {
  type Attempt,
  type ClientKind,
  type End,
  type Ending,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  type LoopStep,
  newLoop,
  type Outcome,
  type StartReason,
} from './loop-state.ts'
export { matchRules, type Patterned } from './match.ts'
export { type Plan, type PlanCandidate, type PlanWishes, plan } from './plan.ts'
export {
  type RouteEntry,
  type RouteProvider,
  type RouteRequest,
  type RouteRule,
  type RouteTarget,
  routeTargets,
} from './route.ts'
export { firstTurns, type Strategy, type Turns } from './strategy.ts'
