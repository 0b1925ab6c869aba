import { type Failure, failureTable, type Moment } from '@lb/protocol'
import { knownPaths } from './availability.ts'
import {
  abandon,
  fail,
  freshNode,
  isSettled,
  type NodeFact,
  type NodeHealth,
  type NodeStep,
  type SeenAttempt,
  showLife,
  startAttempt,
  succeed,
  type Verdict,
} from './node.ts'
import type { HealthPolicy } from './policy.ts'
import { type NodePath, pathOf, pathOfClaim, type Target } from './target.ts'
import { emptyHealth, type HealthState, nodeAt, nodesOf, own, withNode } from './tree.ts'

/**
 * What health is told. `attempt` is unique over all requests; `startedMs` is when that attempt began, because what began
 * before a target was barred says nothing about it.
 */
export type HealthEvent =
  /** An attempt starts now. On a target that is due it becomes the probe. */
  | { readonly type: 'attempt-started'; readonly target: Target; readonly attempt: string }
  /** Its first content was seen. */
  | ({ readonly type: 'attempt-alive'; readonly target: Target } & SeenAttempt)
  /** Its answer was whole: the proper end was seen. */
  | ({ readonly type: 'attempt-succeeded'; readonly target: Target } & SeenAttempt)
  /** It failed. Failures that are not the upstream's fault change nothing. */
  | ({ readonly type: 'attempt-failed'; readonly target: Target; readonly failure: Failure } & SeenAttempt)
  /** It ended without a judgement: the client left, another candidate was faster, the deadline came. */
  | { readonly type: 'attempt-abandoned'; readonly target: Target; readonly attempt: string }
  /** The operator, or a new credential: forget everything at and below this node. */
  | { readonly type: 'cleared'; readonly path: NodePath }
  /** The operator: do not use this provider, credential or model, until `enabled`. */
  | { readonly type: 'disabled'; readonly path: NodePath }
  | { readonly type: 'enabled'; readonly path: NodePath }

/** A fact about one node: nothing to obey, something to log and to count. */
export type HealthEffect = NodeFact & { readonly node: NodePath }

/** A state and what there is to tell. */
export interface HealthStep {
  readonly state: HealthState
  readonly effects: readonly HealthEffect[]
}

const quiet: readonly HealthEffect[] = []

/** The decider: what one event does to the tree. */
export function stepHealth(state: HealthState, event: HealthEvent, at: Moment, policy: HealthPolicy): HealthStep {
  switch (event.type) {
    case 'attempt-started':
      return eachNode(state, event.target, at, policy, (node) => startAttempt(node, event.attempt, at, policy))
    case 'attempt-alive':
      return eachNode(state, event.target, at, policy, (node) => showLife(node, event, at, policy))
    case 'attempt-succeeded':
      return eachNode(state, event.target, at, policy, (node) => succeed(node, event, at, policy))
    case 'attempt-failed':
      return failed(state, event.target, event.failure, event, at, policy)
    case 'attempt-abandoned':
      return abandoned(state, event.target, event.attempt, at, policy)
    case 'cleared':
      return { state: cleared(state, event.path), effects: quiet }
    case 'disabled':
      return { state: withNode(state, event.path, disabledNode(at.nowMs)), effects: quiet }
    case 'enabled':
      return { state: enabled(state, event.path), effects: quiet }
  }
}

function failed(
  state: HealthState,
  target: Target,
  failure: Failure,
  seen: SeenAttempt,
  at: Moment,
  policy: HealthPolicy,
): HealthStep {
  const judged = judge(target, failure, policy)
  // The other nodes learn nothing from it, but a probe that rode on this attempt is over.
  const released = abandoned(state, target, seen.attempt, at, policy, judged?.path)
  if (judged === undefined) return released
  const { path, verdict } = judged
  const before = nodeAt(released.state, path)
  const { node, facts } = fail(before ?? freshNode, verdict, seen, at, policy)
  const roomy = before === undefined ? withRoom(released.state, path, policy) : released.state
  return { state: withNode(roomy, path, node), effects: facts.map((fact) => ({ ...fact, node: path })) }
}

