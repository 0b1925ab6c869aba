/** Keys of `settings:` about the time a request may take, streams, and requests that are asked twice. */
export const trafficKeys = {
  timeouts: {
    kind: 'section',
    since: 'predecessor',
    description: 'How long to wait for what. A provider may have its own, see `providers[].timeouts`.',
    keys: {
      request_timeout: {
        kind: 'seconds',
        min: 1,
        default: 600,
        since: '0.1',
        description:
          'One deadline for the whole request, all attempts together, up to the first content of a stream or the whole of an answer. 600, as in the official SDKs.',
      },
      non_streaming: {
        kind: 'section',
        since: 'predecessor',
        description: 'Requests that ask for one whole answer.',
        keys: {
          connect_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 5,
            since: 'predecessor',
            description:
              'Until a connection stands, TLS included. One that takes longer is nearly always dead, and the next provider is waiting.',
          },
          read_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 300,
            since: 'predecessor',
            description:
              'Longest gap between two pieces of the answer. The first piece comes when the whole text is generated: a short value cuts long answers and pays for them twice.',
          },
          pool_timeout: {
            kind: 'obsolete',
            instead: 'nothing is needed: lb opens a connection when none is free, so no request waits for one',
          },
        },
      },
      streaming: {
        kind: 'section',
        since: 'predecessor',
        description: 'Requests that ask for a stream.',
        keys: {
          connect_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 5,
            since: 'predecessor',
            description:
              'Until a connection stands, TLS included. One that takes longer is nearly always dead, and the next provider is waiting.',
          },
          first_byte_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 30,
            since: '0.1',
            description:
              'From the sent request to the first byte of the answer; then the next candidate is tried. Healthy providers answer within seconds.',
          },
          read_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 120,
            since: 'predecessor',
            description: 'Longest gap between two pieces of the stream, pings included.',
          },
          idle_timeout: {
            kind: 'seconds',
            min: 0.001,
            default: 240,
            since: '0.1',
            description:
              'Longest time without an event other than a ping. 240, because Claude Code gives up after 300 without one.',
          },
          pool_timeout: {
            kind: 'obsolete',
            instead: 'nothing is needed: lb opens a connection when none is free, so no request waits for one',
          },
        },
      },
      caching: {
        kind: 'section',
        since: 'predecessor',
        description: 'Requests that wait for an identical one.',
        keys: {
          deduplication_timeout: {
            kind: 'seconds',
            default: 300,
            since: 'predecessor',
            description:
              'How long a duplicate waits for the first byte of the answer to the first request before it is sent by itself.',
          },
        },
      },
    },
  },
  streaming: {
    kind: 'section',
    since: '0.1',
    description: 'What a client sees of a stream while lb may still change the provider.',
    keys: {
      hold_back: {
        kind: 'seconds',
        default: 3,
        since: '0.1',
        description:
          'Nothing is sent until the first content or this long, so that an early failure stays invisible. Not held when there is no other candidate.',
      },
      message_start_hold: {
        kind: 'seconds',
        default: 15,
        since: '0.1',
        description:
          'Then pings are sent, and `message_start` (which names the answer) waits for the first content, at most this long.',
      },
      ping_interval: {
        kind: 'seconds',
        min: 1,
        max: 60,
        default: 10,
        since: '0.1',
        description:
          'lb’s own pings while a stream is silent. 10: proxies and clients on the way commonly give up after 30 to 60 silent seconds.',
      },
    },
  },
  deduplication: {
    kind: 'section',
    since: 'predecessor',
    description: 'The same question asked twice at the same time costs one upstream call.',
    keys: {
      enabled: {
        kind: 'flag',
        default: true,
        since: 'predecessor',
        description:
          'Identical requests of the same client key share one upstream call. Every waiter gets the whole answer.',
      },
      include_max_tokens_in_signature: {
        kind: 'flag',
        default: false,
        since: 'predecessor',
        description:
          '`false`: requests that differ only in `max_tokens` are the same question, because Claude Code changes it when it retries. (`max_tokens: 1` probes are always apart.)',
      },
      sse_error_cleanup_delay: {
        kind: 'seconds',
        default: 3,
        since: 'predecessor',
        description:
          'How long what is left of an answer that failed waits for those who were reading it and stand still. Whoever asks anew gets a call of their own at once.',
      },
      linger: {
        kind: 'seconds',
        default: 30,
        since: '0.1',
        description:
          'How long a finished answer in `background` mode stays, so that a client that dropped the connection gets it on its retry.',
      },
      max_replay_bytes: {
        kind: 'integer',
        min: 0,
        default: 4194304,
        since: '0.1',
        description: 'Largest answer that late duplicates can still join (4 MiB; a long answer has about 1).',
      },
      cache: {
        kind: 'section',
        since: '0.1',
        description: 'Keeps whole successful answers and replays them, with the header `x-lb-cache: hit`.',
        keys: {
          enabled: {
            kind: 'flag',
            default: false,
            since: '0.1',
            description: 'Off: an answer is a sample, and asking again should give another one.',
          },
          ttl: { kind: 'seconds', default: 300, since: '0.1', description: 'Age at which an answer is dropped.' },
          max_entries: {
            kind: 'integer',
            min: 1,
            default: 1000,
            since: '0.1',
            description: 'Answers kept; the least recently used goes first.',
          },
          max_bytes: {
            kind: 'integer',
            min: 1,
            default: 67108864,
            since: '0.1',
            description: 'Memory for answers (64 MiB).',
          },
        },
      },
    },
  },
  token_counting: {
    kind: 'section',
    since: 'predecessor',
    description: '`/v1/messages/count_tokens`: the upstream’s counter when it has one, else a calibrated estimate.',
    keys: {
      always_use_local: { kind: 'flag', default: false, since: 'predecessor', description: 'Never ask the upstream.' },
      failure_threshold: {
        kind: 'integer',
        min: 1,
        default: 2,
        since: 'predecessor',
        description: 'Failures in a row after which a provider’s counter is left alone.',
      },
      api_failure_cooldown: { kind: 'seconds', default: 300, since: 'predecessor', description: 'For how long.' },
      timeout_override: {
        kind: 'seconds',
        since: 'predecessor',
        example: 5,
        description:
          'How long to wait for the upstream’s counter before the estimate is given. Absent: 5 s, because clients ask before every turn.',
      },
    },
  },
  testing: {
    kind: 'obsolete',
    instead:
      'lb delays no request; to try out a client, configure a provider that is slow (`@lb/mock-provider` plays one)',
  },
  request_timeout: { kind: 'obsolete', instead: 'use `settings.timeouts.request_timeout`' },
  streaming_timeout: { kind: 'obsolete', instead: 'use `settings.timeouts.streaming.read_timeout`' },
  streaming_activity_timeout: { kind: 'obsolete', instead: 'use `settings.timeouts.streaming.idle_timeout`' },
  client_disconnect_watchdog: { kind: 'obsolete', instead: 'nothing is needed: lb sees at once when a client leaves' },
  session_config: {
    kind: 'obsolete',
    instead: 'sessions keep their provider by themselves; see `sticky_provider_duration`',
  },
  routing: { kind: 'obsolete', instead: 'it was never implemented; use `model_routes`' },
  billing_model: { kind: 'obsolete', instead: 'it was never implemented; see `usage.prices` for costs' },
} as const
