import type { Config, Provider, ProviderKey } from '@lb/config'
import type { NodePath } from '@lb/health'

/**
 * What is behind a name may become another thing: a provider with another address, a key with another text. What lb learned
 * about the old thing says nothing about the new one.
 *
 * @returns the providers and credentials that both configurations name, and that mean something else in `now`.
 */
export function replacedNodes(before: Config, now: Config): readonly NodePath[] {
  const after = new Map(now.providers.map((provider) => [provider.id, provider]))
  return before.providers.flatMap((provider): NodePath[] => {
    const path = { provider: provider.id, credential: null, model: null }
    const successor = after.get(provider.id)
    if (successor === undefined) return []
    if (!isSamePlace(provider, successor)) return [path]
    return keysOf(provider)
      .filter(({ id, secret }) => keysOf(successor).some((key) => key.id === id && !key.secret.equals(secret)))
      .map(({ id }) => ({ ...path, credential: id }))
  })
}

/** Whether a configuration has a provider and, where it lists its keys, this one of them. */
export function isKnown(providers: ReadonlyMap<string, Provider>, { provider: name, credential }: NodePath): boolean {
  const provider = providers.get(name)
  if (provider === undefined) return false
  const keys = keysOf(provider)
  return credential === null || keys.length === 0 || keys.some(({ id }) => id === credential)
}

/** Whether both configurations mean the same thing by a provider and one of its credentials. */
export function isSameTarget(
  a: ReadonlyMap<string, Provider>,
  b: ReadonlyMap<string, Provider>,
  { provider: name, credential }: { readonly provider: string; readonly credential: string },
): boolean {
  const one = a.get(name)
  const two = b.get(name)
  if (one === undefined || two === undefined || !isSamePlace(one, two)) return false
  const key = keysOf(one).find(({ id }) => id === credential)
  const same = keysOf(two).find(({ id }) => id === credential)
  return key === undefined || same === undefined ? key === same : key.secret.equals(same.secret)
}

/**
 * What a configuration means by a provider, or by one of its keys, as a text that is the same exactly when the meaning is.
 * It holds secrets: digest it.
 */
export function meaningOf(
  providers: ReadonlyMap<string, Provider>,
  { provider: name, credential }: Pick<NodePath, 'provider' | 'credential'>,
): string {
  const provider = providers.get(name)
  if (provider === undefined) return ''
  const { baseUrl, dialect, auth, accountEmail, proxy } = provider
  const key = keysOf(provider).find(({ id }) => id === credential)
  return JSON.stringify([baseUrl, dialect, auth.kind, accountEmail, proxy?.url.reveal(), key?.secret.reveal()])
}

/** Where requests go and how they are signed in; not what they are called or how often they are sent. */
function isSamePlace(a: Provider, b: Provider): boolean {
  return (
    a === b ||
    (a.baseUrl === b.baseUrl &&
      a.dialect === b.dialect &&
      a.auth.kind === b.auth.kind &&
      a.accountEmail === b.accountEmail &&
      a.proxy?.url.reveal() === b.proxy?.url.reveal())
  )
}

function keysOf({ auth }: Provider): readonly ProviderKey[] {
  return auth.kind === 'api-key' || auth.kind === 'bearer' ? auth.keys : []
}
