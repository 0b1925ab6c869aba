import type { Loss } from '@lb/convert'
import type { CredentialOwner, Failure, JsonObject, Result } from '@lb/protocol'
import type { StreamReader } from './stream-reader.ts'

/**
 * Stands between the client's dialect and an upstream's for one attempt. The same dialect on both sides changes no byte.
 */
export interface Adapter {
  /** Reads a stream of this upstream and gives the client's. @param maxEventBytes a longer event is a failure. */
  createReader(credential: CredentialOwner, maxEventBytes: number): StreamReader
  /** Reads a whole answer; an error in the shape of a success is a failure. */
  readWhole(body: Buffer, credential: CredentialOwner): Result<WholeAnswer, Failure>
  /** A whole answer as the stream that the same upstream would have sent for it. */
  explode(body: Buffer, credential: CredentialOwner): Result<Buffer, Failure>
  /** An upstream's refusal in the client's dialect. */
  readRefusal(refused: UpstreamRefusal): RefusedAnswer
}

/** A whole answer in the client's dialect, and the upstream's own token counts. */
export interface WholeAnswer {
  readonly body: Uint8Array
  readonly usage: JsonObject
  /** Why the upstream stopped, in the client's dialect. */
  readonly stopReason?: string
  /** What the conversion of the answer could not carry. Absent: nothing was converted. */
  readonly losses?: readonly Loss[]
}

/** An upstream's answer that is no success. */
export interface UpstreamRefusal {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Wall clock, for reset times. */
  readonly epochMs: number
}

/** The same for the client. `headers`: what is said there in other words than the upstream's. */
export interface RefusedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}
