import { holds, type RequestFeatures, type RouteCondition } from './conditions.ts'
import { matchRules } from './match.ts'
import type { OwnTimeouts } from './timeouts.ts'

/** `model_routes`: one pattern and what it leads to. */
export interface RouteRule {
  readonly pattern: string
  readonly entries: readonly RouteEntry[]
}

/** One line of a route. */
export interface RouteEntry {
  readonly provider: string
  /** The model to ask for; `null`: the client's own (`passthrough`). */
  readonly model: string | null
  /** Lower goes first. */
  readonly priority: number
  /** Share among entries. Absent: the provider's. 0: only while nobody else is usable. */
  readonly weight?: number
  readonly when?: RouteCondition
}

/** What routing knows of a configured provider. */
export interface RouteProvider {
  readonly name: string
  /** The name that it shares with others, by which a request may ask for any of them. */
  readonly sharedName?: string
  /** Share among providers. Default 1. */
  readonly weight?: number
  /** Stable names, no secrets; each is a target of its own. Weights are relative to each other. */
  readonly credentials: readonly { readonly name: string; readonly weight: number }[]
  /** The client's own credential goes up. */
  readonly passThrough: boolean
  /** For `cheapest`: what a million tokens cost, or `null` if unknown. */
  readonly price: number | null
  /** Absent: those of the attempt loop's policy. */
  readonly timeouts?: OwnTimeouts
}

/** Who asks for what. */
export interface RouteRequest {
  readonly model: string
  readonly features: RequestFeatures
  /** The body's `provider`: only this one, or `null`. */
  readonly forcedProvider: string | null
}

/** A target that a request may go to, before anything is known about its condition. */
export interface RouteTarget {
  readonly id: string
  readonly provider: string
  readonly credential: string
  readonly model: string
  readonly passThrough: boolean
  /** 0: of the best matching rule; 1: of the next; … A later rule counts where an earlier one has nobody usable, or failed. */
  readonly rank: number
  readonly priority: number
  readonly weight: number
  readonly price: number | null
  readonly timeouts?: OwnTimeouts
}

/**
 * Every target that the rules give for a request, in the order of the file.
 *
 * @returns an empty list when no rule leads anywhere: a model or a provider that is not known here.
 */
export function routeTargets(
  rules: readonly RouteRule[],
  providers: readonly RouteProvider[],
  request: RouteRequest,
): RouteTarget[] {
  const { model, features, forcedProvider } = request
  const matching = matchRules(rules, model)
  if (forcedProvider === null) return targetsIn(matching, providers, model, ({ when }) => holds(when, features))
  const named = providers.filter(({ name, sharedName }) => name === forcedProvider || sharedName === forcedProvider)
  const routed = targetsIn(matching, named, model, ({ when }) => holds(when, features))
  if (routed.length > 0) return routed
  // Conditions choose between providers, and the client has chosen; which model it is there is still for the routes to say.
  const mapped = targetsIn(matching, named, model, () => true)
  if (mapped.length > 0) return mapped
  // A provider that is named outright needs no rule: it is asked for the client's own model.
  return named.flatMap(({ name }) => targetsOf({ provider: name, model: null, priority: 0 }, 0, named, model))
}

function targetsIn(
  matching: readonly RouteRule[],
  providers: readonly RouteProvider[],
  model: string,
  isMeant: (entry: RouteEntry) => boolean,
): RouteTarget[] {
  const seen = new Set<string>()
  return matching.flatMap(({ entries }, rank) =>
    entries
      .filter(isMeant)
      .flatMap((entry) => targetsOf(entry, rank, providers, model))
      .filter(({ id }) => !seen.has(id) && seen.add(id)),
  )
}

function targetsOf(entry: RouteEntry, rank: number, providers: readonly RouteProvider[], asked: string): RouteTarget[] {
  const provider = providers.find(({ name }) => name === entry.provider)
  if (provider === undefined) return []
  const model = entry.model ?? asked
  return provider.credentials.map((credential) => ({
    id: JSON.stringify([provider.name, credential.name, model]),
    provider: provider.name,
    credential: credential.name,
    model,
    passThrough: provider.passThrough,
    rank,
    priority: entry.priority,
    weight: (entry.weight ?? provider.weight ?? 1) * credential.weight,
    price: provider.price,
    ...(provider.timeouts === undefined ? {} : { timeouts: provider.timeouts }),
  }))
}
