/**
 * One answer, kept while several consumers read it at their own pace.
 *
 *   append ──▶ [ chunk │ chunk │ chunk │ chunk ] ◀── the answer ends here
 *                 ▲ slowest          ▲ fastest
 *
 * Rules of this file:
 * - Chunks are shared. A consumer is a position, so the thousandth follower costs a few words.
 * - While the log is *whole* nothing is dropped and anybody may still join. It stops being whole when it would outgrow
 *   its limit, or when it is sealed; from then on a chunk goes as soon as everybody has passed it.
 * - The upstream is paced by the *fastest* consumer ({@link ReplayLog.wantsMore}), so a slow one never slows the others.
 * - What does not fit pushes out whoever is furthest behind. Its reads then say `cut`; its connection must end as an
 *   error, because what it has seen is no whole answer. The log never holds more than its limit.
 */
export interface ReplayLog {
  /** Adds the next bytes of the answer. Returns the consumers that were cut off to make room. */
  append(chunk: Uint8Array): readonly ConsumerId[]
  /** No more bytes follow. */
  end(): void
  /** Lets `consumer` read from the start. False if the start is gone, or the name is taken. */
  join(consumer: ConsumerId): boolean
  /** Takes what `consumer` has not read yet, whole chunks, stopping at `maxBytes` (at least one chunk). */
  read(consumer: ConsumerId, maxBytes?: number): ReplayRead
  /** Forgets `consumer`. */
  leave(consumer: ConsumerId): void
  /** Nobody joins from now on: what everybody has read may go. */
  seal(): void
  /** Gives up bytes until at most `targetBytes` are held, for when memory is short elsewhere. Returns who was cut off. */
  squeeze(targetBytes: number): readonly ConsumerId[]
  /** Bytes that even the fastest consumer has not read: what is held for more than laggards. */
  frontBytes(): number
  /** Whether the upstream should be read on: somebody waits for bytes or soon will, or nobody is there to wait. */
  wantsMore(): boolean
  /** Whether the first byte is still here and a consumer may join. */
  isWhole(): boolean
  /** Bytes held now, with the cost of holding them. */
  heldBytes(): number
}

/** Names one consumer of one flight. */
export type ConsumerId = string

/**
 * What a consumer gets: bytes; nothing yet; nothing more, ever; or the news that it was cut off or never joined.
 * `isLast`: nothing follows these bytes, so that they can be sent together with the end.
 */
export type ReplayRead =
  | { readonly kind: 'chunks'; readonly chunks: readonly Uint8Array[]; readonly isLast: boolean }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end' }
  | { readonly kind: 'cut' }

/** How much a log holds, and when its upstream waits. */
export interface ReplayLimits {
  /**
   * Most bytes that the log holds.
   * @defaultValue 4 MiB, which only the longest answers outgrow: late joiners nearly always find the log whole.
   */
  readonly limitBytes?: number
  /**
   * Unread bytes of the fastest consumer at which the upstream is paused; at most half of the limit.
   * @defaultValue 64 KiB, a socket's buffer: 1,000 flights whose consumers all stall hold 64 MB.
   */
  readonly pauseBytes?: number
}

/** A chunk is an object with a buffer and its view; many small ones must not slip under the limit. */
export const CHUNK_COST_BYTES = 128

/** Creates the log of one flight. */
export function createReplayLog(limits: ReplayLimits = {}): ReplayLog {
  return new Log(limits)
}

const DEFAULT_LIMIT_BYTES = 4 * 1024 * 1024
const DEFAULT_PAUSE_BYTES = 64 * 1024

interface Kept {
  readonly chunk: Uint8Array
  /** Cost of everything before this chunk since the start of the answer. */
  readonly offset: number
  /** How many consumers stand right before this chunk. */
  waiting: number
}

class Log implements ReplayLog {
  private readonly limitBytes: number
  private readonly pauseBytes: number
  /** Positions count chunks since the start of the answer: `kept[0]` is the chunk at `first`. */
  private first = 0
  private kept: Kept[] = []
  private readonly positions = new Map<ConsumerId, number>()
  private totalBytes = 0
  /** Position of the fastest consumer. Right while anybody reads. */
  private front = 0
  /** How many consumers have read everything. */
  private waitingAtEnd = 0
  private whole = true
  private ended = false

