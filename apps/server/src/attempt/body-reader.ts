import type { Observation } from '@lb/protocol'

/** What an answer's body is read by, chosen by its head. Exactly one of `end` and `broke` is the last call. */
export interface BodyReader {
  /** `false`: stop reading until the client has caught up. */
  push(chunk: Buffer): boolean
  end(): void
  /** The body broke off. */
  broke(observation: Observation): void
}

/** What a body comes to when it is read as a whole. */
export interface WholeBody {
  readonly limitBytes: number
  /** The body is complete. */
  done(body: Buffer): void
  /** It broke off, or is too long; `body` is what came. */
  failed(observation: Observation, body: Buffer): void
}

/** Collects a body. What is over the limit is dropped and the body with it. */
export function collectBody({ limitBytes, done, failed }: WholeBody): BodyReader {
  const chunks: Buffer[] = []
  let length = 0
  let over = false
  const bytes = (): Buffer => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
  return {
    push(chunk) {
      length += chunk.length
      if (length <= limitBytes) chunks.push(chunk)
      else if (!over) {
        over = true
        failed({ seen: 'bad-response', reason: 'too-large' }, bytes())
      }
      return true
    },
    end() {
      if (!over) done(bytes())
    },
    broke(observation) {
      if (!over) failed(observation, bytes())
    },
  }
}
