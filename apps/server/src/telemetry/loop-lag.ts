import { getHeapStatistics } from 'node:v8'

/**
 * Whether this process is short of time or memory. Then new requests are refused, and with them new probes and new joins;
 * what runs goes on. Decision 0077.
 *
 *   calm ── p99 of the lag over 10 s above 100 ms, or heap above 85 % ──▶ overloaded
 *   overloaded ── one second without lag, and heap below 80 % ──▶ calm, with a clean slate
 *
 * The lag is what an arriving byte would have waited. Bytes arrive at any time, so the share of *time* counts and not that of
 * ticks: a loop that stands still for a second has one late tick, and made a second's worth of bytes wait.
 *
 * Only lag that lb's own work made is held against it. A process that was stopped, or that the machine did not let run while it
 * had nothing to do, was late too; refusing requests would help nobody then.
 */
export class LoopLag {
  /** Per second, the newest first: for how much of it an arriving byte would have waited longer than {@link LAG_MS}. */
  #lateMs: number[] = [0]
  #worstMs: number[] = [0]
  #slotEndsMs: number
  #lastTickMs: number
  #lastLateMs = Number.NEGATIVE_INFINITY
  #overloaded = false

  constructor(nowMs: number) {
    this.#lastTickMs = nowMs
    this.#slotEndsMs = nowMs + SLOT_MS
  }

  get isOverloaded(): boolean {
    return this.#overloaded
  }

  /** The longest that a byte may have waited in the last ten seconds. */
  get worstMs(): number {
    return Math.max(...this.#worstMs)
  }

  /**
   * Called every {@link TICK_MS}, as well as the loop can.
   *
   * @param busyMs for how much of the time since the last tick the loop was at work.
   * @param heapRatio how full the heap is, of what it may grow to.
   */
  tick(nowMs: number, busyMs: number, heapRatio: number): void {
    const lagMs = Math.max(0, nowMs - this.#lastTickMs - TICK_MS)
    this.#lastTickMs = nowMs
    this.#turnSlots(nowMs)
    this.#worstMs[0] = Math.max(this.#worstMs[0] ?? 0, lagMs)
    const ownLagMs = Math.min(lagMs, busyMs)
    if (ownLagMs > LAG_MS) {
      this.#lateMs[0] = (this.#lateMs[0] ?? 0) + ownLagMs - LAG_MS
      this.#lastLateMs = nowMs
    }
    if (this.#overloaded) this.#calm(nowMs, heapRatio)
    else this.#overloaded = this.#lateShare() > LATE_SHARE || heapRatio > HEAP_FULL
  }

  #calm(nowMs: number, heapRatio: number): void {
    if (nowMs - this.#lastLateMs < CALM_MS || heapRatio > HEAP_CALM) return
    this.#overloaded = false
    this.#lateMs = [0]
  }

  #lateShare(): number {
    return this.#lateMs.reduce((sum, ms) => sum + ms, 0) / (SLOTS * SLOT_MS)
  }

  #turnSlots(nowMs: number): void {
    if (nowMs < this.#slotEndsMs) return
    this.#slotEndsMs = nowMs + SLOT_MS
    this.#lateMs = [0, ...this.#lateMs.slice(0, SLOTS - 1)]
    this.#worstMs = [0, ...this.#worstMs.slice(0, SLOTS - 1)]
  }
}

/** A lag that a person notices in a stream. */
const LAG_MS = 100
/** Of the bytes that arrive: the p99. */
const LATE_SHARE = 0.01
const SLOTS = 10
const SLOT_MS = 1000
const CALM_MS = 1000
const HEAP_FULL = 0.85
const HEAP_CALM = 0.8
/** Fine enough to see a lag of 100 ms, and 50 wake-ups a second cost 0.05 % of a processor. */
export const TICK_MS = 20
/** Asking the engine about its heap costs some microseconds. */
const TICKS_PER_HEAP_LOOK = 25

/** Watches this process. The timer does not keep it alive. */
export function watchLoop(nowMs: () => number): { readonly lag: LoopLag; close(): void } {
  const lag = new LoopLag(nowMs())
  let ticks = 0
  let heap = 0
  let busyMs = performance.eventLoopUtilization().active
  const timer = setInterval(() => {
    if (ticks % TICKS_PER_HEAP_LOOK === 0) heap = heapRatio()
    ticks += 1
    const { active } = performance.eventLoopUtilization()
    lag.tick(nowMs(), active - busyMs, heap)
    busyMs = active
  }, TICK_MS)
  timer.unref()
  return { lag, close: () => clearInterval(timer) }
}

function heapRatio(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}
