import type { Loss } from '@lb/convert'
import { type Failure, failureTable, numberMember } from '@lb/protocol'
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
  const end = state.phase.kind === 'over' ? state.phase.end : 'running'
  const last = state.attempts.at(-1)
  const provider = last === undefined ? undefined : providerOf(candidates, last.candidate)
  const failures = failuresOf(done)
  const usage = last === undefined ? undefined : attempts.get(last.attempt)?.usage()
  const durationMs = Math.round(nowMs - request.receivedAtMs)
  // Written out, with `undefined` for what is not there, which the log leaves out: to spread parts into it costs as much again
  // as to write the line.
  const fields = {
    event: end === 'completed' ? 'request_completed' : 'request_failure',
    request_id: request.id,
    stage: state.stage,
    endpoint: request.endpoint,
    model: request.model,
    stream: request.stream,
    provider,
    status: shown.status,
    end,
    duration_ms: durationMs,
    ttfb_ms: shown.firstByteAtMs === undefined ? undefined : Math.round(shown.firstByteAtMs - request.receivedAtMs),
    attempts: state.attempts.length,
    failures,
    losses: lossesOf(attempts.values()),
    // By Anthropic's names or OpenAI's.
    input_tokens: numberMember(usage, 'input_tokens') ?? numberMember(usage, 'prompt_tokens'),
    output_tokens: numberMember(usage, 'output_tokens') ?? numberMember(usage, 'completion_tokens'),
    cache_read_tokens: numberMember(usage, 'cache_read_input_tokens'),
    cache_write_tokens: numberMember(usage, 'cache_creation_input_tokens'),
  }
  const outcome = `request ${end}: ${request.model} by ${provider ?? 'nobody'} in ${durationMs} ms`
  const message = failures === undefined ? outcome : `${outcome} (${failures.join(', ')})`
  log[levelOf(end, last?.failure ?? null)](fields, message)
}

function providerOf(candidates: DoneRequest['candidates'], id: string): string | undefined {
  return candidates.find((candidate) => candidate.id === id)?.provider
}

/** `provider: kind` for each attempt that failed; `undefined`: none did. */
function failuresOf({ state, candidates }: DoneRequest): string[] | undefined {
  let failures: string[] | undefined
  for (const { candidate, failure } of state.attempts) {
    if (failure === null) continue
    failures ??= []
    failures.push(`${providerOf(candidates, candidate) ?? candidate}: ${failure.kind}`)
  }
  return failures
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

/** What the conversions of all attempts could not carry: `{ sampling_dropped: 1 }`; `undefined`: nothing. */
function lossesOf(attempts: Iterable<Attempt>): Record<string, number> | undefined {
  let lost: Loss[] | undefined
  for (const attempt of attempts) {
    const losses = attempt.losses()
    if (losses.length > 0) lost = [...(lost ?? []), ...losses]
  }
  return lost === undefined ? undefined : lossCounts(lost)
}
