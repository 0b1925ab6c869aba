import { sha256Hex } from './sha256.ts'

/**
 * Tool names, both ways. Anthropic allows 128 characters, most others 64; names of MCP tools are longer than that.
 *
 * A legal name passes. Another becomes its own head and a digest of the whole: readable for the model, and a function of
 * the name alone, so that the same tool has the same name in every request.
 */
export interface UpstreamNames {
  /** The upstream's name for the client's. */
  of(name: string): string
  /** What was changed, upstream's name first. */
  changed(): Readonly<Record<string, string>>
}

/** Starts the names of one request. */
export function createUpstreamNames(maxLength: number): UpstreamNames {
  const given = new Map<string, string>()
  const owners = new Map<string, string>()
  return {
    of(name) {
      const known = given.get(name)
      if (known !== undefined) return known
      let legal = legalName(name, maxLength, 0)
      for (let attempt = 1; (owners.get(legal) ?? name) !== name; attempt += 1) {
        legal = legalName(name, maxLength, attempt)
      }
      owners.set(legal, name)
      given.set(name, legal)
      return legal
    },
    changed: () => Object.fromEntries([...owners].filter(([legal, name]) => legal !== name)),
  }
}

function legalName(name: string, maxLength: number, attempt: number): string {
  if (attempt === 0 && name.length <= maxLength && /^[\w-]+$/.test(name)) return name
  const digest = sha256Hex(attempt === 0 ? name : `${name}#${attempt}`).slice(0, 8)
  return `${name.replace(/[^\w-]/g, '_').slice(0, maxLength - 9)}_${digest}`
}

/**
 * Finds the client's name for what the upstream said. Models change the case of names, and some servers put a namespace
 * before them (`default_api:Bash`): such a name is restored when exactly one declared tool fits. A name that fits nothing
 * passes: the client must see what the model said.
 *
 * @param changed what {@link UpstreamNames.changed} gave.
 * @param declared the client's names of all declared tools.
 */
export function createNameRestorer(
  changed: Readonly<Record<string, string>>,
  declared: readonly string[],
): (said: string) => string {
  const exact = new Map(declared.map((name) => [name, name]))
  for (const [upstream, name] of Object.entries(changed)) exact.set(upstream, name)
  // `null` stands for a loose name that several tools share.
  const loose = new Map<string, string | null>()
  for (const [known, name] of exact) {
    const key = known.toLowerCase()
    loose.set(key, loose.has(key) && loose.get(key) !== name ? null : name)
  }
  return (said) => {
    const bare = said.slice(Math.max(said.lastIndexOf(':'), said.lastIndexOf('.')) + 1)
    return exact.get(said) ?? loose.get(said.toLowerCase()) ?? exact.get(bare) ?? loose.get(bare.toLowerCase()) ?? said
  }
}
