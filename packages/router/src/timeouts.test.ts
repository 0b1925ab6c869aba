import { expect, test } from 'vitest'
import { messagePolicy, streamPolicy } from './loop-policy.ts'
import { timeoutsFor } from './timeouts.ts'

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
