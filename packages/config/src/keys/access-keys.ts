/** Keys of `settings:` about who may use lb, and how lb signs in to accounts. */
export const accessKeys = {
  auth: {
    kind: 'section',
    since: 'predecessor',
    description: 'Protects lb itself. Required as soon as `host` is not a loopback address.',
    keys: {
      enabled: {
        kind: 'flag',
        default: false,
        since: 'predecessor',
        description:
          'Every request needs a key, as `x-api-key` or `Authorization: Bearer`; as `x-lb-key` where those two are the client’s own and pass through.',
      },
      api_key: {
        kind: 'secret',
        since: 'predecessor',
        description:
          'One key for everything, the management routes too unless `admin_key` is set. Make one with `openssl rand -hex 32`.',
      },
      admin_key: {
        kind: 'secret',
        since: '0.1',
        description: 'The key of the management routes (reload, enable, disable, usage, OAuth).',
      },
      exempt_paths: {
        kind: 'list',
        of: { kind: 'text' },
        default: ['/health', '/docs', '/redoc', '/openapi.json'],
        since: 'predecessor',
        description: 'Exact paths of routes that need no key.',
      },
      keys: {
        kind: 'list',
        since: '0.1',
        description:
          'Keys for single users or programs. Each is a tenant: usage, limits, sessions, shared answers and caches are apart.',
        of: {
          kind: 'section',
          keys: {
            name: {
              kind: 'text',
              required: true,
              since: '0.1',
              description: 'How logs, metrics and `/usage` call the holder.',
            },
            key: {
              kind: 'secret',
              since: '0.1',
              description: 'The key, best taken from the environment. Either this or `key_sha256`.',
            },
            key_sha256: {
              kind: 'sha256',
              since: '0.1',
              description:
                'SHA-256 of the key in hex, so that the file holds no secret: `printf %s "$KEY" | sha256sum`.',
            },
            models: {
              kind: 'list',
              optional: true,
              of: { kind: 'text' },
              since: '0.1',
              description: 'Models this key may ask for, `*` and `?` allowed. Absent: all.',
            },
            providers: {
              kind: 'list',
              optional: true,
              of: { kind: 'text' },
              since: '0.1',
              description: 'Providers this key’s requests may go to. Absent: all.',
            },
            limits: {
              kind: 'section',
              since: '0.1',
              description: 'Over a limit lb answers 429 with an honest `retry-after`.',
              keys: {
                requests_per_minute: {
                  kind: 'integer',
                  min: 1,
                  since: '0.1',
                  example: 60,
                  description: 'Requests in any 60 seconds. Token counts are counted apart.',
                },
                tokens_per_minute: {
                  kind: 'integer',
                  min: 1,
                  since: '0.1',
                  example: 200000,
                  description:
                    'Input and output tokens in any 60 seconds; what was read from a prompt cache does not count.',
                },
                concurrency: {
                  kind: 'integer',
                  min: 1,
                  since: '0.1',
                  example: 8,
                  description: 'Open requests at a time.',
                },
                budget: {
                  kind: 'section',
                  optional: true,
                  since: '0.1',
                  description: 'How much this key may spend.',
                  keys: {
                    usd: {
                      kind: 'number',
                      min: 0,
                      required: true,
                      since: '0.1',
                      description: 'US dollars per period.',
                    },
                    per: {
                      kind: 'one-of',
                      words: ['day', 'week', 'month'],
                      default: 'month',
                      since: '0.1',
                      description: 'The period, a calendar one in UTC; weeks begin on Monday.',
                    },
                  },
                },
              },
            },
          },
        },
      },
      auth_tokens: { kind: 'obsolete', instead: 'use `settings.auth.keys`' },
    },
  },
  oauth: {
    kind: 'section',
    since: 'predecessor',
    description:
      'Stored logins of an OAuth 2.0 provider (authorization code with PKCE). The defaults are Anthropic’s. The provider’s terms decide whether a subscription may be used through a proxy; API keys and `passthrough` are the first choices.',
    keys: {
      enabled: {
        kind: 'flag',
        default: false,
        since: '0.1',
        description: 'Turns the `/oauth` routes and stored logins on.',
      },
      authorize_url: {
        kind: 'url',
        default: 'https://claude.com/cai/oauth/authorize',
        since: '0.1',
        description: 'Where the browser is sent.',
      },
      token_url: {
        kind: 'url',
        default: 'https://platform.claude.com/v1/oauth/token',
        since: '0.1',
        description: 'Where codes and refresh tokens are exchanged.',
      },
      revoke_url: {
        kind: 'url',
        since: '0.1',
        example: 'https://auth.example.com/oauth/revoke',
        description: 'Where a logout tells the provider (RFC 7009). Absent: a logout forgets the login here only.',
      },
      issuer: {
        kind: 'url',
        since: '0.1',
        example: 'https://auth.example.com',
        description: 'Who must have sent the browser back (RFC 9207). Absent: not looked at.',
      },
      redirect_uri: {
        kind: 'url',
        since: '0.1',
        example: 'https://platform.claude.com/oauth/code/callback',
        description:
          'Where the provider sends the browser back to. Absent: a loopback address of lb, or the provider’s page that shows the code when the browser runs elsewhere.',
      },
      client_id: {
        kind: 'text',
        default: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
        since: '0.1',
        description: 'The public client that the authorization server knows.',
      },
      client_secret: {
        kind: 'secret',
        since: '0.1',
        description: 'For a client of your own that has one. The default client is public and has none.',
      },
      scopes: {
        kind: 'list',
        of: { kind: 'text' },
        default: ['user:profile', 'user:inference'],
        since: '0.1',
        description: 'What is asked for: to know the account and to call models, no more.',
      },
      token_body: {
        kind: 'one-of',
        words: ['json', 'form'],
        default: 'json',
        since: '0.1',
        description: 'How the token request is written: JSON (Anthropic) or a form (the OAuth standard).',
      },
      beta_header: {
        kind: 'text-or-empty',
        default: 'oauth-2025-04-20',
        since: '0.1',
        description: 'Added to `anthropic-beta` when a stored login is used. Empty: nothing is added.',
      },
      proxy: {
        kind: 'proxy',
        since: 'predecessor',
        example: 'http://127.0.0.1:10808',
        description: 'Outbound proxy for token requests only.',
      },
      enable_auto_refresh: {
        kind: 'flag',
        default: true,
        since: 'predecessor',
        description: 'Renew tokens five minutes before they expire. Off: only when a request needs one.',
      },
      enable_persistence: {
        kind: 'flag',
        default: true,
        since: 'predecessor',
        description: 'Keep logins over a restart. Off: in memory only.',
      },
      service_name: {
        kind: 'text',
        default: 'claude-code-balancer',
        since: 'predecessor',
        description:
          'lb’s name in the operating system’s keyring, where `encryption_key: keyring` keeps the key of the token file.',
      },
      token_file: {
        kind: 'text',
        since: '0.1',
        example: '~/.config/lb/oauth/tokens.json',
        description: 'File that keeps the logins, readable by its owner only. Absent: the one of the example.',
      },
      encryption_key: {
        kind: 'secret',
        since: '0.1',
        description:
          'Encrypts the token file: a key (`openssl rand -hex 32` in an environment variable), or the word `keyring` to have it kept in the operating system’s keyring.',
      },
      encryption_key_file: {
        kind: 'text',
        since: '0.1',
        example: '/run/secrets/lb-token-key',
        description: 'File with that key instead.',
      },
      account_selection: {
        kind: 'one-of',
        words: ['round_robin', 'least_used', 'most_headroom'],
        default: 'round_robin',
        since: '0.1',
        description:
          'Which account a new conversation gets: in turn, the least used, or the one with most of its quota left.',
      },
      auto_refresh_config: { kind: 'obsolete', instead: 'use `settings.oauth.enable_auto_refresh`' },
    },
  },
  auto_refresh_config: { kind: 'obsolete', instead: 'use `settings.oauth.enable_auto_refresh`' },
} as const
