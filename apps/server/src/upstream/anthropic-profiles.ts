import type { Provider } from '@lb/config'
import { type AnthropicProfile, namedAnthropicProfiles } from '@lb/convert'
import { type Json, member, stringMember } from '@lb/protocol'
import { vendorAt } from './profiles.ts'

/**
 * Whose rules an Anthropic-type endpoint follows: what the config says, else what its host tells, else Anthropic's own.
 */
export function anthropicProfileOf(provider: Provider): AnthropicProfile {
  const found = known.get(provider)
  if (found !== undefined) return found
  const profile = configured(provider)
  known.set(provider, profile)
  return profile
}

/** Whether it is Anthropic's own endpoint as far as anybody says: then a client's request is right for it as it is. */
export function isFirstParty(profile: AnthropicProfile): boolean {
  return profile === named('anthropic')
}

/** Found once for each provider. */
const known = new WeakMap<Provider, AnthropicProfile>()

function configured({ profile, baseUrl }: Provider): AnthropicProfile {
  if (profile === undefined) return named(vendorAt(baseUrl) ?? '') ?? anthropic()
  if (typeof profile === 'string') return named(profile) ?? anthropic()
  const { base, ...changes } = profile
  const vendor = named(typeof base === 'string' ? base : (vendorAt(baseUrl) ?? '')) ?? anthropic()
  return { ...vendor, ...(changes as Partial<AnthropicProfile>) }
}

function named(name: string): AnthropicProfile | undefined {
  return Object.hasOwn(namedAnthropicProfiles, name) ? namedAnthropicProfiles[name] : undefined
}

function anthropic(): AnthropicProfile {
  const profile = named('anthropic')
  if (profile === undefined) throw new Error('@lb/convert has no profile anthropic')
  return profile
}

/** An endpoint that takes everything: for what passes through Anthropic's dialect on its way to another one. */
export const anyAnthropic: AnthropicProfile = {
  ...anthropic(),
  id: 'any',
  maxOutputTokens: Number.MAX_SAFE_INTEGER,
  sampling: ['temperature', 'top_p', 'top_k'],
  effort: ['low', 'medium', 'high', 'xhigh', 'max'],
  prefill: true,
  cacheBreakpoints: Number.MAX_SAFE_INTEGER,
  signatures: 'carried',
  models: [],
}

/** An endpoint of Anthropic's that takes this request as it is, whatever model it is for. */
export function takingAnything(request: unknown): AnthropicProfile {
  const isBudget = stringMember(member(request as Json, 'thinking'), 'type') === 'enabled'
  const target = { ...anyAnthropic, signatures: 'verified' } as const
  return isBudget ? { ...target, thinking: 'budget' } : target
}
