export { type Availability, availabilityOf } from './availability.ts'
export type { Bar, BarReason, Growth } from './bar.ts'
export { type HealthEffect, type HealthEvent, type HealthStep, stepHealth } from './health.ts'
export type { LastResort, NodeFact, NodeHealth, NodeState, Probe, SeenAttempt } from './node.ts'
export { defaultHealthPolicy, type HealthPolicy } from './policy.ts'
export { factsOf, mergeFacts, type SharedFact, type SharedFacts, withFacts } from './share.ts'
export {
  type Clocks,
  type HealthSnapshot,
  keepProviders,
  restoreHealth,
  type SavedNode,
  snapshotOf,
} from './snapshot.ts'
export { type NodePath, pathText, type Target } from './target.ts'
export {
  type CredentialHealth,
  emptyHealth,
  type HealthState,
  type Nodes,
  nodesOf,
  type ProviderHealth,
} from './tree.ts'
export {
  adjustFailure,
  type CompiledRules,
  compileUserRules,
  type Matcher,
  noUserRules,
  type UserRuleSettings,
  type UserRules,
} from './user-rules.ts'
