/** Keys of `settings:` that say which provider gets a request, and when one is left alone for a while. */
export const healthKeys = {
  selection_strategy: {
    kind: 'one-of',
    words: ['priority', 'weighted', 'round_robin', 'random', 'least_busy', 'fastest', 'cheapest'],
    default: 'priority',
    since: 'predecessor',
    description:
      'Order inside a tier of equal priority: file order, by weight, in turn, by chance, fewest open requests, shortest time to first token, lowest price.',
  },
  failover_policy: {
    kind: 'one-of',
    words: ['seamless', 'threshold'],
    default: 'seamless',
    since: '0.1',
    description:
      '`seamless`: a failed request goes to the next candidate at once and the client never knows. `threshold`: as in claude-code-provider-balancer, the client gets the error until `unhealthy_threshold` is reached.',
  },
  failure_cooldown: {
    kind: 'seconds',
    since: 'predecessor',
    example: 180,
    description:
      'How long an unhealthy provider is left alone. Absent: adaptive, 5 s and doubling up to 180 s, because most faults are over in seconds. A reset time in the provider’s answer always goes before.',
  },
  unhealthy_threshold: {
    kind: 'integer',
    min: 1,
    default: 2,
    since: 'predecessor',
    description: 'Failures in a row that make a provider unhealthy. 2, so that a single glitch does not.',
  },
  unhealthy_reset_on_success: {
    kind: 'flag',
    default: true,
    since: 'predecessor',
    description: 'A success sets the count of failures back to zero.',
  },
  unhealthy_reset_timeout: {
    kind: 'seconds-or-off',
    default: 300,
    since: 'predecessor',
    description: 'Forget failures, and a cooldown, that are older than this. 0: never.',
  },
  unhealthy_exception_patterns: {
    kind: 'list',
    of: { kind: 'text' },
    since: 'predecessor',
    description:
      'Words that make a connection error count, in addition to lb’s own table of failures. Without regard to case.',
  },
  unhealthy_response_body_patterns: {
    kind: 'list',
    of: { kind: 'pattern' },
    since: 'predecessor',
    description:
      'Regular expressions that make an error answer count. Matched against error bodies only, never against generated text, without regard to case, by a linear-time engine; what it cannot read is matched as plain text.',
  },
  unhealthy_http_codes: {
    kind: 'list',
    of: { kind: 'integer', min: 100, max: 599 },
    since: 'predecessor',
    description:
      'HTTP statuses that count as failures in addition to lb’s own table (which has 408, 429, 5xx and 529). List 400 or 422 only if a provider answers them for faults of its own.',
  },
  sticky_provider_duration: {
    kind: 'seconds',
    default: 300,
    since: 'predecessor',
    description:
      'How long a conversation keeps its provider and key after its last request. 300, because that is how long a prompt cache lives.',
  },
  hold: {
    kind: 'seconds',
    default: 30,
    since: '0.1',
    description:
      'When every candidate is down, how long a request waits for one to recover before it is answered 503. 0: not at all.',
  },
  max_attempts: {
    kind: 'integer',
    min: 1,
    default: 6,
    since: '0.1',
    description:
      'Tries per request, failover included. A cap against storms; with two rounds over three providers nothing is lost. A key that says at once that it is used up or refused takes none, while there are keys that were never asked: at most ten for each try beyond the first.',
  },
  max_paid_attempts: {
    kind: 'integer',
    min: 1,
    default: 2,
    since: '0.1',
    description: 'Attempts per request to which an upstream said 200, because each of them may be billed.',
  },
  health_state_path: {
    kind: 'text',
    since: '0.1',
    example: 'data/health.json',
    description: 'File in which cooldowns survive a restart. Absent: they do not.',
  },
  unhealthy_error_types: { kind: 'obsolete', instead: 'use `unhealthy_exception_patterns` and `unhealthy_http_codes`' },
  failover_error_types: {
    kind: 'obsolete',
    instead: 'lb fails over on every retryable failure; add to it with `unhealthy_exception_patterns`',
  },
  failover_http_codes: { kind: 'obsolete', instead: 'use `unhealthy_http_codes`' },
  idle_recovery_interval: { kind: 'obsolete', instead: 'use `sticky_provider_duration`' },
} as const
