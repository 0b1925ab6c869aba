/** One entry below a pattern of `model_routes:`. */
export const routeKeys = {
  provider: {
    kind: 'text',
    required: true,
    since: 'predecessor',
    description: 'Name of a provider. A route to an unknown or disabled provider is skipped with a notice.',
  },
  account_email: {
    kind: 'text',
    since: 'predecessor',
    example: 'me@example.com',
    description:
      'Which account, when several providers share the name. Absent: the entry without account, else the first.',
  },
  model: {
    kind: 'text',
    default: 'passthrough',
    since: 'predecessor',
    description: 'The model to ask the provider for; `passthrough` keeps the client’s.',
  },
  priority: {
    kind: 'integer',
    default: 1,
    since: 'predecessor',
    description:
      'Lower goes first. Routes with the same number form a tier, inside which `selection_strategy` chooses.',
  },
  enabled: { kind: 'flag', default: true, since: 'predecessor', description: 'A disabled route is left out.' },
  weight: {
    kind: 'number',
    min: 0,
    since: '0.1',
    example: 3,
    description:
      'Share of the requests under `selection_strategy: weighted`. 0, under every strategy: only when nobody else of its tier is usable. Absent: the provider’s weight.',
  },
  when: {
    kind: 'section',
    optional: true,
    since: '0.1',
    description: 'Conditions; the route is a candidate only for requests that meet all of them.',
    keys: {
      min_tokens: {
        kind: 'integer',
        min: 0,
        since: '0.1',
        example: 60000,
        description: 'The input has at least this many tokens (estimated).',
      },
      max_tokens: {
        kind: 'integer',
        min: 0,
        since: '0.1',
        example: 200000,
        description: 'The input has at most this many tokens (estimated). Not the request field of the same name.',
      },
      thinking: {
        kind: 'flag',
        since: '0.1',
        example: true,
        description: 'The request asks for extended thinking (`true`), or does not (`false`).',
      },
      images: {
        kind: 'flag',
        since: '0.1',
        example: false,
        description: 'An image is in the messages, also inside a tool result.',
      },
      web_search: { kind: 'flag', since: '0.1', example: true, description: 'The web search server tool is offered.' },
      background: {
        kind: 'flag',
        since: '0.1',
        example: true,
        description: 'A side call of the client (titles, topic checks), not the conversation itself.',
      },
      tools: { kind: 'flag', since: '0.1', example: true, description: 'At least one tool is offered.' },
    },
  },
} as const
