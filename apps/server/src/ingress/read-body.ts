import type { IncomingMessage } from 'node:http'
import { createJsonGuard, err, type JsonGuard, type JsonScanProblem, ok, type Result } from '@lb/protocol'
import type { Bursts } from '../bursts.ts'
import type { PaceWatch } from './pace.ts'
import { invalidRequest, type Refusal, tooLarge, unusableJson } from './refusal.ts'

export interface BodyRules {
  /** Refuse more; 32 MB is what Anthropic takes. */
  readonly limitBytes: number
  readonly paces: PaceWatch
  /** The request goes on at the end of the turn in which its body is there. */
  readonly bursts: Pick<Bursts, 'add'>
}

/** From here on a body is watched while it comes: nearly all are shorter, and are looked at once, when they are whole. */
const GUARD_FROM_BYTES = 1 << 20

/**
 * Reads a request's whole body. It is kept as bytes: the same bytes go upstream, once for every attempt. The front door has
 * refused encoded bodies and those whose length is too much already.
 *
 * @returns the body; a refusal when it is too long, too slow, too deep or wide to be parsed, or does not come whole.
 */
export function readBody(
  request: IncomingMessage,
  { limitBytes, paces, bursts }: BodyRules,
): Promise<Result<Buffer, Refusal>> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = []
    let length = 0
    let guard: JsonGuard | undefined
    let problem: JsonScanProblem | undefined
    let isOver = false
    const finish = (result: Result<Buffer, Refusal>): void => {
      if (isOver) return
      isOver = true
      unwatch()
      chunks = []
      bursts.add('requests', () => resolve(result))
    }
    const watchJson = (chunk: Buffer): void => {
      const unseen = guard === undefined ? chunks : [chunk]
      guard ??= createJsonGuard()
      for (const piece of unseen) problem = guard.push(piece)
      // The rest is read and thrown away, so that its sender gets to read the refusal.
      if (problem !== undefined) chunks = []
    }
    const unwatch = paces.watch({ bytes: () => length, tooSlow: () => finish(err(tooSlow)) })
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > limitBytes) finish(err(tooLarge(limitBytes)))
      else if (problem === undefined) {
        chunks.push(chunk)
        if (length > GUARD_FROM_BYTES) watchJson(chunk)
      }
      // What is too long is read on for a while and thrown away: a socket that is closed over unread bytes takes the
      // refusal with it, and the client would see a reset instead of a 413.
      if (length > 2 * limitBytes) request.destroy()
    })
    request.on('end', () => finish(problem === undefined ? ok(joined(chunks)) : err(unusableJson(problem))))
    // `close` without `end`: the client left in the middle. Nobody reads the refusal, but the pipeline must not wait.
    request.on('close', () => finish(err(cutShort)))
  })
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

const cutShort: Refusal = { ...invalidRequest('The request body ended early.'), close: true }

const tooSlow: Refusal = {
  status: 408,
  type: 'timeout_error',
  message: 'The request body came too slowly, or stopped coming.',
  close: true,
}
