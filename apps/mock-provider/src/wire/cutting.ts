import { randomNumbers } from '../answer/seeded.ts'
import type { Split } from '../script/course.ts'
import { type Frame, frameSize } from './frame.ts'

/** Frames up to an offset. A pause right before the cut stays. */
export function cutFrames(frames: readonly Frame[], byte: number): readonly Frame[] {
  const kept: Frame[] = []
  let left = byte
  for (const frame of frames) {
    const size = frameSize(frame)
    if (size > left) {
      if (left > 0) kept.push(...headOf(frame, left))
      return kept
    }
    kept.push(frame)
    left -= size
    if (left === 0 && size > 0) return kept
  }
  return kept
}

/** Cuts the bytes of frames into pieces. Offsets count over all frames; the borders of frames stay. */
export function splitFrames(frames: readonly Frame[], split: Split, seed: number): readonly Frame[] {
  const next = randomNumbers('split', seed)
  let offset = 0
  return frames.flatMap((frame): readonly Frame[] => {
    if (frame.kind !== 'bytes') return [frame]
    const pieces = piecesOf(frame.bytes, offset, split, next)
    offset += frame.bytes.length
    return pieces.map((bytes) => ({ kind: 'bytes', bytes }))
  })
}

/** How often a second a slow sender sends: often enough to look like a trickle. */
const SLICES_PER_SECOND = 20

/** Slows frames down to so many bytes a second: small slices with a pause after each. */
export function slowFrames(frames: readonly Frame[], bytesPerSecond: number): readonly Frame[] {
  const slice = Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND))
  return frames.flatMap((frame): readonly Frame[] => {
    if (frame.kind === 'pause') return [frame]
    const whole = frame.kind === 'bytes' ? [frame.bytes] : Array.from({ length: frame.times }, () => frame.bytes)
    return whole.flatMap((bytes) =>
      slices(bytes, slice).flatMap((piece): readonly Frame[] => [
        { kind: 'bytes', bytes: piece },
        { kind: 'pause', ms: (piece.length * 1000) / bytesPerSecond },
      ]),
    )
  })
}

function piecesOf(bytes: Uint8Array, offset: number, split: Split, next: () => number): readonly Uint8Array[] {
  const cuts = new Set<number>()
  if (split.every !== undefined) for (let at = split.every; at < bytes.length; at += split.every) cuts.add(at)
  for (const at of split.at ?? []) cuts.add(at - offset)
  if (split.randomly === true) {
    for (let at = 1 + Math.floor(next() * 64); at < bytes.length; at += 1 + Math.floor(next() * 64)) cuts.add(at)
  }
  if (split.insideCharacters === true) {
    // A byte of 0b11…… leads a character of several bytes; the cut comes right after it.
    for (const [at, byte] of bytes.entries()) if (byte >= 0xc0) cuts.add(at + 1)
  }
  const borders = [0, ...[...cuts].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b), bytes.length]
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end))
}

function headOf(frame: Frame, bytes: number): readonly Frame[] {
  if (frame.kind === 'pause') return []
  if (frame.kind === 'bytes') return [{ kind: 'bytes', bytes: frame.bytes.subarray(0, bytes) }]
  const times = Math.floor(bytes / frame.bytes.length)
  const rest = frame.bytes.subarray(0, bytes % frame.bytes.length)
  return [
    { kind: 'fill', bytes: frame.bytes, times },
    { kind: 'bytes', bytes: rest },
  ]
}

function slices(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}
