import { getHeapStatistics } from 'node:v8'

/**
 * Whether this process is short of time or memory. Then new requests are refused, and with them new probes and new joins;
 * what runs goes on. Decision 0077.
 *
 *   calm ── p99 of the lag over a minute above 100 ms, or heap above 85 % ──▶ overloaded
 *   overloaded ── one second without lag, and heap below 80 % ──▶ calm, with a clean slate
 *
 * The lag is what an arriving byte would have waited. Bytes arrive at any time, so the share of *time* counts and not that of
 * ticks: a loop that stands still for a second has one late tick, and made a second's worth of bytes wait. A minute, because a
 * burst of a thousand new connections is no overload: what comes faster than lb can do makes more lag every second.
 *
 * Only lag that lb's own work made is held against it. A process that was stopped, or that the machine did not let run, was late
 * too; refusing requests would help nobody then.
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
   * @param workMs processor time that this process used since the last tick.
   * @param heapRatio how full the heap is, of what it may grow to.
   */
  tick(nowMs: number, workMs: number, heapRatio: number): void {
    const lagMs = Math.max(0, nowMs - this.#lastTickMs - TICK_MS)
    this.#lastTickMs = nowMs
    this.#turnSlots(nowMs)
    this.#worstMs[0] = Math.max(this.#worstMs[0] ?? 0, lagMs)
    const ownLagMs = Math.min(lagMs, workMs)
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
    return this.#lateMs.reduce((sum, ms) => sum + ms, 0) / (LATE_SLOTS * SLOT_MS)
  }

  #turnSlots(nowMs: number): void {
    if (nowMs < this.#slotEndsMs) return
    this.#slotEndsMs = nowMs + SLOT_MS
    this.#lateMs = [0, ...this.#lateMs.slice(0, LATE_SLOTS - 1)]
    this.#worstMs = [0, ...this.#worstMs.slice(0, WORST_SLOTS - 1)]
  }
}

/** A lag that a person notices in a stream. */
const LAG_MS = 100
/** Of the bytes that arrive: the p99. */
const LATE_SHARE = 0.01
const LATE_SLOTS = 60
const WORST_SLOTS = 10
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
  let workMs = processorMs()
  const timer = setInterval(() => {
    if (ticks % TICKS_PER_HEAP_LOOK === 0) heap = heapRatio()
    ticks += 1
    const worked = processorMs()
    lag.tick(nowMs(), worked - workMs, heap)
    workMs = worked
  }, TICK_MS)
  timer.unref()
  return { lag, close: () => clearInterval(timer) }
}

/** Of all threads. The loop's own is not told apart in all versions of Node, and does nearly all of the work. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function heapRatio(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}
