import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplayLog } from './replay-log.ts'

type Act =
  | { kind: 'append'; bytes: number }
  | { kind: 'join' | 'leave'; who: number }
  | { kind: 'read'; who: number; maxBytes: number }
  | { kind: 'squeeze'; targetBytes: number }
  | { kind: 'seal' }

const who = fc.nat({ max: 4 })
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('append' as const), bytes: fc.integer({ min: 1, max: 400 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), who, maxBytes: fc.nat({ max: 900 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('squeeze' as const), targetBytes: fc.nat({ max: 3000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'seal' as const }) },
)

const runs = Number(process.env['LB_REPLAY_RUNS'] ?? 250)

test('whoever is not cut off reads an unbroken answer from its first byte; the limit holds; the last are cut first', {
  timeout: 60_000,
}, () => {
  let cuts = 0
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120, size: 'max' }), fc.boolean(), (acts, obeysPause) => {
      const limitBytes = 3000
      const log = createReplayLog({ limitBytes, pauseBytes: 1000 })
      /** The model: the whole answer, and how much of it everybody has read. */
      const answer: number[] = []
      const reading = new Map<string, number>()
      let serial = 0

      const settle = (cut: readonly string[]): void => {
        cuts += cut.length
        const positions = [...reading.values()].sort((a, b) => a - b)
        expect(cut.map((name) => reading.get(name)).sort((a, b) => Number(a) - Number(b))).toEqual(
          positions.slice(0, cut.length),
        )
        for (const name of cut) {
          expect(log.read(name)).toEqual({ kind: 'cut' })
          reading.delete(name)
        }
        expect(log.heldBytes()).toBeLessThanOrEqual(limitBytes)
      }

      for (const one of acts) {
        const name = 'who' in one ? `c${one.who}` : ''
        if (one.kind === 'append') {
          if (obeysPause && !log.wantsMore()) continue
          const chunk = Uint8Array.from({ length: one.bytes }, () => serial++ % 251)
          const most = Math.max(-1, ...reading.values())
          const cut = log.append(chunk)
          answer.push(...chunk)
          // Who keeps up with an upstream that waits when told to is never cut off, whatever the others do.
          if (obeysPause) {
            for (const loser of cut) expect(reading.get(loser)).toBeLessThan(most)
          }
          settle(cut)
        } else if (one.kind === 'join') {
          const mayJoin = log.isWhole() && !reading.has(name)
          expect(log.join(name)).toBe(mayJoin)
          if (mayJoin) reading.set(name, 0)
        } else if (one.kind === 'leave') {
          log.leave(name)
          reading.delete(name)
        } else if (one.kind === 'read') {
          const from = reading.get(name)
          const read = log.read(name, one.maxBytes)
          expect(read.kind).toBe(from === undefined ? 'cut' : from < answer.length ? 'chunks' : 'wait')
          const taken = read.kind === 'chunks' ? read.chunks.flatMap((chunk) => [...chunk]) : []
          expect(taken).toEqual(answer.slice(from, (from ?? 0) + taken.length))
          if (from !== undefined) reading.set(name, from + taken.length)
        } else if (one.kind === 'squeeze') {
          const front = log.frontBytes()
          settle(log.squeeze(one.targetBytes))
          expect(log.heldBytes()).toBeLessThanOrEqual(one.targetBytes)
          if (one.targetBytes >= front) expect(log.frontBytes()).toBe(front)
        } else log.seal()
      }
      for (const name of reading.keys()) log.leave(name)
      log.seal()
      expect(log.heldBytes()).toBe(0)
    }),
    { numRuns: runs },
  )
  expect(cuts).toBeGreaterThan(runs / 6)
})
