import type { Provider } from '@lb/config'
import type { CredentialOwner } from '@lb/protocol'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { Credential } from '../oauth/index.ts'

/** What signs a request in, and whose credential it is. */
export interface SignedIn {
  readonly headers: readonly string[]
  readonly owner: CredentialOwner
  /** To be part of the request's `anthropic-beta` list. */
  readonly betaHeader?: string
  /** What the client must not learn: the key in these headers, unless it is the client's own. */
  readonly secret?: string
}

/**
 * Signs a request in to a provider with one of its configured credentials.
 *
 * A credential only ever goes to the provider that it is configured for; the client's own goes up only where the provider
 * says `passthrough`, and then nothing of ours is added. Stored logins are signed in by {@link loginHeaders}.
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

/** Signs a request in with a stored login. */
export function loginHeaders({ authorization, betaHeader }: Credential): SignedIn {
  const value = authorization.reveal()
  const signedIn = {
    headers: ['authorization', value],
    owner: 'oauth',
    secret: value.replace(/^bearer /i, ''),
  } as const
  return betaHeader === undefined ? signedIn : { ...signedIn, betaHeader }
}

/** The client's own `authorization` and `x-api-key`, as they came. */
function clientCredential({ headers }: ClientRequest): string[] {
  return ['authorization', 'x-api-key'].flatMap((name) => {
    const value = headers[name]
    return value === undefined ? [] : [name, value]
  })
}
