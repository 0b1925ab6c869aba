import type { Provider } from '@lb/config'
import { namedProfiles, type Profile } from '@lb/convert'
import { isJsonObject, type JsonObject, stringMember } from '@lb/protocol'

/**
 * Which vendor's rules a provider's endpoint follows: what the config says, else what its host tells, else the most careful
 * assumption.
 */
export function profileOf(provider: Provider): Profile {
  const { profile } = provider
  if (typeof profile === 'string') return named(profile) ?? guessed(provider)
  if (profile === undefined) return guessed(provider)
  return overridden(profile, provider)
}

/** An object of overrides; its `base` names what is overridden. */
function overridden(profile: JsonObject, provider: Provider): Profile {
  const { base: _, ...changes } = profile
  const base = named(stringMember(profile, 'base') ?? '') ?? guessed(provider)
  return isJsonObject(changes) ? { ...base, ...(changes as Partial<Profile>) } : base
}

function named(name: string): Profile | undefined {
  return Object.hasOwn(namedProfiles, name) ? namedProfiles[name] : undefined
}

/** What is assumed of a vendor that nobody knows. */
function careful(name: string): Profile {
  const profile = named(name)
  if (profile === undefined) throw new Error(`@lb/convert has no profile ${name}`)
  return profile
}

function guessed({ baseUrl, dialect }: Provider): Profile {
  const { hostname, port } = new URL(baseUrl)
  const name = hosts.find(([pattern]) => pattern.test(`${hostname}:${port}`))?.[1] ?? 'openai-compatible'
  if (dialect === 'responses') return named(`${name}-responses`) ?? careful('openai-responses')
  return named(name) ?? careful('openai-compatible')
}

/** Whose endpoint is at which host. A row for each vendor that is known; nothing else asks who somebody is. */
const hosts: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)api\.openai\.com:/, 'openai'],
  [/(\.openai\.azure\.com|\.services\.ai\.azure\.com|\.cognitiveservices\.azure\.com):/, 'azure'],
  [/(^|\.)openrouter\.ai:/, 'openrouter'],
  [/(^|\.)deepseek\.com:/, 'deepseek'],
  [/(^|\.)(moonshot\.(cn|ai)|kimi\.com):/, 'kimi'],
  [/(^|\.)(bigmodel\.cn|z\.ai):/, 'glm'],
  [/(^|\.)(dashscope(-\w+)?\.aliyuncs\.com|qwen\.ai):/, 'qwen'],
  [/(^|\.)mistral\.ai:/, 'mistral'],
  [/(^|\.)groq\.com:/, 'groq'],
  [/(^|\.)cerebras\.ai:/, 'cerebras'],
  [/(^|\.)together\.(xyz|ai):/, 'together'],
  [/(^|\.)fireworks\.ai:/, 'fireworks'],
  [/(^|\.)x\.ai:/, 'xai'],
  [/(^|\.)generativelanguage\.googleapis\.com:/, 'gemini-compat'],
  [/:11434$/, 'ollama'],
]
