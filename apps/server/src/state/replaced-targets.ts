import type { Config, Provider, ProviderKey } from '@lb/config'
import type { NodePath } from '@lb/health'

/**
 * What is behind a name may become another thing: a provider with another address, a key with another text. What lb learned
 * about the old thing says nothing about the new one.
 *
 * @returns the nodes of `before` that `now` does not have any more (`gone`), or has with something else behind them.
 */
export function replacedNodes(before: Config, now: Config): { gone: readonly NodePath[]; other: readonly NodePath[] } {
  const gone: NodePath[] = []
  const other: NodePath[] = []
  const after = new Map(now.providers.map((provider) => [provider.id, provider]))
  for (const provider of before.providers) {
    const path = { provider: provider.id, credential: null, model: null }
    const successor = after.get(provider.id)
    if (successor === undefined) gone.push(path)
    else if (!isSamePlace(provider, successor)) other.push(path)
    else {
      for (const key of keysOf(provider)) {
        const next = keysOf(successor).find(({ id }) => id === key.id)
        if (next === undefined) gone.push({ ...path, credential: key.id })
        else if (!next.secret.equals(key.secret)) other.push({ ...path, credential: key.id })
      }
    }
  }
  return { gone, other }
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
