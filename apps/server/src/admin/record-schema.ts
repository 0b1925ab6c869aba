import type { LoggedEvent, LoopEvent, LoopPolicy } from '@lb/router'
import * as v from 'valibot'
import { failureKinds } from './provider-schema.ts'
import type {
  RecordedAttempt,
  RecordedCandidate,
  RecordedCount,
  RecordedSharing,
  RequestRecord,
  RequestSummary,
} from './record-shape.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const sinceReceived = v.pipe(v.number(), v.description('Milliseconds since the request was received'))

const sharingSchema: v.GenericSchema<RecordedSharing> = v.pipe(
  v.object({
    role: v.pipe(
      v.picklist(['leader', 'alone', 'follower', 'kept']),
      v.description(
        '`leader`: its own call, which others could join. `alone`: its own call, and nobody could. `follower`: it got the answer of another one’s call. `kept`: it got a kept answer.',
      ),
    ),
    reason: v.exactOptional(v.pipe(v.string(), v.description('Why it shares with nobody'))),
    how: v.exactOptional(
      v.pipe(v.picklist(['joined', 'replayed']), v.description('`joined`: the call ran. `replayed`: it was just over')),
    ),
    leader: v.exactOptional(v.pipe(v.string(), v.description('The id of the request whose call it was'))),
    age_ms: v.exactOptional(v.pipe(v.number(), v.description('How old the kept answer was'))),
  }),
  v.title('Sharing'),
)

const headEntries = {
  id: v.string(),
  received_at: v.pipe(v.number(), v.description('Epoch seconds')),
  endpoint: v.pipe(v.string(), v.description('`messages`, `count-tokens`, `chat`, …')),
  model: v.pipe(v.string(), v.description('As the client asked for it')),
  stream: v.boolean(),
  status: v.nullable(v.pipe(v.number(), v.integer(), v.description('The HTTP status that the client got'))),
  end: v.nullable(
    v.pipe(v.string(), v.description('`completed`, `gave-up`, `ended-truthfully`, `aborted-client` or `client-gone`')),
  ),
  duration_ms: v.number(),
  sharing: sharingSchema,
}

/** One line of `/requests`. */
export const summarySchema: v.GenericSchema<RequestSummary> = v.pipe(
  v.object({
    ...headEntries,
    provider: v.nullable(v.pipe(v.string(), v.description('Who answered, or was asked last'))),
    attempts: count,
  }),
  v.title('RequestSummary'),
)

const candidateSchema: v.GenericSchema<RecordedCandidate> = v.pipe(
  v.object({
    id: v.string(),
    provider: v.string(),
    credential: v.pipe(v.string(), v.description('Its name')),
    model: v.string(),
    priority: v.number(),
    availability: v.pipe(v.string(), v.description('`available`, `probe`, `full`, or why it was not to be used')),
    score: v.pipe(v.number(), v.description('Lower is better: latency times load, per weight')),
    in_flight: count,
    ttft_ms: v.nullable(v.number()),
  }),
  v.title('RecordedCandidate'),
)

const failureSchema = v.pipe(
  v.object({
    kind: v.picklist(failureKinds),
    message: v.string(),
    status: v.exactOptional(v.number()),
    errorType: v.exactOptional(v.pipe(v.string(), v.description('The upstream’s own word'))),
    retryAfterMs: v.exactOptional(v.number()),
    claim: v.exactOptional(v.string()),
  }),
  v.title('Failure'),
)

const attemptSchema: v.GenericSchema<RecordedAttempt> = v.pipe(
  v.object({
    attempt: count,
    provider: v.string(),
    credential: v.string(),
    model: v.pipe(v.string(), v.description('What the provider was asked for')),
    why: v.picklist(['first', 'failover', 'probe', 'again', 'round', 'last-resort']),
    round: count,
    started_ms: sinceReceived,
    ended_ms: v.nullable(sinceReceived),
    outcome: v.picklist(['running', 'succeeded', 'failed', 'abandoned']),
    paid: v.pipe(v.boolean(), v.description('The upstream said 2xx, so it may be billed')),
    failure: v.nullable(failureSchema),
    losses: v.pipe(
      v.array(v.string()),
      v.description('What the conversion of the request and of the answer could not carry'),
    ),
  }),
  v.title('RecordedAttempt'),
)

const countedSchema: v.GenericSchema<RecordedCount> = v.pipe(
  v.object({
    provider: v.string(),
    model: v.pipe(v.string(), v.description('As the provider calls it')),
    by: v.pipe(
      v.picklist(['upstream', 'memory', 'estimate']),
      v.description('`memory`: what the upstream’s counter said to the same question before'),
    ),
    because: v.nullable(v.pipe(v.string(), v.description('Why it is an estimate'))),
  }),
  v.title('Counted'),
  v.description('Of a count of tokens, which is asked once and has no attempts: how it was come by'),
)

const featuresSchema = v.pipe(
  v.object({
    tokens: count,
    thinking: v.boolean(),
    images: v.boolean(),
    webSearch: v.boolean(),
    tools: v.boolean(),
    background: v.boolean(),
  }),
  v.title('Features'),
  v.description('What routes with `when` looked at'),
)

/** The words and members are those of `@lb/router`, which reads them again. */
const policySchema = v.pipe(
  v.custom<LoopPolicy>(isObject),
  v.title('LoopPolicy'),
  v.description('The attempt loop’s rules for this request'),
)

const loggedEventSchema: v.GenericSchema<LoggedEvent> = v.pipe(
  v.object({
    event: v.custom<LoopEvent>(isObject),
    at: v.object({
      nowMs: v.pipe(v.number(), v.description('Monotonic milliseconds')),
      roll: v.pipe(v.number(), v.description('The chance that was drawn for this step, in [0, 1)')),
    }),
  }),
  v.title('LoggedEvent'),
)

/** The answer of `/requests/{id}`. */
export const recordSchema: v.GenericSchema<RequestRecord> = v.pipe(
  v.object({
    ...headEntries,
    ttfb_ms: v.nullable(sinceReceived),
    forced_provider: v.nullable(v.pipe(v.string(), v.description('The body’s member `provider`'))),
    stage: v.pipe(v.string(), v.description('What the client has seen: `nothing`, `preamble`, `opening` or `content`')),
    committed: v.nullable(v.pipe(count, v.description('The attempt whose bytes the client got'))),
    features: v.nullable(featuresSchema),
    candidates: v.pipe(v.array(candidateSchema), v.description('In the order in which they were to be asked')),
    attempts: v.array(attemptSchema),
    usage: v.pipe(v.record(v.string(), v.unknown()), v.description('The upstream’s own token counts')),
    counted: v.nullable(countedSchema),
    policy: v.nullable(policySchema),
    log: v.pipe(v.array(loggedEventSchema), v.description('Every event that the attempt loop was told')),
  }),
  v.title('RequestRecord'),
)

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
