import { expect, test } from 'vitest'
import { messagePolicy, streamPolicy } from './loop-policy.ts'
import { probeTimeoutMs, timeoutsFor } from './timeouts.ts'

const own = { connectTimeoutMs: 1, firstByteTimeoutMs: 2, readTimeoutMs: 3, idleTimeoutMs: 4 }

test('a provider without timeouts of its own is waited for as the policy says', () => {
  expect(timeoutsFor(undefined, streamPolicy)).toBe(streamPolicy)
  const { connectTimeoutMs, firstByteTimeoutMs, idleTimeoutMs, eventTimeoutMs } = streamPolicy
  expect(timeoutsFor({}, streamPolicy)).toEqual({ connectTimeoutMs, firstByteTimeoutMs, idleTimeoutMs, eventTimeoutMs })
})

test('each timeout of its own goes before; a whole answer comes after one long gap', () => {
  expect(timeoutsFor(own, streamPolicy)).toEqual({
    connectTimeoutMs: 1,
    firstByteTimeoutMs: 2,
    idleTimeoutMs: 3,
    eventTimeoutMs: 4,
  })
  expect(timeoutsFor(own, messagePolicy)).toEqual({
    connectTimeoutMs: 1,
    firstByteTimeoutMs: 3,
    idleTimeoutMs: 3,
    eventTimeoutMs: 4,
  })
})

test('a probe has three times its usual time, to a first token or to a whole answer, if everybody has not more', () => {
  const patience = (ttftMs: number | null, wholeMs: number | null): number[] =>
    [streamPolicy, messagePolicy].map((policy) => probeTimeoutMs({ ttftMs, wholeMs }, policy))
  expect(patience(null, null)).toEqual([8_000, 60_000])
  expect(patience(5_000, 90_000)).toEqual([15_000, 270_000])
  expect(patience(90_000, 5_000)).toEqual([30_000, 60_000])
  expect(patience(1, 200_000)).toEqual([8_000, 290_000])
  expect(probeTimeoutMs({}, messagePolicy)).toBe(60_000)
})
