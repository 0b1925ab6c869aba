import { type ConversionContext, namedProfiles, type Profile } from '../src/index.ts'

/** A context as a request without anything special gives it. */
export function contextFor(profile: Profile, changes: Partial<ConversionContext> = {}): ConversionContext {
  return {
    version: 1,
    model: 'claude-test-1',
    seed: 'seed',
    profile,
    tools: [],
    renamedTools: {},
    forcedTool: null,
    usedToolIds: [],
    stopSequences: [],
    emulateStop: false,
    showThinking: true,
    carrier: 'full',
    inputTokensEstimate: 0,
    ...changes,
  }
}

const byProvider: Readonly<Record<string, string>> = {
  alibaba: 'qwen',
  moonshot: 'kimi',
  zai: 'glm',
  gemini: 'gemini-compat',
}

/** The profile of a provider as the corpus names it. */
export function profileOf(provider: string): Profile {
  const profile = namedProfiles[byProvider[provider] ?? provider] ?? namedProfiles['openai-compatible']
  if (profile === undefined) throw new Error('no conservative profile')
  return profile
}
