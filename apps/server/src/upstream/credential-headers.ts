import type { Provider } from '@lb/config'
import type { CredentialOwner } from '@lb/protocol'
import type { ClientRequest } from '../ingress/client-request.ts'

/** The headers that sign a request in, and whose credential they carry. */
export interface SignedIn {
  readonly headers: readonly string[]
  readonly owner: CredentialOwner
  /** What the client must not learn: the key in these headers, unless it is the client's own. */
  readonly secret?: string
}

/**
 * Signs a request in to a provider with one of its credentials.
 *
 * A credential only ever goes to the provider that it is configured for; the client's own goes up only where the provider
 * says `passthrough`, and then nothing of ours is added.
 */
export function credentialHeaders(provider: Provider, credential: string, request: ClientRequest): SignedIn {
  const { auth } = provider
  switch (auth.kind) {
    case 'passthrough':
      return { headers: clientCredential(request), owner: 'client' }
    case 'api-key':
    case 'bearer': {
      const key = auth.keys.find(({ id }) => id === credential)
      const secret = key?.secret.reveal() ?? ''
      const headers = auth.kind === 'api-key' ? ['x-api-key', secret] : ['authorization', `Bearer ${secret}`]
      return { headers, owner: 'key', secret }
    }
    case 'oauth':
    case 'none':
      return { headers: [], owner: 'key' }
  }
}

/** The client's own `authorization` and `x-api-key`, as they came. */
function clientCredential({ headers }: ClientRequest): string[] {
  return ['authorization', 'x-api-key'].flatMap((name) => {
    const value = headers[name]
    return value === undefined ? [] : [name, value]
  })
}
