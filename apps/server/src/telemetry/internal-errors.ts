import type { Log } from './log.ts'
import type { Metrics } from './metrics/metrics.ts'

/**
 * Where errors go that nobody expected: logged with their stack and counted. Whoever calls it has made sure that they end
 * one request at most.
 */
export function internalErrors(log: Log, metrics: Pick<Metrics, 'internalError'>): (error: unknown) => void {
  return (error) => {
    metrics.internalError()
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    log.error({ event: 'internal_error', error: message, stack }, `internal error: ${message}`)
  }
}
