import { randomNumbers } from '../answer/seeded.ts'

/** What goes wrong in one direction of a connection. Nothing set: bytes pass as they come. */
export interface LinkFaults {
  /** Every byte arrives so much later. */
  readonly delayMs?: number
  /** Up to this much more or less than `delayMs`, by the seed; bytes never overtake each other. */
  readonly jitterMs?: number
  readonly bytesPerSecond?: number
  /** The direction ends after so many bytes. */
  readonly cut?: { readonly afterBytes: number; readonly how: LinkCut }
  /** Bytes whose bits are flipped: at these offsets, or every n-th. */
  readonly corrupt?: { readonly at?: readonly number[]; readonly every?: number }
  /** Bytes are swallowed, nothing is closed: the cable is cut. */
  readonly blackhole?: boolean
}

/**
 * `reset`: RST to both sides. `close`: FIN to both sides. `half-close`: FIN in this direction only. `blackhole`: nothing passes
 * in either direction any more, nothing is closed.
 */
export type LinkCut = 'reset' | 'close' | 'half-close' | 'blackhole'

/** What the driver does, and when. Due times never fall. */
export type LinkAction =
  | { readonly kind: 'send'; readonly dueMs: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly dueMs: number; readonly how: LinkCut }

/** One direction of a connection: bytes in, bytes with due times out. No clock, no socket. */
export interface Link {
  /** @param nowMs monotonic; the faults may differ from call to call. */
  push(bytes: Uint8Array, nowMs: number, faults: LinkFaults): readonly LinkAction[]
}

/** How often a second a slow link delivers. */
const SLICES_PER_SECOND = 20

/** Makes a link at offset 0. */
export function createLink(seed: number): Link {
  const next = randomNumbers('link', seed)
  let offset = 0
  /** When the last byte so far arrives: nothing arrives before it. */
  let lastDueMs = 0
  let cut = false
  return {
    push(bytes, nowMs, faults) {
      if (cut || faults.blackhole === true) return []
      const left = faults.cut === undefined ? bytes.length : Math.max(0, faults.cut.afterBytes - offset)
      const passing = damaged(bytes.subarray(0, left), offset, faults.corrupt)
      offset += passing.length
      const jitterMs = (faults.jitterMs ?? 0) * (2 * next() - 1)
      const earliestMs = nowMs + Math.max(0, (faults.delayMs ?? 0) + jitterMs)
      const actions = slicesOf(passing, faults.bytesPerSecond).map((slice): LinkAction => {
        const sendingMs = faults.bytesPerSecond === undefined ? 0 : (slice.length * 1000) / faults.bytesPerSecond
        lastDueMs = Math.max(earliestMs, lastDueMs) + sendingMs
        return { kind: 'send', dueMs: lastDueMs, bytes: slice }
      })
      if (faults.cut === undefined || offset < faults.cut.afterBytes) return actions
      cut = true
      return [...actions, { kind: 'cut', dueMs: Math.max(lastDueMs, nowMs), how: faults.cut.how }]
    },
  }
}

function damaged(bytes: Uint8Array, offset: number, corrupt: LinkFaults['corrupt']): Uint8Array {
  if (corrupt === undefined || bytes.length === 0) return bytes
  const { at = [], every } = corrupt
  const copy = Uint8Array.from(bytes)
  for (const index of copy.keys()) {
    const position = offset + index
    const hit = at.includes(position) || (every !== undefined && position % every === every - 1)
    if (hit) copy[index] = (copy[index] ?? 0) ^ 0xff
  }
  return copy
}

function slicesOf(bytes: Uint8Array, bytesPerSecond: number | undefined): readonly Uint8Array[] {
  if (bytes.length === 0) return []
  const size = bytesPerSecond === undefined ? bytes.length : Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND))
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}
