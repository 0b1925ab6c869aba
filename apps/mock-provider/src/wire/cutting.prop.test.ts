import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutFrames, slowFrames, splitFrames } from './cutting.ts'
import { type Frame, sizeOf } from './frame.ts'

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes): Frame => ({ kind: 'bytes', bytes })),
  fc
    .record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }), times: fc.nat(5) })
    .map((fill): Frame => ({ kind: 'fill', ...fill })),
  fc.nat(9).map((ms): Frame => ({ kind: 'pause', ms })),
)
const frames = fc.array(frame, { maxLength: 12 })

function bytesOf(all: readonly Frame[]): Buffer {
  return Buffer.concat(
    all.flatMap((each) => {
      if (each.kind === 'pause') return []
      return Array.from({ length: each.kind === 'fill' ? each.times : 1 }, () => each.bytes)
    }),
  )
}

test('whatever the split, the bytes are the same and in order, and no piece is longer than it may be', () => {
  const split = fc.record(
    {
      every: fc.integer({ min: 1, max: 9 }),
      at: fc.array(fc.nat(100)),
      randomly: fc.boolean(),
      insideCharacters: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(frames, split, fc.nat(), (all, how, seed) => {
      const pieces = splitFrames(all, how, seed)
      expect(bytesOf(pieces)).toEqual(bytesOf(all))
      expect(splitFrames(all, how, seed)).toEqual(pieces)
      for (const piece of pieces) {
        if (piece.kind === 'bytes' && how.every !== undefined) expect(piece.bytes.length).toBeLessThanOrEqual(how.every)
      }
    }),
  )
})

test('a cut keeps exactly the bytes before it', () => {
  fc.assert(
    fc.property(frames, fc.nat(200), (all, byte) => {
      expect(bytesOf(cutFrames(all, byte))).toEqual(bytesOf(all).subarray(0, byte))
    }),
  )
})

test('slowing down changes no byte, and takes size divided by rate', () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 5000 }), (all, rate) => {
      const bytes = all.filter((each) => each.kind !== 'pause')
      const slowed = slowFrames(bytes, rate)
      const waitedMs = slowed.reduce((sum, each) => sum + (each.kind === 'pause' ? each.ms : 0), 0)
      expect(bytesOf(slowed)).toEqual(bytesOf(bytes))
      expect(waitedMs).toBeCloseTo((sizeOf(bytes) * 1000) / rate, 3)
    }),
  )
})
