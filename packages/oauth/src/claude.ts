import { type Authority, openIdIdentity } from './authority.ts'
import { anthropicQuota } from './quota.ts'

/**
 * The preset for signing in to a Claude account, as data that configuration may override key by key. The addresses and the
 * client id are those of the vendor's own command-line client; the vendor's terms decide whether they may be used through a
 * proxy (docs/guides/oauth.md), which is why nothing of this is active unless the user turns it on.
 *
 * @see https://code.claude.com/docs/en/legal-and-compliance
 */
export const claudeAuthority: Authority = {
  authorizeUrl: 'https://claude.com/cai/oauth/authorize',
  // The older host of the token endpoint answers 404 to refreshes.
  tokenUrl: 'https://platform.claude.com/v1/oauth/token',
  clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
  // To know the account and to call models; the vendor's own client asks for more.
  scopes: ['user:profile', 'user:inference'],
  // Makes the manual page show `code#state` instead of redirecting on.
  authorizeParameters: { code: 'true' },
  tokenBody: 'json',
  stateInExchange: true,
  redirects: {
    manual: 'https://platform.claude.com/oauth/code/callback',
    loopback: { host: 'localhost', path: '/callback' },
  },
  identity: [
    {
      email: ['account', 'email_address'],
      id: ['account', 'uuid'],
      name: ['account', 'full_name'],
      organization: ['organization', 'uuid'],
    },
    // For whoever points the preset at an OpenID Connect server of their own.
    openIdIdentity,
  ],
  betaHeader: 'oauth-2025-04-20',
  quota: anthropicQuota,
}
