/** One entry of `providers:`. */
export const providerKeys = {
  name: {
    kind: 'text',
    required: true,
    since: 'predecessor',
    description:
      'Identity in routes, logs, metrics and `/providers`. It may be used again only with another `account_email`.',
  },
  type: {
    kind: 'one-of',
    words: ['anthropic', 'openai'],
    since: 'predecessor',
    description:
      'The wire format. `openai` means Chat Completions unless `dialect` says otherwise. Required unless `dialect` is given.',
  },
  dialect: {
    kind: 'one-of',
    words: ['anthropic', 'chat', 'responses'],
    since: '0.1',
    description:
      'The exact wire format; goes beyond `type`: Anthropic Messages, OpenAI Chat Completions, OpenAI Responses.',
  },
  profile: {
    kind: 'profile',
    since: '0.1',
    example: 'openai',
    description:
      'What this vendor can do: the name of a built-in profile, or an object that overrides single properties of one. Absent: chosen by `base_url`, else the most careful one.',
  },
  base_url: {
    kind: 'url',
    required: true,
    since: 'predecessor',
    description:
      'Where requests go. lb appends `/v1/messages` (anthropic), `/chat/completions` (chat) or `/responses`, so an OpenAI-type URL normally ends in `/v1`.',
  },
  auth_type: {
    kind: 'one-of',
    words: ['api_key', 'auth_token', 'oauth', 'passthrough', 'none'],
    default: 'api_key',
    since: 'predecessor',
    description:
      'How lb signs in: `api_key` (`x-api-key`; for OpenAI types `Authorization: Bearer`), `auth_token` (`Authorization: Bearer`), `oauth` (a stored login), `passthrough` (the client’s own credential, nothing stored), `none` (a local model).',
  },
  auth_value: {
    kind: 'secret',
    since: 'predecessor',
    description:
      'The secret, best taken from the environment. The word `passthrough` forwards the client’s own credential, `oauth` uses a stored login.',
  },
  auth_values: {
    kind: 'list',
    since: '0.1',
    description:
      'Several keys instead of `auth_value`. Each has its own health, so one exhausted key does not stop the others.',
    of: {
      kind: 'section',
      keys: {
        value: {
          kind: 'secret',
          required: true,
          since: '0.1',
          description: 'The secret, best taken from the environment.',
        },
        weight: {
          kind: 'number',
          min: 0,
          default: 1,
          since: '0.1',
          description: 'Share of the requests, relative to the other keys. 0: only when no other key is usable.',
        },
        name: {
          kind: 'text',
          since: '0.1',
          example: 'team-a',
          description: 'How logs and `/providers` call this key. Absent: `key-1`, `key-2`, … in the order of the file.',
        },
      },
    },
  },
  account_email: {
    kind: 'text',
    since: 'predecessor',
    example: 'me@example.com',
    description: 'Pins an OAuth provider to one stored account. The same `name` may appear once per account.',
  },
  enabled: {
    kind: 'flag',
    default: true,
    since: 'predecessor',
    description: 'A disabled provider is not loaded at all; variables that only it names may be unset.',
  },
  weight: {
    kind: 'number',
    min: 0,
    default: 1,
    since: '0.1',
    description:
      'Share of the requests under `selection_strategy: weighted`; of several keys each has it. A weight at the route goes before.',
  },
  proxy: {
    kind: 'proxy',
    since: 'predecessor',
    example: 'http://127.0.0.1:10808',
    description: 'Outbound proxy for this provider: `http://`, `https://` or `socks5://`, with or without credentials.',
  },
  streaming_mode: {
    kind: 'one-of',
    words: ['auto', 'direct', 'background'],
    default: 'auto',
    fallback: 'auto',
    since: 'predecessor',
    description:
      '`direct`: the upstream request ends when the client leaves. `background`: it finishes, so that a retry can be served from it. `auto`: direct for anthropic, background for OpenAI types.',
  },
  headers: {
    kind: 'dictionary',
    names: 'header name',
    of: { kind: 'secret' },
    since: '0.1',
    description:
      'Headers to add to every request to this provider. They go before headers of the same name from the client, and are kept secret like keys.',
  },
  limits: {
    kind: 'section',
    since: '0.1',
    description:
      'What this provider is known to allow, all of its keys and models together. lb goes to the next candidate instead of asking for a 429; when every candidate is full a request waits up to 5 s for room, and is then told to come back (429 or 529).',
    keys: {
      concurrency: {
        kind: 'integer',
        min: 1,
        since: '0.1',
        example: 20,
        description: 'Open requests at a time. Absent: found out from the provider’s answers.',
      },
      requests_per_minute: {
        kind: 'integer',
        min: 1,
        since: '0.1',
        example: 500,
        description:
          'Requests in any 60 seconds, each attempt being one; token counts are not counted. Absent: no limit of ours.',
      },
      tokens_per_minute: {
        kind: 'integer',
        min: 1,
        since: '0.1',
        example: 400000,
        description:
          'Input and output tokens in any 60 seconds, estimated while a request is open; what was read from a prompt cache does not count. Absent: no limit of ours.',
      },
    },
  },
  timeouts: {
    kind: 'section',
    since: '0.1',
    description:
      'Timeouts for this provider only; each goes before the one of the same name under `settings.timeouts`.',
    keys: {
      connect_timeout: {
        kind: 'seconds',
        min: 0.001,
        since: '0.1',
        example: 10,
        description: 'Until a connection stands, TLS included.',
      },
      first_byte_timeout: {
        kind: 'seconds',
        min: 0.001,
        since: '0.1',
        example: 30,
        description: 'Streams: from the sent request to the first byte of the answer.',
      },
      read_timeout: {
        kind: 'seconds',
        min: 0.001,
        since: '0.1',
        example: 120,
        description: 'Longest gap between two pieces of the answer.',
      },
      idle_timeout: {
        kind: 'seconds',
        min: 0.001,
        since: '0.1',
        example: 240,
        description: 'Streams: longest time without an event other than a ping.',
      },
    },
  },
  priority: { kind: 'obsolete', instead: 'the order is set by `priority` in `model_routes`' },
  big_model: { kind: 'obsolete', instead: 'map models in `model_routes`' },
  small_model: { kind: 'obsolete', instead: 'map models in `model_routes`' },
  billing_model: { kind: 'obsolete', instead: 'it was never implemented; see `settings.usage.prices` for costs' },
  session_config: {
    kind: 'obsolete',
    instead: 'sessions keep their provider by themselves; see `settings.sticky_provider_duration`',
  },
  auto_refresh_config: { kind: 'obsolete', instead: 'use `settings.oauth.enable_auto_refresh`' },
} as const
