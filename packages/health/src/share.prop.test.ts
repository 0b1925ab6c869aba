import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BarReason } from './bar.ts'
import { mergeFacts, type SharedFact, type SharedFacts, withFacts } from './share.ts'
import { emptyHealth } from './tree.ts'

const time = fc.integer({ min: 0, max: 50 })
const reason = fc.constantFrom<BarReason>('ejected', 'overloaded', 'paused', 'credits', 'down', 'unsupported')
const fact = (name: string): fc.Arbitrary<SharedFact> =>
  fc.record({
    path: fc.constant({ provider: name, credential: null, model: null }),
    clearedMs: time,
    sinceMs: time,
    untilMs: time,
    reason,
    notBeforeMs: time,
  })
const facts: fc.Arbitrary<SharedFacts> = fc
  .record({ a: fact('a'), b: fact('b'), c: fact('c') }, { requiredKeys: [] })
  .map((some) => ({ ...some }))

test('merging is commutative, associative and idempotent (I17)', () => {
  fc.assert(
    fc.property(facts, facts, facts, (a, b, c) => {
      expect(mergeFacts(a, b)).toEqual(mergeFacts(b, a))
      expect(mergeFacts(mergeFacts(a, b), c)).toEqual(mergeFacts(a, mergeFacts(b, c)))
      expect(mergeFacts(a, a)).toEqual(a)
      expect(mergeFacts(mergeFacts(a, b), b)).toEqual(mergeFacts(a, b))
    }),
  )
})

test('being told the same twice changes nothing the second time', () => {
  fc.assert(
    fc.property(facts, time, (some, nowMs) => {
      const clocks = { nowMs, epochMs: nowMs }
      const once = withFacts(emptyHealth, some, clocks)
      expect(withFacts(once, some, clocks)).toEqual(once)
    }),
  )
})
