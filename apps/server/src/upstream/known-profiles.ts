import type { Dialect, KnownProfiles } from '@lb/config'
import { namedAnthropicProfiles, namedProfiles, profileWith } from '@lb/convert'

/** The profiles that a configuration may name: whoever reads it does not know those who convert. */
export const knownProfiles: Readonly<Record<Dialect, KnownProfiles>> = {
  anthropic: {
    names: Object.keys(namedAnthropicProfiles),
    fields: fieldsOf(namedAnthropicProfiles),
    problemsWith: () => [],
  },
  chat: openAiProfiles(),
  responses: openAiProfiles(),
}

/** A vendor that has a profile in one of OpenAI's dialects may be named in the other: it then gets the careful one. */
function openAiProfiles(): KnownProfiles {
  const [base] = Object.values(namedProfiles)
  return {
    names: Object.keys(namedProfiles),
    fields: fieldsOf(namedProfiles),
    problemsWith(changes) {
      const changed = base === undefined ? undefined : profileWith(base, changes)
      return changed === undefined || changed.ok ? [] : changed.error
    },
  }
}

function fieldsOf(profiles: Readonly<Record<string, object>>): readonly string[] {
  return [...new Set(Object.values(profiles).flatMap((profile) => Object.keys(profile)))]
}
