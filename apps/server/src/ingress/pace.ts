import { TransientMap } from '@lb/protocol'
import type { Clock } from '../clock.ts'

/** A body that is on its way in. */
export interface Receiving {
  /** How much of it is there. */
  bytes(): number
  /** It is given up. */
  tooSlow(): void
}

/** No byte for so long, and nobody is sending any more. */
const IDLE_MS = 30_000
/** So much must come in every {@link IDLE_MS}: 1 KB a second, less than any modem. A trickle of single bytes holds a place for nobody. */
const BYTES_MIN = 30 << 10

/** How far a body was when it was last looked at. */
export interface Pace {
  readonly bytes: number
  /** When it last grew. */
  readonly grewAtMs: number
  /** The beginning of the present stretch of {@link IDLE_MS}. */
  readonly markAtMs: number
  readonly markBytes: number
}

/**
 * Looks at a body again.
 *
 * @param pace how it was; `undefined` at the first look.
 * @returns how it is, or `too-slow`.
 */
export function lookAt(pace: Pace | undefined, bytes: number, nowMs: number): Pace | 'too-slow' {
  if (pace === undefined) return { bytes, grewAtMs: nowMs, markAtMs: nowMs, markBytes: bytes }
  const grewAtMs = bytes > pace.bytes ? nowMs : pace.grewAtMs
  if (nowMs - grewAtMs >= IDLE_MS) return 'too-slow'
  if (nowMs - pace.markAtMs < IDLE_MS) return { ...pace, bytes, grewAtMs }
  if (bytes - pace.markBytes < BYTES_MIN) return 'too-slow'
  return { bytes, grewAtMs, markAtMs: nowMs, markBytes: bytes }
}

/** How often all of them are looked at. */
const LOOK_EVERY_MS = 1000

/** Looks after the bodies that are on their way in. */
export interface PaceWatch {
  /** Watches a body until the returned function is called. */
  watch(body: Receiving): () => void
}

interface Watched {
  readonly id: number
  readonly body: Receiving
  pace: Pace | undefined
}

/** One timer looks at all of them: nearly every body is there before the first look, and must not pay for a clock of its own. */
export function createPaceWatch({ nowMs }: Pick<Clock, 'nowMs'>): PaceWatch {
  const receiving = new TransientMap<number, Watched>()
  let watched = 0
  let timer: NodeJS.Timeout | undefined

  function lookAround(): void {
    const atMs = nowMs()
    for (const one of receiving.values()) {
      const pace = lookAt(one.pace, one.body.bytes(), atMs)
      if (pace !== 'too-slow') one.pace = pace
      else {
        receiving.delete(one.id)
        one.body.tooSlow()
      }
    }
    if (receiving.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(body) {
      watched += 1
      const id = watched
      receiving.set(id, { id, body, pace: undefined })
      timer ??= setInterval(lookAround, LOOK_EVERY_MS).unref()
      return () => receiving.delete(id)
    },
  }
}
