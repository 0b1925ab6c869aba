import type { Provider } from '@lb/config'

/**
 * Headers of a request together with those that the configuration adds to every request of its provider. Of one name only
 * the configured one goes up, whoever set the other.
 *
 * @param headers name, value, name, value…
 * @returns the very same list where the provider has none.
 */
export function joinedHeaders(headers: string[], provider: Provider): string[] {
  const entries = provider.headers
  if (entries.length === 0) return headers
  const names = new Set(entries.map(([name]) => name.toLowerCase()))
  const joined = headers.filter((_, index) => !names.has((headers[index - (index % 2)] as string).toLowerCase()))
  for (const [name, value] of entries) joined.push(name, value.reveal())
  return joined
}

/**
 * What of a provider's configured headers nobody must learn. An upstream that refuses `Bearer key` quotes the key alone.
 */
export function headerSecrets({ headers }: Provider): readonly string[] {
  return headers.flatMap(([, value]) => {
    const text = value.reveal().trim()
    const credential = /^(?:bearer|basic|token|apikey|api-key|key)\s+(\S+)$/i.exec(text)?.[1]
    return credential === undefined ? [text] : [text, credential]
  })
}
