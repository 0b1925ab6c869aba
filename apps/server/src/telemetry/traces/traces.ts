import type { PlanCandidate } from '@lb/router'
import type { ClientRequest } from '../../ingress/client-request.ts'
import type { Log } from '../log.ts'
import type { RequestObserver } from '../observer.ts'

/** OpenTelemetry traces: one span a request, one for each of its attempts. */
export interface Traces {
  readonly observer: RequestObserver
  /**
   * Begins the span of an attempt.
   *
   * @returns the headers (name, value, …) that carry the trace to an upstream to which a client's headers may go.
   */
  attemptHeaders(request: ClientRequest, attempt: number, candidate: PlanCandidate): readonly string[]
  /** Sends what is left, for at most some seconds. */
  close(): Promise<void>
}

/** What traces must know of the rest. */
export interface TracesPorts {
  readonly version: string
  readonly log: Log
  /** An upstream as the configuration has it now; `undefined`: it is gone. */
  upstreamOf(provider: string): TracedUpstream | undefined
}

export interface TracedUpstream {
  readonly name: string
  readonly dialect: string
  readonly baseUrl: string
}

/** The ways of sending that lb has; gRPC is not among them. */
export type OtlpProtocol = 'http/protobuf' | 'http/json'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Opens traces where the standard variables ask for them. Where they do not, nothing of OpenTelemetry is even loaded: this file
 * is all that it costs.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function openTraces(env: Environment, ports: TracesPorts): Promise<Traces | undefined> {
  if (!areWanted(env)) return undefined
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf'
  if (protocol !== 'http/protobuf' && protocol !== 'http/json') {
    ports.log.error(
      { event: 'traces_off', protocol },
      `no traces: OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not supported; use http/protobuf (usually port 4318) or http/json`,
    )
    return undefined
  }
  try {
    const { startTraces } = await import('./otel.ts')
    return startTraces(protocol, ports)
  } catch (error) {
    // Whoever wants to watch lb wants it to serve even more.
    const { message } = error instanceof Error ? error : new Error(String(error))
    const advice = isMissing(error) ? ' Install the @opentelemetry packages.' : ''
    ports.log.error({ event: 'traces_off', error: message }, `no traces: ${message.split('\n')[0]}.${advice}`)
    return undefined
  }
}

/** Somebody named a place to send traces to, and nobody said no. */
function areWanted(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false
  const exporter = env['OTEL_TRACES_EXPORTER'] ?? ''
  if (exporter !== '') return exporter.split(',').some((name) => name.trim() === 'otlp')
  return ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some((name) => (env[name] ?? '') !== '')
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
