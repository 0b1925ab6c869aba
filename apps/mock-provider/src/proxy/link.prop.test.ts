import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLink, type LinkAction, type LinkFaults } from './link.ts'

const arrivals = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 50 }), afterMs: fc.nat(100) }), {
  maxLength: 10,
})
const timing = fc.record(
  { delayMs: fc.nat(300), jitterMs: fc.nat(200), bytesPerSecond: fc.integer({ min: 1, max: 5000 }) },
  { requiredKeys: [] },
)

function carried(chunks: readonly { bytes: Uint8Array; afterMs: number }[], faults: LinkFaults, seed = 1) {
  const link = createLink(seed)
  let nowMs = 0
  const actions: LinkAction[] = []
  for (const { bytes, afterMs } of chunks) {
    nowMs += afterMs
    actions.push(...link.push(bytes, nowMs, faults))
  }
  return actions
}

function bytesOf(actions: readonly LinkAction[]): Buffer {
  return Buffer.concat(actions.flatMap((action) => (action.kind === 'send' ? [action.bytes] : [])))
}

test('whatever the timing, the bytes are the same, and none overtakes another', () => {
  fc.assert(
    fc.property(arrivals, timing, fc.nat(), (chunks, faults, seed) => {
      const actions = carried(chunks, faults, seed)
      expect(bytesOf(actions)).toEqual(Buffer.concat(chunks.map(({ bytes }) => bytes)))
      const dues = actions.map(({ dueMs }) => dueMs)
      expect(dues).toEqual([...dues].sort((a, b) => a - b))
      expect(carried(chunks, faults, seed)).toEqual(actions)
    }),
  )
})

test('a rate is kept: the last byte comes no earlier than size divided by rate', () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 5000 }), (chunks, bytesPerSecond) => {
      const actions = carried(chunks, { bytesPerSecond })
      const lastMs = actions.at(-1)?.dueMs ?? 0
      expect(lastMs).toBeGreaterThanOrEqual((bytesOf(actions).length * 1000) / bytesPerSecond - 0.001)
    }),
  )
})

test('a cut lets exactly so many bytes through, happens once, and comes after them', () => {
  fc.assert(
    fc.property(arrivals, fc.nat(200), (chunks, afterBytes) => {
      const actions = carried(chunks, { cut: { afterBytes, how: 'reset' } })
      const all = Buffer.concat(chunks.map(({ bytes }) => bytes))
      expect(bytesOf(actions)).toEqual(all.subarray(0, afterBytes))
      const reached = chunks.length > 0 && all.length >= afterBytes
      expect(actions.filter(({ kind }) => kind === 'cut').length).toBe(reached ? 1 : 0)
      if (reached) expect(actions.at(-1)?.kind).toBe('cut')
    }),
  )
})

test('corruption changes the bytes it names and no others', () => {
  fc.assert(
    fc.property(arrivals, fc.array(fc.nat(100)), fc.integer({ min: 1, max: 9 }), (chunks, at, every) => {
      const all = Buffer.concat(chunks.map(({ bytes }) => bytes))
      const got = bytesOf(carried(chunks, { corrupt: { at, every } }))
      expect([...got]).toEqual(
        [...all].map((byte, index) => (at.includes(index) || (index + 1) % every === 0 ? byte ^ 0xff : byte)),
      )
    }),
  )
})

test('a blackhole lets nothing through', () => {
  expect(carried([{ bytes: new Uint8Array(9), afterMs: 1 }], { blackhole: true })).toEqual([])
})
