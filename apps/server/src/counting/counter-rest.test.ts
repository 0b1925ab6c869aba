import { describe, expect, test } from 'vitest'
import { createCounterRest } from './counter-rest.ts'

const policy = { failureThreshold: 2, apiFailureCooldownMs: 300_000 }

function restAt() {
  const clock = { nowMs: 0 }
  return { clock, rest: createCounterRest(() => clock.nowMs) }
}

describe('a counter that fails', () => {
  test('is left alone after so many failures in a row, for so long', () => {
    const { clock, rest } = restAt()
    rest.failed('a', policy)
    expect(rest.mayAsk('a', 'm')).toBe(true)
    rest.failed('a', policy)
    expect([rest.mayAsk('a', 'm'), rest.mayAsk('a', 'other'), rest.mayAsk('b', 'm')]).toEqual([false, false, true])
    clock.nowMs = 299_999
    expect(rest.mayAsk('a', 'm')).toBe(false)
    clock.nowMs = 300_000
    expect(rest.mayAsk('a', 'm')).toBe(true)
  })

  test('rests again after one more failure, until it works', () => {
    const { clock, rest } = restAt()
    rest.failed('a', policy)
    rest.failed('a', policy)
    clock.nowMs = 300_000
    rest.failed('a', policy)
    expect(rest.mayAsk('a', 'm')).toBe(false)
    rest.worked('a')
    expect(rest.mayAsk('a', 'm')).toBe(true)
    rest.failed('a', policy)
    expect(rest.mayAsk('a', 'm')).toBe(true)
  })

  test('a success in between begins the count anew', () => {
    const { rest } = restAt()
    rest.failed('a', policy)
    rest.worked('a')
    rest.failed('a', policy)
    expect(rest.mayAsk('a', 'm')).toBe(true)
  })
})

test('a counter that does not know one model is asked about the others', () => {
  const { rest } = restAt()
  rest.missing('a', 'm', policy)
  expect([rest.mayAsk('a', 'm'), rest.mayAsk('a', 'n')]).toEqual([false, true])
})

test('models that clients make up do not fill the memory', () => {
  const { rest } = restAt()
  for (let index = 0; index <= 1_000; index += 1) rest.missing('a', `m${index}`, policy)
  expect(rest.mayAsk('a', 'm0')).toBe(true)
  expect(rest.mayAsk('a', 'm1000')).toBe(false)
})
