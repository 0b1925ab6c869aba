import type { NodeHealth } from './node.ts'
import type { NodePath } from './target.ts'

/**
 * The state of health as plain JSON: provider → credential → model. What is not in it is healthy: a node appears with
 * its first failure and is forgotten when nothing about it matters any more, so a quiet day costs nothing.
 */
export interface HealthState {
  readonly providers: Readonly<Record<string, ProviderHealth>>
}

/** One provider: its own node, one per model whoever pays, and its credentials. */
export interface ProviderHealth {
  readonly node: NodeHealth | null
  readonly models: Nodes
  readonly credentials: Readonly<Record<string, CredentialHealth>>
}

/** One credential: its own node, and one per model or family of models. */
export interface CredentialHealth {
  readonly node: NodeHealth | null
  readonly models: Nodes
}

/** Nodes by the last word of their path. */
export type Nodes = Readonly<Record<string, NodeHealth>>

/** The one empty record of all states: to compare is cheaper than to look up what is not there. */
const nothing: Readonly<Record<string, never>> = {}

/** Nothing known: every target is healthy. */
export const emptyHealth: HealthState = { providers: nothing }

const emptyProvider: ProviderHealth = { node: null, models: nothing, credentials: nothing }
const emptyCredential: CredentialHealth = { node: null, models: nothing }

/** The node at `path`, or `undefined` when nothing is known about it. */
export function nodeAt(state: HealthState, path: NodePath): NodeHealth | undefined {
  const provider = own(state.providers, path.provider)
  if (provider === undefined) return undefined
  const holder = path.credential === null ? provider : own(provider.credentials, path.credential)
  if (holder === undefined) return undefined
  return path.model === null ? (holder.node ?? undefined) : own(holder.models, path.model)
}

/** `state` with `node` at `path`; `undefined` forgets it. Records that become empty go with it. */
export function withNode(state: HealthState, path: NodePath, node: NodeHealth | undefined): HealthState {
  const before = own(state.providers, path.provider) ?? emptyProvider
  const { credential } = path
  const holder = credential === null ? held(before, path, node) : before
  const credentials =
    credential === null ? before.credentials : withCredential(before.credentials, credential, path, node)
  const changed =
    isBare(holder) && isEmpty(credentials) ? undefined : { node: holder.node, models: holder.models, credentials }
  return { providers: replaced(state.providers, path.provider, changed) }
}

/** Every node with its path. */
export function nodesOf(state: HealthState): { readonly path: NodePath; readonly node: NodeHealth }[] {
  return Object.entries(state.providers).flatMap(([provider, health]) => [
    ...nodesIn(provider, null, health),
    ...Object.entries(health.credentials).flatMap(([credential, below]) => nodesIn(provider, credential, below)),
  ])
}

/** The member `key` if the record owns it: names come from outside, and may be `__proto__`. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  if (record === nothing) return undefined
  // Most look-ups find nothing, and those need no second look.
  const value = record[key]
  return value !== undefined && Object.hasOwn(record, key) ? value : undefined
}

function nodesIn(provider: string, credential: string | null, { node, models }: CredentialHealth) {
  const below = Object.entries(models).map(([model, health]) => ({
    path: { provider, credential, model },
    node: health,
  }))
  return node === null ? below : [{ path: { provider, credential, model: null }, node }, ...below]
}

function withCredential(
  credentials: ProviderHealth['credentials'],
  name: string,
  path: NodePath,
  node: NodeHealth | undefined,
): ProviderHealth['credentials'] {
  const changed = held(own(credentials, name) ?? emptyCredential, path, node)
  return replaced(credentials, name, isBare(changed) ? undefined : changed)
}

/** Field by field, as in every record that each attempt makes anew: a spread takes several times as long. */
function held(holder: CredentialHealth, { model }: NodePath, node: NodeHealth | undefined): CredentialHealth {
  if (model === null) return { node: node ?? null, models: holder.models }
  return { node: holder.node, models: replaced(holder.models, model, node) }
}

function isBare({ node, models }: CredentialHealth): boolean {
  return node === null && isEmpty(models)
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _name in record) return false
  return true
}

function replaced<T>(
  record: Readonly<Record<string, T>>,
  key: string,
  value: T | undefined,
): Readonly<Record<string, T>> {
  if (value !== undefined) return { ...record, [key]: value }
  const { [key]: _gone, ...rest } = record
  return isEmpty(rest) ? nothing : rest
}
