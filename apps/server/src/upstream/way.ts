import type { Provider } from '@lb/config'
import type { Loss, Refusal } from '@lb/convert'
import { err, type Result } from '@lb/protocol'
import { errorBody } from '../egress/error-response.ts'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { Adapter } from './adapter.ts'
import type { SignedIn } from './credential-headers.ts'
import type { UpstreamRequest } from './send.ts'

/** How a client's dialect becomes a provider's: one for each pair. */
export type Way = (input: PrepareInput) => Result<Prepared, NotPrepared>

export interface PrepareInput {
  readonly request: ClientRequest
  readonly provider: Provider
  /** The model as this provider is asked for it. */
  readonly model: string
  readonly signedIn: SignedIn
  /** Past reasoning stays out: an upstream has refused its signatures. */
  readonly withoutThinking: boolean
  /** The headers that carry lb's own trace on, in the place of the client's. */
  readonly trace: readonly string[]
  /** `settings.app_name`: what lb calls itself. */
  readonly appName: string
  /** Wall clock: answers of OpenAI say when they were made. */
  readonly epochMs: number
}

/** A request as one upstream will get it, and what reads its answer. */
export interface Prepared {
  readonly upstream: UpstreamRequest
  readonly adapter: Adapter
  /** What the conversion could not carry. */
  readonly losses: readonly Loss[]
}

/** Why a request cannot be sent to a provider. */
export interface NotPrepared {
  readonly status: number
  readonly message: string
  /** JSON text in the client's own error shape. */
  readonly body: string
}

/** A request that cannot be said in the target's dialect. */
export function refused({ message, body }: Pick<Refusal, 'message' | 'body'>): Result<never, NotPrepared> {
  return err({ status: 400, message, body: JSON.stringify(body) })
}

/** The same, in words of our own. */
export function notPrepared({ endpoint, id }: ClientRequest, message: string): NotPrepared {
  const body = errorBody(endpoints[endpoint].dialect, { type: 'invalid_request_error', message }, id)
  return { status: 400, message, body }
}

/** A body that is JSON in its outline and not in its depth. */
export function notJson(request: ClientRequest, reason: string): Result<never, NotPrepared> {
  return err(notPrepared(request, `the request body is not valid JSON: ${reason}`))
}
