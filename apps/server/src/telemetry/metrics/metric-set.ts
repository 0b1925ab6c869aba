import { type CellInstrument, counter, gauge, type Histogram, histogram, type Instrument } from './instruments.ts'

/**
 * Everything that lb counts: one entry a metric. `docs/guides/metrics.md` is made of it, and dashboard and alert rules may use
 * no other name. Labels have few values: an endpoint, a provider of the configuration, a word of lb's own vocabulary; models
 * are capped (`label-cap.ts`). Names follow Prometheus.
 * @see https://prometheus.io/docs/practices/naming/
 */
export interface MetricSet {
  readonly requests: CellInstrument
  readonly refusals: CellInstrument
  readonly requestsInFlight: CellInstrument
  readonly requestDuration: Histogram
  readonly timeToFirstByte: Histogram
  readonly overhead: Histogram
  readonly streams: CellInstrument
  readonly attempts: CellInstrument
  readonly attemptFailures: CellInstrument
  readonly attemptsInFlight: CellInstrument
  readonly attemptDuration: Histogram
  readonly timeToFirstToken: Histogram
  readonly failovers: CellInstrument
  readonly retries: CellInstrument
  readonly ejections: CellInstrument
  readonly providerUsable: CellInstrument
  readonly tokens: CellInstrument
  readonly wastedTokens: CellInstrument
  readonly cost: CellInstrument
  readonly flights: CellInstrument
  readonly coalesced: CellInstrument
  readonly savedCalls: CellInstrument
  readonly savedTokens: CellInstrument
  readonly replayedBytes: CellInstrument
  readonly openFlights: CellInstrument
  readonly heldBytes: CellInstrument
  readonly losses: CellInstrument
  readonly reloads: CellInstrument
  readonly lastReload: CellInstrument
  readonly eventLoopLag: CellInstrument
  readonly overloaded: CellInstrument
  readonly draining: CellInstrument
  readonly connectionsDropped: CellInstrument
  readonly internalErrors: CellInstrument
  readonly build: CellInstrument
}

/** A fresh set, all at zero. */
export function createMetricSet(): MetricSet {
  return { ...requestMetrics(), ...attemptMetrics(), ...spending(), ...sharing(), ...processMetrics() }
}

/** All of a set, in the order in which it is printed. */
export function instrumentsOf(set: MetricSet): readonly Instrument[] {
  return Object.values(set)
}

/** Answers of models take from a fraction of a second to many minutes. */
const answerSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640]
const firstSeconds = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]
/** lb's own share is well below a millisecond; what is above ten is a fault worth looking at. */
const overheadSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1]

function requestMetrics() {
  return {
    requests: counter(
      'lb_requests_total',
      'Requests with a call of their own, by the provider that was asked last (`none`: nobody) and how they ended: completed, gave-up, ended-truthfully, aborted-client, client-gone.',
      ['endpoint', 'provider', 'end'],
    ),
    refusals: counter(
      'lb_refusals_total',
      'Requests that lb turned down itself before any provider was asked, by the error type that the client was told.',
      ['endpoint', 'type'],
    ),
    requestsInFlight: gauge('lb_requests_in_flight', 'Requests that are being answered.', ['endpoint']),
    requestDuration: histogram(
      'lb_request_duration_seconds',
      'From the arrival of a request to the end of its answer, whoever made the call.',
      answerSeconds,
      ['endpoint', 'stream'],
    ),
    timeToFirstByte: histogram(
      'lb_time_to_first_byte_seconds',
      'From the arrival of a request to the first byte of its answer, whoever made the call, pings of lb included.',
      firstSeconds,
      ['endpoint', 'stream'],
    ),
    overhead: histogram(
      'lb_overhead_seconds',
      'Time in lb, upstream excluded: from the last byte of the request to its first sending, plus from the upstream bytes that begin the answer to the same bytes sent to the client.',
      overheadSeconds,
      ['endpoint', 'stream'],
    ),
    streams: counter('lb_streams_total', 'Event streams by how they ended.', ['end']),
  }
}

