import { randomBytes } from 'node:crypto'

/** Uniform in [0, 1). For jitter and picking, never for secrets. */
export const roll: () => number = Math.random

/** A key that exists in this process only: digests made with it say nothing to anybody else. */
export const bootKey: Buffer = randomBytes(32)

// Ids are drawn in blocks: one call to the system for 256 of them.
let block = Buffer.alloc(0)
let used = 0

/**
 * A new id with 96 random bits, e.g. `req_0a1b…`. Unguessable enough for a log line and a lookup; not a secret.
 *
 * @param prefix says what it identifies.
 */
export function newId(prefix: string): string {
  if (used + 12 > block.length) {
    block = randomBytes(12 * 256)
    used = 0
  }
  const id = block.toString('hex', used, used + 12)
  used += 12
  return `${prefix}_${id}`
}
