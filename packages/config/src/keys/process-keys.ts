/** Keys of `settings:` about the process: where it listens, what it writes, how it is watched. */
export const processKeys = {
  host: {
    kind: 'host',
    default: '127.0.0.1',
    restart: true,
    since: 'predecessor',
    description:
      'Address to listen on. Anything but a loopback address is refused unless `auth` is enabled, because whoever reaches lb spends your keys.',
  },
  port: {
    kind: 'integer',
    min: 0,
    max: 65535,
    default: 9090,
    restart: true,
    since: 'predecessor',
    description: 'Port to listen on. 0: any free one.',
  },
  allowed_hosts: {
    kind: 'list',
    of: { kind: 'text' },
    since: '0.1',
    description:
      'Host names under which clients reach lb (`lb.example.com`, with or without port), beside the loopback names. Others are refused: a web page could otherwise point a name of its own at lb.',
  },
  app_name: {
    kind: 'text',
    default: 'lb',
    since: 'predecessor',
    description:
      'Name shown by `/`, and sent to OpenAI-type upstreams as `X-Title` with requests that lb puts into their format.',
  },
  app_version: {
    kind: 'text',
    since: 'predecessor',
    example: '0.1.6',
    description: 'Version shown by `/`. Absent: lb’s own.',
  },
  log_level: {
    kind: 'one-of',
    words: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
    default: 'INFO',
    since: 'predecessor',
    description: 'Least severe level that is logged, on the console and in the file.',
  },
  log_color: {
    kind: 'flag',
    default: true,
    since: 'predecessor',
    description: 'Colours on the console. Never when it is not a terminal, or `NO_COLOR` is set.',
  },
  log_file_path: {
    kind: 'text-or-empty',
    default: 'logs/logs.jsonl',
    since: 'predecessor',
    description: 'Log file, one JSON object a line; relative to the folder of this file. Empty: no file.',
  },
  log_max_bytes: {
    kind: 'integer',
    min: 1024,
    default: 10485760,
    since: '0.1',
    description: 'Size at which the log file is rotated (10 MiB).',
  },
  log_max_files: {
    kind: 'integer',
    min: 1,
    default: 5,
    since: '0.1',
    description: 'Log files kept, the current one included.',
  },
  reload: {
    kind: 'flag',
    default: true,
    since: 'predecessor',
    description:
      'Take up changes of this file while running. Requests under way are not touched, and a file with problems changes nothing. (claude-code-provider-balancer restarted the process.)',
  },
  reload_includes: { kind: 'obsolete', instead: 'lb watches its own configuration file, nothing else' },
  usage: {
    kind: 'section',
    since: '0.1',
    description: 'Who used how many tokens, and what they cost.',
    keys: {
      enabled: { kind: 'flag', default: true, since: '0.1', description: 'Keep counts per request (no texts).' },
      path: {
        kind: 'text',
        default: 'data/usage.db',
        since: '0.1',
        description: 'SQLite file; relative to the folder of this file.',
      },
      retention_days: { kind: 'integer', min: 1, default: 90, since: '0.1', description: 'Older entries are deleted.' },
      prices: {
        kind: 'dictionary',
        names: 'model pattern',
        since: '0.1',
        description:
          'Prices that go before the built-in list, in US dollars per million tokens. The first pattern that fits is used.',
        of: {
          kind: 'section',
          keys: {
            input: { kind: 'number', min: 0, since: '0.1', example: 3, description: 'Input tokens.' },
            output: { kind: 'number', min: 0, since: '0.1', example: 15, description: 'Output tokens.' },
            cache_read: {
              kind: 'number',
              min: 0,
              since: '0.1',
              example: 0.3,
              description: 'Input tokens read from the prompt cache.',
            },
            cache_write_5m: {
              kind: 'number',
              min: 0,
              since: '0.1',
              example: 3.75,
              description: 'Input tokens written to the five-minute prompt cache.',
            },
            cache_write_1h: {
              kind: 'number',
              min: 0,
              since: '0.1',
              example: 6,
              description: 'Input tokens written to the one-hour prompt cache.',
            },
          },
        },
      },
    },
  },
  decision_records: {
    kind: 'section',
    since: '0.1',
    description:
      'Why the last requests went where they went, for `/requests/{id}`: candidates, attempts, verdicts, clock readings; no text of a request or an answer. In memory; the oldest go.',
    keys: {
      enabled: { kind: 'flag', default: true, since: '0.1', description: 'Keep them.' },
      max_count: { kind: 'integer', min: 1, default: 1000, since: '0.1', description: 'Requests kept.' },
      max_bytes: {
        kind: 'integer',
        min: 1024,
        default: 8388608,
        since: '0.1',
        description: 'Size of all of them as JSON (8 MiB).',
      },
    },
  },
  shutdown_grace: {
    kind: 'seconds',
    default: 30,
    since: '0.1',
    description:
      'How long a stopping process lets running answers finish. 30, as orchestrators commonly wait before they kill.',
  },
  max_body_bytes: {
    kind: 'integer',
    min: 1024,
    default: 33554432,
    since: '0.1',
    description: 'Largest request body (32 MiB, the limit of the Messages API).',
  },
  max_connections: {
    kind: 'integer',
    min: 1,
    default: 10000,
    since: '0.1',
    description: 'Open client connections; more are refused, so that a flood cannot use up the process.',
  },
  max_connections_per_address: {
    kind: 'integer',
    min: 1,
    since: '0.1',
    example: 5000,
    description:
      'Of those, so many from one address. Absent: half of them, so that nobody can take all. Behind a reverse proxy all clients have its address: set it to `max_connections` there.',
  },
  workers: {
    kind: 'obsolete',
    instead: 'lb is one process, which knows all of its limits, sessions and health; it serves thousands of streams',
  },
} as const
