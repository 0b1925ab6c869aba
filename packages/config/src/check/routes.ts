import type { Provider, ProviderFields, Route, RouteFields, RouteRule } from '../config.ts'
import type { Findings } from '../problem.ts'
import { nearest } from '../read/suggest.ts'
import type { Path } from '../yaml/tree.ts'

/**
 * The rules with their usable routes. A route that leads nowhere is skipped with a notice, as the predecessor did silently:
 * switching a provider off must not make the file unusable.
 */
export function checkRoutes(
  rules: readonly (readonly [pattern: string, routes: readonly RouteFields[]])[],
  providers: readonly Provider[],
  all: readonly ProviderFields[],
  pathOf: (made: object) => Path,
  findings: Findings,
): readonly RouteRule[] {
  const kept: RouteRule[] = []
  for (const [pattern, list] of rules) {
    if (pattern.includes('${')) {
      findings.notice(['model_routes', pattern], 'variables are not filled in here', 'write the model out', 'key')
    }
    const routes = list
      .filter((fields) => fields.enabled)
      .map((fields) => checkRoute(fields, providers, all, pathOf(fields), findings))
    const usable = routes.filter((route) => route !== undefined)
    if (usable.length > 0) kept.push({ pattern, routes: usable })
    else if (!findings.hasErrors) findings.notice(['model_routes', pattern], 'no usable route', undefined, 'key')
  }
  if (rules.length === 0 && !findings.hasErrorUnder(['model_routes'])) {
    findings.notice(
      ['model_routes'],
      'no routes: every model is unknown',
      'add model_routes: { "*": [{ provider: … }] }',
    )
  }
  return kept
}

function checkRoute(
  fields: RouteFields,
  providers: readonly Provider[],
  all: readonly ProviderFields[],
  path: Path,
  findings: Findings,
): Route | undefined {
  const { enabled: _, accountEmail, when, ...rest } = fields
  if (when?.minTokens !== undefined && when.maxTokens !== undefined && when.minTokens > when.maxTokens) {
    findings.error([...path, 'when', 'max_tokens'], `below min_tokens (${when.minTokens})`, 'no request can meet both')
  }
  const named = providers.filter((provider) => provider.name === fields.provider)
  const provider = choose(named, accountEmail?.toLowerCase())
  if (provider !== undefined) return { ...rest, ...(when === undefined ? {} : { when }), providerId: provider.id }
  if (findings.hasErrorUnder(['providers'])) return undefined
  if (named.length > 0) {
    findings.notice(
      [...path, 'account_email'],
      `no provider "${fields.provider}" has this account; the route is skipped`,
    )
  } else if (all.some((candidate) => candidate.name === fields.provider)) {
    findings.notice([...path, 'provider'], `the provider "${fields.provider}" is disabled; the route is skipped`)
  } else {
    const meant = nearest(
      fields.provider,
      all.map((candidate) => candidate.name),
    )
    const suggestion = meant === undefined ? undefined : `did you mean "${meant}"?`
    findings.notice(
      [...path, 'provider'],
      `there is no provider "${fields.provider}"; the route is skipped`,
      suggestion,
    )
  }
  return undefined
}

/** The provider with that account; without one asked for, the provider without account, else the first of the name. */
function choose(named: readonly Provider[], account: string | undefined): Provider | undefined {
  const exact = named.find((provider) => provider.accountEmail === account)
  return exact ?? (account === undefined ? named[0] : undefined)
}
