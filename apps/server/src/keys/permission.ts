import { matchRules, type RouteRequest, type RouteRule, routeTargets } from '@lb/router'
import type { Refusal } from '../ingress/refusal.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { Caller } from './caller.ts'

/**
 * Whether a key is for what is asked for.
 *
 * @returns a 403 that says what it is not for. A model that nobody has is not its business.
 */
export function refusalForKey(
  { rules, routeProviders }: Pick<CompiledConfig, 'rules' | 'routeProviders'>,
  caller: Caller,
  wanted: RouteRequest,
): Refusal | undefined {
  const { model, forcedProvider } = wanted
  if (!mayAskFor(caller, model))
    return forbidden(`model: ${model} is not among the models that this key may use. GET /v1/models lists them.`)
  if (caller.providers === undefined || routeTargets(rules, caller.providers, wanted).length > 0) return undefined
  if (routeTargets(rules, routeProviders, wanted).length === 0) return undefined
  return forbidden(
    forcedProvider === null
      ? `model: ${model} is served by providers only that this key may not use.`
      : `provider: ${forcedProvider} is not among the providers that this key may use.`,
  )
}

/** Whether a caller may ask for a model, by the client's name for it. */
export function mayAskFor({ models }: Pick<Caller, 'models'>, model: string): boolean {
  return models === undefined || matchRules(models, model).length > 0
}

/** The rules and entries that lead a caller somewhere. */
export function rulesFor({ providers }: Pick<Caller, 'providers'>, rules: readonly RouteRule[]): readonly RouteRule[] {
  if (providers === undefined) return rules
  const names = providers.map(({ name }) => name)
  return rules
    .map(({ pattern, entries }) => ({ pattern, entries: entries.filter(({ provider }) => names.includes(provider)) }))
    .filter(({ entries }) => entries.length > 0)
}

/** The patterns that a caller may be told of. Where a key is for some models only, the others are none of its business. */
export function knownPatterns(caller: Caller, rules: readonly RouteRule[]): readonly string[] {
  return caller.models === undefined ? rulesFor(caller, rules).map(({ pattern }) => pattern) : []
}

function forbidden(message: string): Refusal {
  return { status: 403, type: 'permission_error', message }
}
