import type { JsonObject } from '@lb/protocol'
import type { ClientRequest } from '../../ingress/client-request.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import type { DoneRequest } from '../../telemetry/observer.ts'
import type { Rates } from '../rates.ts'

/** One attempt of a request that is over. */
export interface Tried {
  readonly provider?: string
  readonly model?: string
  readonly outcome: 'succeeded' | 'failed' | 'abandoned'
  readonly paid?: boolean
  readonly usage?: JsonObject
}

/** A request that is over, as observers are told of it; only what the books look at is there. */
export function doneRequest(
  tried: readonly Tried[],
  end = 'completed',
  more: Partial<ClientRequest> = {},
): DoneRequest {
  const candidates = tried.map(({ provider = 'a', model = 'claude-x' }, index) => ({ id: `${index}`, provider, model }))
  const attempts = tried.map(({ outcome, paid = true }, index) => ({
    attempt: index + 1,
    candidate: `${index}`,
    outcome,
    paid,
  }))
  const usages = new Map(tried.map(({ usage = {} }, index) => [index + 1, { usage: () => usage }]))
  return {
    request: requestOf(more),
    state: { phase: { kind: 'over', end }, attempts },
    candidates,
    attempts: usages,
  } as unknown as DoneRequest
}

export function requestOf(more: Partial<ClientRequest> = {}): ClientRequest {
  const headers = { 'x-claude-code-session-id': 'session-1' }
  const body = Buffer.from('{}')
  const request = { id: 'req_1', tenant: 'anna', endpoint: 'messages', model: 'claude-x', headers, body, ...more }
  return request as unknown as ClientRequest
}

/** A configuration as far as the books look at it. */
export function booksConfig(prices: readonly (readonly [string, Partial<Rates>])[] = []): CompiledConfig {
  const settings = { usage: { enabled: true, path: 'usage.db', retentionDays: 90, prices } }
  return { config: { settings, modelRoutes: [] }, providers: new Map() } as unknown as CompiledConfig
}
