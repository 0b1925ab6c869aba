import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../log.ts'
import { traceObserver } from './trace-observer.ts'
import type { OtlpProtocol, Traces, TracesPorts } from './traces.ts'

/** Longest that a stopping process waits for a collector. */
const FLUSH_MS = 3000
const TROUBLE_PAUSE_MS = 60_000

const exporters = { 'http/json': JsonExporter, 'http/protobuf': ProtobufExporter } as const

/**
 * Starts OpenTelemetry's SDK. Endpoint, headers, timeouts, compression, batches, sampling and limits are read from the `OTEL_*`
 * variables by the SDK itself. Only loaded when traces are wanted.
 */
export function startTraces(protocol: OtlpProtocol, ports: TracesPorts): Traces {
  tellTrouble(ports.log)
  const own = resourceFromAttributes({ 'service.name': 'lb', 'service.version': ports.version })
  const named = detectResources({ detectors: [envDetector] })
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(own).merge(named),
    spanProcessors: [new BatchSpanProcessor(new exporters[protocol]())],
  })
  const tracer: Tracer = provider.getTracer('lb', ports.version)
  let closed: Promise<void> | undefined
  return {
    ...traceObserver(tracer, new W3CTraceContextPropagator(), ports),
    close() {
      closed ??= inTime(provider.shutdown())
      return closed
    },
  }
}

function inTime(flushed: Promise<void>): Promise<void> {
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, FLUSH_MS).unref()
  })
  return Promise.race([flushed, late]).catch(() => {})
}

/** A collector that is away is said in the log, once a minute; the SDK drops the spans and goes on. */
function tellTrouble(log: Log): void {
  let quietUntilMs = Number.NEGATIVE_INFINITY
  const tell = (message: string): void => {
    const nowMs = performance.now()
    if (nowMs < quietUntilMs) return
    quietUntilMs = nowMs + TROUBLE_PAUSE_MS
    log.warn({ event: 'traces_not_sent' }, `traces could not be sent: ${message.slice(0, 300)}`)
  }
  setGlobalErrorHandler((error) => tell(error instanceof Error ? error.message : String(error)))
  const quiet = (): void => {}
  diag.setLogger({ error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN)
}
