import type { Dialect, Provider } from '@lb/config'
import { namedProfiles, type Profile, profileForModel } from '@lb/convert'

/**
 * Which vendor's rules an OpenAI-type endpoint follows for a model: what the config says, else what its host tells, else the
 * most careful assumption.
 *
 * @param dialect the dialect in which it is asked; see {@link dialectFor}.
 */
export function profileOf(provider: Provider, dialect: OpenAiDialect): Profile {
  return profilesOf(provider)[dialect]
}

/**
 * The dialect in which a provider is asked for a model: its own, unless the profile says that this model needs the other one
 * of OpenAI's (`models: [{ match: […], set: { dialect: responses } }]`).
 */
export function dialectFor(provider: Provider, model: string): Dialect {
  const { dialect, profile } = provider
  // Only a configured profile has such rules; most providers are done here.
  if (dialect === 'anthropic' || typeof profile !== 'object') return dialect
  return profileForModel(profileOf(provider, dialect), model).dialect
}

type OpenAiDialect = Exclude<Dialect, 'anthropic'>
type Profiles = Readonly<Record<OpenAiDialect, Profile>>

/** Found once for each provider. */
const known = new WeakMap<Provider, Profiles>()

function profilesOf(provider: Provider): Profiles {
  const found = known.get(provider)
  if (found !== undefined) return found
  const profiles = { chat: configured(provider, 'chat'), responses: configured(provider, 'responses') }
  known.set(provider, profiles)
  return profiles
}

function configured(provider: Provider, dialect: OpenAiDialect): Profile {
  const { profile } = provider
  if (typeof profile !== 'object') return vendorIn(profile ?? vendorOf(provider), dialect)
  const { base, models, ...changes } = profile
  const vendor = vendorIn(typeof base === 'string' ? base : vendorOf(provider), dialect)
  // The base's exceptions by model stay; those of the config come after them and win.
  const rules = Array.isArray(models) ? (models as unknown as Profile['models']) : []
  return { ...vendor, ...(changes as Partial<Profile>), models: [...vendor.models, ...rules] }
}

/** A vendor's profile in one of the dialects; that of nobody in particular where there is none. */
function vendorIn(vendor: string, dialect: OpenAiDialect): Profile {
  const name = vendor.replace(/-responses$/, '')
  return dialect === 'responses'
    ? (named(`${name}-responses`) ?? careful('openai-responses'))
    : (named(name) ?? careful('openai-compatible'))
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

function vendorOf({ baseUrl }: Provider): string {
  return vendorAt(baseUrl) ?? 'openai-compatible'
}

/** Whose endpoint is at an address; `undefined`: nobody's that we know. The word is the name of a profile. */
export function vendorAt(baseUrl: string): string | undefined {
  const { hostname, port } = new URL(baseUrl)
  return hosts.find(([pattern]) => pattern.test(`${hostname}:${port}`))?.[1]
}

/** A row for each vendor that is known; nothing else asks who somebody is. */
const hosts: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)api\.openai\.com:/, 'openai'],
  [/(\.openai\.azure\.com|\.services\.ai\.azure\.com|\.cognitiveservices\.azure\.com):/, 'azure'],
  [/(^|\.)openrouter\.ai:/, 'openrouter'],
  [/(^|\.)deepseek\.com:/, 'deepseek'],
  [/(^|\.)(moonshot\.(cn|ai)|kimi\.com):/, 'kimi'],
  [/(^|\.)(bigmodel\.cn|z\.ai):/, 'glm'],
  [/(^|\.)(minimax\.io|minimaxi\.com|minimax\.chat):/, 'minimax'],
  [/(^|\.)(dashscope(-\w+)?\.aliyuncs\.com|qwen\.ai):/, 'qwen'],
  [/(^|\.)mistral\.ai:/, 'mistral'],
  [/(^|\.)groq\.com:/, 'groq'],
  [/(^|\.)cerebras\.ai:/, 'cerebras'],
  [/(^|\.)together\.(xyz|ai):/, 'together'],
  [/(^|\.)fireworks\.ai:/, 'fireworks'],
  [/(^|\.)x\.ai:/, 'xai'],
  [/(^|\.)generativelanguage\.googleapis\.com:/, 'gemini-compat'],
  [/(^|\.)bedrock-runtime\.[\w-]+\.amazonaws\.com:/, 'bedrock'],
  [/(^|-)aiplatform\.googleapis\.com:/, 'vertex'],
  [/:11434$/, 'ollama'],
]