  constructor({ limitBytes = DEFAULT_LIMIT_BYTES, pauseBytes = DEFAULT_PAUSE_BYTES }: ReplayLimits) {
    this.limitBytes = limitBytes
    this.pauseBytes = Math.min(pauseBytes, limitBytes / 2)
  }

  append(chunk: Uint8Array): readonly ConsumerId[] {
    if (chunk.length === 0) return []
    this.kept.push({ chunk, offset: this.totalBytes, waiting: this.waitingAtEnd })
    this.waitingAtEnd = 0
    this.totalBytes += chunk.length + CHUNK_COST_BYTES
    return this.makeRoom(this.limitBytes)
  }

  end(): void {
    this.ended = true
  }

  join(consumer: ConsumerId): boolean {
    if (!this.whole || this.positions.has(consumer)) return false
    this.positions.set(consumer, 0)
    this.stand(0, 1)
    return true
  }

  read(consumer: ConsumerId, maxBytes: number = Number.POSITIVE_INFINITY): ReplayRead {
    const position = this.positions.get(consumer)
    if (position === undefined) return { kind: 'cut' }
    const chunks: Uint8Array[] = []
    let bytes = 0
    for (let index = position - this.first; index < this.kept.length; index += 1) {
      const { chunk } = this.kept[index] as Kept
      if (chunks.length > 0 && bytes + chunk.length > maxBytes) break
      chunks.push(chunk)
      bytes += chunk.length
    }
    if (chunks.length === 0) return { kind: this.ended ? 'end' : 'wait' }
    const next = position + chunks.length
    const isLast = this.ended && next === this.first + this.kept.length
    this.move(consumer, position, next)
    return { kind: 'chunks', chunks, isLast }
  }

  leave(consumer: ConsumerId): void {
    const position = this.positions.get(consumer)
    if (position === undefined) return
    this.positions.delete(consumer)
    this.stand(position, -1)
    if (position === this.front) this.front = this.fastest()
    this.trim()
  }

  seal(): void {
    this.whole = false
    this.trim()
  }

  squeeze(targetBytes: number): readonly ConsumerId[] {
    return this.makeRoom(targetBytes)
  }

  frontBytes(): number {
    const next = this.kept[this.front - this.first]
    return this.positions.size === 0 || next === undefined ? 0 : this.totalBytes - next.offset
  }

  wantsMore(): boolean {
    return this.frontBytes() < this.pauseBytes
  }

  isWhole(): boolean {
    return this.whole
  }

  heldBytes(): number {
    return this.totalBytes - (this.kept[0]?.offset ?? this.totalBytes)
  }

  /** Drops what everybody has read, then whoever is furthest behind, until what is held fits. */
  private makeRoom(targetBytes: number): readonly ConsumerId[] {
    const cut: ConsumerId[] = []
    while (this.heldBytes() > targetBytes) {
      this.whole = false
      this.trim()
      if (this.heldBytes() <= targetBytes) break
      // The log moves on when the last of them leaves; the next ones are asked again first.
      const behind = [...this.positions].filter(([, position]) => position === this.first)
      for (const [consumer] of behind) this.leave(consumer)
      cut.push(...behind.map(([consumer]) => consumer))
    }
    return cut
  }

  private fastest(): number {
    let front = this.first
    for (const position of this.positions.values()) front = Math.max(front, position)
    return front
  }

  private trim(): void {
    if (this.whole) return
    const passed = this.kept.findIndex(({ waiting }) => waiting > 0)
    const gone = passed === -1 ? this.kept.length : passed
    if (gone === 0) return
    this.kept.splice(0, gone)
    this.first += gone
  }

  private move(consumer: ConsumerId, from: number, to: number): void {
    this.positions.set(consumer, to)
    this.stand(from, -1)
    this.stand(to, 1)
    this.front = Math.max(this.front, to)
    this.trim()
  }

  private stand(position: number, change: 1 | -1): void {
    const kept = this.kept[position - this.first]
    if (kept === undefined) this.waitingAtEnd += change
    else kept.waiting += change
  }
}
