import type { Dialect, KnownProfiles } from '@lb/config'
import {
  anthropicProfileWith,
  namedAnthropicProfiles,
  namedProfiles,
  type ProfileProblem,
  profileWith,
} from '@lb/convert'
import type { Result } from '@lb/protocol'

/** The profiles that a configuration may name: whoever reads it does not know those who convert. */
export const knownProfiles: Readonly<Record<Dialect, KnownProfiles>> = {
  anthropic: {
    names: Object.keys(namedAnthropicProfiles),
    fields: fieldsOf(namedAnthropicProfiles),
    problemsWith: (changes) => problemsOf(anthropicProfileWith(firstOf(namedAnthropicProfiles), changes)),
  },
  chat: openAiProfiles(),
  responses: openAiProfiles(),
}

/** A vendor that has a profile in one of OpenAI's dialects may be named in the other: it then gets the careful one. */
function openAiProfiles(): KnownProfiles {
  return {
    names: Object.keys(namedProfiles),
    fields: fieldsOf(namedProfiles),
    problemsWith: (changes) => problemsOf(profileWith(firstOf(namedProfiles), changes)),
  }
}

function firstOf<Named>(profiles: Readonly<Record<string, Named>>): Named {
  const [first] = Object.values(profiles)
  if (first === undefined) throw new Error('@lb/convert has no profiles')
  return first
}

function problemsOf(changed: Result<unknown, readonly ProfileProblem[]>): readonly ProfileProblem[] {
  return changed.ok ? [] : changed.error
}

function fieldsOf(profiles: Readonly<Record<string, object>>): readonly string[] {
  return [...new Set(Object.values(profiles).flatMap((profile) => Object.keys(profile)))]
}
