import type { Loss } from '@lb/convert'
import { type Failure, failureTable, type JsonObject, numberMember } from '@lb/protocol'
import type { End } from '@lb/router'
import type { Attempt } from '../attempt/attempt.ts'
import { lossCounts } from '../egress/losses-text.ts'
import type { Log } from './log.ts'
import type { DoneRequest, FollowerDone } from './observer.ts'

/**
 * One line for each request: what was asked, who answered, how long it took, what it cost in tokens, and which attempts were
 * needed. No text of a prompt or an answer.
 */
export function logRequest(log: Log, done: DoneRequest): void {
  const { request, state, attempts, shown, nowMs, candidates } = done
  const providerOf = (candidate: string): string | undefined => candidates.find(({ id }) => id === candidate)?.provider
  const end = state.phase.kind === 'over' ? state.phase.end : 'running'
  const last = state.attempts.at(-1)
  const failures = state.attempts.flatMap(({ candidate, failure }) =>
    failure === null ? [] : [`${providerOf(candidate) ?? candidate}: ${failure.kind}`],
  )
  const fields = {
    event: end === 'completed' ? 'request_completed' : 'request_failure',
    request_id: request.id,
    stage: state.stage,
    endpoint: request.endpoint,
    model: request.model,
    stream: request.stream,
    ...(last === undefined ? {} : { provider: providerOf(last.candidate) }),
    status: shown.status,
    end,
    duration_ms: Math.round(nowMs - request.receivedAtMs),
    ...(shown.firstByteAtMs === undefined ? {} : { ttfb_ms: Math.round(shown.firstByteAtMs - request.receivedAtMs) }),
    attempts: state.attempts.length,
    ...(failures.length === 0 ? {} : { failures }),
    ...lossFields(attempts.values()),
    ...tokenFields(last === undefined ? undefined : attempts.get(last.attempt)?.usage()),
  }
  const outcome = `request ${end}: ${request.model} by ${fields.provider ?? 'nobody'} in ${fields.duration_ms} ms`
  const message = failures.length === 0 ? outcome : `${outcome} (${failures.join(', ')})`
  log[levelOf(end, last?.failure ?? null)](fields, message)
}

/** An error is what an operator can do something about; a request that is at fault itself is not. */
function levelOf(end: End | 'running', failure: Failure | null): 'info' | 'warn' | 'error' {
  if (end === 'completed' || end === 'client-gone') return 'info'
  return failure !== null && failureTable[failure.kind].origin === 'downstream' ? 'warn' : 'error'
}

/** The line of a request that another one's call has served. */
export function logFollower(log: Log, { request, leader, ending, bytes, nowMs }: FollowerDone): void {
  const fields = {
    event: 'request_coalesced',
    request_id: request.id,
    leader_request_id: leader.id,
    endpoint: request.endpoint,
    model: request.model,
    stream: request.stream,
    end: ending,
    bytes,
    duration_ms: Math.round(nowMs - request.receivedAtMs),
  }
  log.info(fields, `request ${ending}: ${request.model} by the call of ${leader.id} in ${fields.duration_ms} ms`)
}

/** What the conversions of all attempts could not carry: `losses: { sampling_dropped: 1 }`. */
function lossFields(attempts: Iterable<Attempt>): { readonly losses?: Record<string, number> } {
  let lost: Loss[] | undefined
  for (const attempt of attempts) {
    const losses = attempt.losses()
    if (losses.length > 0) lost = [...(lost ?? []), ...losses]
  }
  return lost === undefined ? {} : { losses: lossCounts(lost) }
}

/** The upstream's token counts, by Anthropic's names or OpenAI's. */
function tokenFields(usage: JsonObject | undefined): Record<string, number> {
  const fields: Record<string, number> = {}
  const add = (name: string, count: number | undefined): void => {
    if (count !== undefined) fields[name] = count
  }
  add('input_tokens', numberMember(usage, 'input_tokens') ?? numberMember(usage, 'prompt_tokens'))
  add('output_tokens', numberMember(usage, 'output_tokens') ?? numberMember(usage, 'completion_tokens'))
  add('cache_read_tokens', numberMember(usage, 'cache_read_input_tokens'))
  add('cache_write_tokens', numberMember(usage, 'cache_creation_input_tokens'))
  return fields
}
