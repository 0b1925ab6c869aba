import { type FailureKind, failureTable } from '@lb/protocol'
import * as v from 'valibot'
import type { CredentialView, HealthNode, ProviderList, ProviderView } from './provider-shape.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const epochSeconds = v.pipe(v.number(), v.description('Epoch seconds'))
const seconds = v.pipe(v.number(), v.minValue(0))

/** The rows of the failure table. */
export const failureKinds: readonly FailureKind[] = Object.keys(failureTable) as FailureKind[]

const lastFailureSchema = v.pipe(
  v.object({
    kind: v.pipe(v.picklist(failureKinds), v.description('A row of the failure table')),
    status: v.nullable(v.pipe(v.number(), v.integer(), v.description('The HTTP status, when there was one'))),
    at: epochSeconds,
  }),
  v.title('LastFailure'),
)

/** What health knows about one part of a provider. What is not in the list is healthy. */
const healthNodeSchema: v.GenericSchema<HealthNode> = v.pipe(
  v.object({
    credential: v.nullable(v.pipe(v.string(), v.description('The name of one of the keys; `null`: all of them'))),
    model: v.nullable(v.pipe(v.string(), v.description('A model, or `family:opus`; `null`: all of them'))),
    state: v.pipe(
      v.picklist(['closed', 'barred', 'half-open', 'disabled']),
      v.description(
        '`closed`: in use. `barred`: not used until `until`. `half-open`: one request is finding out. `disabled`: switched off by an operator.',
      ),
    ),
    count: v.pipe(v.string(), v.description('Failures in a row of those that eject, e.g. `1/2`')),
    reason: v.exactOptional(
      v.pipe(
        v.picklist(['ejected', 'overloaded', 'paused', 'credits', 'down', 'unsupported', 'disabled']),
        v.description('Why it is not used'),
      ),
    ),
    since: v.exactOptional(epochSeconds),
    until: v.exactOptional(v.pipe(v.number(), v.description('When it is expected back, in epoch seconds'))),
    seconds_left: v.exactOptional(v.pipe(seconds, v.description('The same from now'))),
    probe_in: v.exactOptional(v.pipe(seconds, v.description('Seconds until one request may find out'))),
  }),
  v.title('HealthNode'),
)

const credentialSchema: v.GenericSchema<CredentialView> = v.pipe(
  v.object({
    name: v.pipe(
      v.string(),
      v.description('As in `auth_values[].name`, else `key-1`, `key-2`, …; never the key itself'),
    ),
    status: v.picklist(['healthy', 'unhealthy', 'disabled']),
    in_flight: count,
    ttft_ms: v.nullable(v.number()),
    success_ratio: v.nullable(v.number()),
    last_failure: v.nullable(lastFailureSchema),
  }),
  v.title('Credential'),
)

const routeSchema = v.pipe(
  v.object({
    pattern: v.string(),
    model: v.pipe(
      v.string(),
      v.description('What the provider is asked for; `passthrough`: what the client asked for'),
    ),
    priority: v.number(),
  }),
  v.title('ProviderRoute'),
)

/** One entry of `providers`: the predecessor's members first, lb's behind them. */
export const providerSchema: v.GenericSchema<ProviderView> = v.pipe(
  v.object({
    name: v.string(),
    type: v.picklist(['anthropic', 'openai']),
    base_url: v.string(),
    enabled: v.pipe(v.boolean(), v.description('False while an operator has switched it off')),
    healthy: v.pipe(
      v.boolean(),
      v.description('Whether it may be used now, with one of its keys at least, apart from single models'),
    ),
    failure_count: v.pipe(v.number(), v.description('The highest count of its health nodes')),
    last_failure_time: v.pipe(v.number(), v.description('Epoch seconds; 0: never')),
    proxy: v.nullable(v.pipe(v.string(), v.description('Without user name and password'))),
    models: v.array(routeSchema),
    status: v.picklist(['healthy', 'unhealthy', 'disabled']),
    id: v.pipe(v.string(), v.description('Unique: the name, or `name (account)`')),
    dialect: v.picklist(['anthropic', 'chat', 'responses']),
    auth: v.pipe(
      v.picklist(['api-key', 'bearer', 'oauth', 'passthrough', 'none']),
      v.description('How requests are signed in'),
    ),
    account_email: v.nullable(v.string()),
    weight: v.number(),
    count: v.pipe(v.string(), v.description('`failure_count` of what ejects, e.g. `1/2`')),
    health: v.pipe(v.array(healthNodeSchema), v.description('What is known to health; empty: nothing is wrong')),
    cooldown_until: v.nullable(
      v.pipe(v.number(), v.description('When the provider is expected back, in epoch seconds')),
    ),
    cooldown_seconds_left: v.nullable(seconds),
    in_flight: v.pipe(count, v.description('Attempts on their way')),
    ttft_ms: v.nullable(
      v.pipe(v.number(), v.description('Usual time to first token: a moving average that jumps to peaks')),
    ),
    success_ratio: v.nullable(v.pipe(v.number(), v.description('Of the results of the last minutes, in [0, 1]'))),
    successes: v.pipe(count, v.description('Since lb was started')),
    failures: v.pipe(count, v.description('Since lb was started')),
    last_failure: v.nullable(lastFailureSchema),
    credentials: v.array(credentialSchema),
  }),
  v.title('Provider'),
)

const disabledProviderSchema = v.pipe(
  v.object({
    name: v.string(),
    enabled: v.literal(false),
    status: v.literal('disabled'),
  }),
  v.title('DisabledProvider'),
)

/** The answer of `/providers`. */
export const providerListSchema: v.GenericSchema<ProviderList> = v.pipe(
  v.object({
    total_providers: count,
    healthy_providers: count,
    selection_strategy: v.string(),
    total_model_routes: count,
    providers: v.array(providerSchema),
    disabled_providers: v.pipe(
      v.array(disabledProviderSchema),
      v.description('Those that the file has with `enabled: false`; they are not loaded'),
    ),
  }),
  v.title('ProviderList'),
)