/** Which node a failure is about, and how much; `undefined` when it changes nobody's health. */
function judge(
  target: Target,
  failure: Failure,
  policy: HealthPolicy,
): { readonly path: NodePath; readonly verdict: Verdict } | undefined {
  const row = failureTable[failure.kind]
  if (policy.judge === 'count-all') {
    if (row.origin !== 'upstream' || row.scope === 'request') return undefined
    const path = { provider: target.provider, credential: null, model: null }
    const { retryAfterMs: _ignored, ...undated } = failure
    return { path, verdict: { failure: undated, weight: 1, aftermath: 'count' } }
  }
  if (row.aftermath === 'none') return undefined
  const path = failure.kind === 'quota-rejected' ? pathOfClaim(target, failure.claim) : pathOf(target, row.scope)
  return path === undefined ? undefined : { path, verdict: { failure, weight: row.weight, aftermath: row.aftermath } }
}

function eachNode(
  state: HealthState,
  target: Target,
  at: Moment,
  policy: HealthPolicy,
  step: (node: NodeHealth) => NodeStep,
): HealthStep {
  const known = own(state.providers, target.provider)
  if (known === undefined) return { state, effects: quiet }
  let next = state
  let effects = quiet
  for (const path of knownPaths(known, target)) {
    const before = nodeAt(next, path) ?? freshNode
    const { node, facts } = step(before)
    if (node !== before) next = withNode(next, path, isSettled(node, at.nowMs, policy) ? undefined : node)
    if (facts.length > 0) effects = [...effects, ...facts.map((fact) => ({ ...fact, node: path }))]
  }
  return { state: next, effects }
}

function abandoned(
  state: HealthState,
  target: Target,
  attempt: string,
  at: Moment,
  policy: HealthPolicy,
  except?: NodePath,
): HealthStep {
  return eachNode(state, target, at, policy, (node) => {
    const isJudged = except !== undefined && nodeAt(state, except) === node
    return { node: isJudged ? node : abandon(node, attempt), facts: [] }
  })
}

/** Clients choose model names: one that invents them must not push the memory out of bounds. */
function withRoom(state: HealthState, path: NodePath, policy: HealthPolicy): HealthState {
  const provider = own(state.providers, path.provider)
  if (provider === undefined || path.model === null) return state
  const nodes = nodesOf({ providers: { [path.provider]: provider } }).filter((known) => known.path.model !== null)
  if (nodes.length < policy.nodesMax) return state
  const cheapest = nodes.reduce((a, b) => (worth(b.node) < worth(a.node) ? b : a))
  return withNode(state, cheapest.path, undefined)
}

/** What a node is worth keeping for: marks of missing models least, the switch of an operator most, else the newest. */
function worth({ state, lastFailureMs }: NodeHealth): number {
  if (state.kind === 'disabled') return Number.POSITIVE_INFINITY
  const isMark = state.kind === 'barred' && state.bar.reason === 'unsupported'
  return (lastFailureMs ?? 0) - (isMark ? Number.MAX_SAFE_INTEGER : 0)
}

function cleared(state: HealthState, path: NodePath): HealthState {
  const isBelow = (known: NodePath): boolean =>
    known.provider === path.provider &&
    (path.credential === null || known.credential === path.credential) &&
    (path.model === null || known.model === path.model)
  return nodesOf(state)
    .filter((known) => !isBelow(known.path) || known.node.state.kind === 'disabled')
    .reduce((kept, known) => withNode(kept, known.path, known.node), emptyHealth)
}

function disabledNode(nowMs: number): NodeHealth {
  return { ...freshNode, state: { kind: 'disabled', sinceMs: nowMs } }
}

function enabled(state: HealthState, path: NodePath): HealthState {
  return nodeAt(state, path)?.state.kind === 'disabled' ? withNode(state, path, undefined) : state
}