function attemptMetrics() {
  return {
    attempts: counter('lb_attempts_total', 'Attempts by outcome: succeeded, failed, abandoned.', [
      'provider',
      'outcome',
    ]),
    attemptFailures: counter('lb_attempt_failures_total', 'Failed attempts by the kind of failure.', [
      'provider',
      'kind',
    ]),
    attemptsInFlight: gauge('lb_attempts_in_flight', 'Attempts that wait for a provider or read its answer.', [
      'provider',
    ]),
    attemptDuration: histogram(
      'lb_attempt_duration_seconds',
      'From the start of an attempt to its end, whatever its outcome.',
      answerSeconds,
      ['provider'],
    ),
    timeToFirstToken: histogram(
      'lb_time_to_first_token_seconds',
      'From the start of an attempt to the first content of its stream.',
      firstSeconds,
      ['provider'],
    ),
    failovers: counter(
      'lb_failovers_total',
      'Attempts on another target than the attempt before, by the provider that was left.',
      ['provider'],
    ),
    retries: counter('lb_retries_total', 'Attempts on the same target as the attempt before.', ['provider']),
    ejections: counter(
      'lb_ejections_total',
      'How often a provider, or one of its keys or models, was taken out of use for a time.',
      ['provider', 'reason'],
    ),
    providerUsable: gauge('lb_provider_usable', '1 while a provider as a whole may be used, else 0.', ['provider']),
  }
}

function spending() {
  return {
    tokens: counter(
      'lb_tokens_total',
      'Tokens as the providers counted them: input, cache_read, cache_write_5m, cache_write_1h, output; none is part of another.',
      ['provider', 'model', 'kind'],
    ),
    wastedTokens: counter(
      'lb_wasted_tokens_total',
      'Those of lb_tokens_total that were used by attempts whose answer no client got.',
      ['provider', 'kind'],
    ),
    cost: counter('lb_cost_usd_total', 'What the answers cost in US dollars, where a price is known.', [
      'provider',
      'model',
    ]),
    losses: counter('lb_conversion_losses_total', 'What a conversion between dialects could not carry.', ['code']),
  }
}

function sharing() {
  return {
    flights: counter('lb_flights_total', 'Calls whose answer others could share.'),
    coalesced: counter(
      'lb_coalesced_requests_total',
      'Requests that got the answer of another one: of a running call (joined), of one that had just ended (replayed), or from the answer cache (cached).',
      ['how'],
    ),
    savedCalls: counter(
      'lb_saved_calls_total',
      'Calls that were not made: requests that got a whole answer of another one.',
    ),
    savedTokens: counter(
      'lb_saved_tokens_total',
      'Tokens that those calls would have used, as the provider counted them for the answer that was shared.',
      ['kind'],
    ),
    replayedBytes: counter(
      'lb_replayed_bytes_total',
      'Bytes of answers that were given to others than who asked first.',
    ),
    openFlights: gauge(
      'lb_flights_open',
      'Answers that can be shared now: of running calls, and of those that linger.',
    ),
    heldBytes: gauge('lb_flight_held_bytes', 'Bytes of answers that are held for those who share them.'),
  }
}

function processMetrics() {
  return {
    reloads: counter('lb_config_reloads_total', 'Reloads of the configuration: applied or rejected.', ['result']),
    lastReload: gauge(
      'lb_config_last_reload_success_timestamp_seconds',
      'When the configuration in use was read, in Unix time.',
    ),
    eventLoopLag: gauge(
      'lb_event_loop_lag_seconds',
      'How late the event loop was at worst in the last ten seconds: what an arriving byte may have had to wait.',
    ),
    overloaded: gauge(
      'lb_overloaded',
      '1 while lb is short of time or memory and refuses new requests with 529, else 0.',
    ),
    draining: gauge('lb_draining', '1 while lb is stopping and finishes what runs, else 0.'),
    connectionsDropped: counter(
      'lb_connections_dropped_total',
      'Client connections that were closed at once because too many were open.',
    ),
    internalErrors: counter('lb_internal_errors_total', 'Errors inside lb that were caught: each is a bug.'),
    build: gauge('lb_build_info', 'Always 1; says which version runs.', ['version']),
  }
}
