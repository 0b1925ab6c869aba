import type { PlanCandidate } from '@lb/router'
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ClientRequest } from '../../ingress/client-request.ts'
import { endOf } from '../metrics/metrics-observer.ts'
import { tokenCounts } from '../metrics/token-counts.ts'
import type { DoneRequest } from '../observer.ts'
import { attemptAttributes, requestAttributes, spanName, usageAttributes } from './genai.ts'
import type { Traces, TracesPorts } from './traces.ts'

/** The spans of a request that runs. */
interface Open {
  readonly span: Span
  readonly context: Context
  readonly attempts: Map<number, Span>
  /** From the monotonic clock to the wall clock, both in milliseconds. */
  readonly epochOffsetMs: number
}

/**
 * Makes spans of what happens. The request is a server's span, since that is what lb is to its client; each attempt is a client's
 * span below it and carries the tokens, so that nobody counts them twice. Decision 0076.
 */
export function traceObserver(
  tracer: Tracer,
  propagator: TextMapPropagator,
  ports: Pick<TracesPorts, 'upstreamOf'>,
): Pick<Traces, 'observer' | 'attemptHeaders'> {
  const open = new Map<string, Open>()

  function begin(request: ClientRequest): void {
    const parent = propagator.extract(ROOT_CONTEXT, request.headers, lowerCaseNames)
    const epochOffsetMs = Date.now() - performance.now()
    const span = tracer.startSpan(
      spanName(request.endpoint, request.model),
      {
        kind: SpanKind.SERVER,
        startTime: epochOffsetMs + request.receivedAtMs,
        attributes: requestAttributes(request),
      },
      parent,
    )
    open.set(request.id, { span, context: trace.setSpan(parent, span), attempts: new Map(), epochOffsetMs })
  }

  function beginAttempt(
    request: ClientRequest,
    attempt: number,
    { provider, model }: PlanCandidate,
  ): readonly string[] {
    const entry = open.get(request.id)
    if (entry === undefined) return []
    const attributes = { ...attemptAttributes(request, model, ports.upstreamOf(provider)), 'lb.attempt': attempt }
    const options = { kind: SpanKind.CLIENT, attributes }
    const span = tracer.startSpan(spanName(request.endpoint, model), options, entry.context)
    entry.attempts.set(attempt, span)
    const headers: string[] = []
    propagator.inject(trace.setSpan(entry.context, span), headers, flatList)
    return headers
  }

  return {
    attemptHeaders: beginAttempt,
    observer: {
      requestStarted: begin,
      attemptReported({ request, attempt, outcome }) {
        if (outcome.kind !== 'alive' || !request.stream) return
        const span = open.get(request.id)?.attempts.get(attempt)
        span?.setAttribute('gen_ai.response.time_to_first_chunk', outcome.ttftMs / 1000)
      },
      requestDone(done) {
        const entry = open.get(done.request.id)
        if (entry === undefined) return
        open.delete(done.request.id)
        endAttempts(entry, done)
        endRequest(entry, done)
      },
    },
  }
}

function endAttempts({ attempts, epochOffsetMs }: Open, { state, attempts: runs, nowMs }: DoneRequest): void {
  for (const { attempt, why, endedMs, outcome, failure } of state.attempts) {
    const span = attempts.get(attempt)
    if (span === undefined) continue
    span.setAttributes({ 'lb.attempt.reason': why, 'lb.attempt.outcome': outcome })
    const usage = runs.get(attempt)?.usage()
    const counts = usage === undefined ? undefined : tokenCounts(usage)
    if (counts !== undefined) span.setAttributes(usageAttributes(counts))
    if (failure !== null) {
      const { kind, status, message } = failure
      span.setAttribute('error.type', kind)
      if (status !== undefined) span.setAttribute('http.response.status_code', status)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
    }
    span.end(epochOffsetMs + (endedMs ?? nowMs))
  }
}

/** A server's span is in error when the server is at fault: what the client asked wrongly is no error of lb. */
function endRequest({ span, epochOffsetMs }: Open, { state, shown, nowMs }: DoneRequest): void {
  const end = endOf(state)
  span.setAttributes({ 'lb.end': end, 'lb.attempts': state.attempts.length })
  if (shown.status !== undefined) span.setAttribute('http.response.status_code', shown.status)
  const isBroken = end === 'ended-truthfully' || end === 'aborted-client' || (shown.status ?? 0) >= 500
  if (isBroken) {
    span.setAttribute('error.type', state.attempts.at(-1)?.failure?.kind ?? end)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end(epochOffsetMs + nowMs)
}

const lowerCaseNames = {
  get: (headers: ClientRequest['headers'], name: string): string | undefined => headers[name],
  keys: (headers: ClientRequest['headers']): string[] => Object.keys(headers),
}

const flatList = {
  set: (headers: string[], name: string, value: string): void => void headers.push(name, value),
}
