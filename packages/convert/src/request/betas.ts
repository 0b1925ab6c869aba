import type { Anthropic } from '@lb/protocol'
import type { Notes } from '../notes.ts'
import { withoutScopes } from './cache-breakpoints.ts'

/** Members of a request that an endpoint knows only together with a beta. Left behind, they make it refuse the request. */
const membersOfBeta: readonly (readonly [beta: RegExp, members: readonly string[]])[] = [
  [/^context-management-/, ['context_management']],
  [/^compact-/, ['compaction']],
  [/^mcp-client-/, ['mcp_servers']],
  [/^server-side-fallback-/, ['fallbacks']],
  [/^fallback-credit-/, ['fallback_credit_token']],
  [/^fast-mode-/, ['speed']],
]

/** Betas that an endpoint knows, and the request without what belongs to the others. */
export interface KnownBetas {
  readonly value: Anthropic.Request
  readonly betas: readonly string[]
}

/**
 * Leaves out betas that an endpoint does not know, each with its members of the body.
 *
 * @param known `null`: all.
 */
export function withoutUnknownBetas(
  given: Anthropic.Request,
  betas: readonly string[],
  known: readonly string[] | null,
  notes: Notes,
): KnownBetas {
  const dropped = known === null ? [] : betas.filter((beta) => !known.includes(beta))
  if (dropped.length === 0) return { value: given, betas }
  for (const beta of dropped) notes.loss('feature_dropped', '', beta)
  const scoped = dropped.some((beta) => beta.startsWith('prompt-caching-scope-'))
  const request = scoped ? withoutScopes(given, notes) : given
  const lost = membersOfBeta.flatMap(([pattern, members]) =>
    dropped.some((beta) => pattern.test(beta)) ? members : [],
  )
  const gone = lost.filter((name) => request[name] !== undefined)
  if (gone.length === 0) return { value: request, betas: betas.filter((beta) => !dropped.includes(beta)) }
  for (const name of gone) notes.loss('feature_dropped', `/${name}`, name)
  return { value: withoutMembers(request, gone), betas: betas.filter((beta) => !dropped.includes(beta)) }
}

/** The request without some of its optional members. */
export function withoutMembers(request: Anthropic.Request, names: readonly string[]): Anthropic.Request {
  const { model, max_tokens, messages, ...optional } = request
  const kept = Object.entries(optional).filter(([name]) => !names.includes(name))
  return { model, max_tokens, messages, ...Object.fromEntries(kept) }
}
