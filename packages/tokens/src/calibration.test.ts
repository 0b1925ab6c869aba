import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  type Calibration,
  ENOUGH_SAMPLES,
  emptyCalibration,
  learn,
  learnedRatio,
  restoreCalibration,
  type TokenTarget,
} from './calibration.ts'

const target: TokenTarget = { provider: 'p', model: 'm', grade: 'fast' }

function taught(
  ratios: readonly number[],
  to: TokenTarget = target,
  from: Calibration = emptyCalibration,
): Calibration {
  return ratios.reduce<Calibration>((calibration, ratio) => {
    const learned = learn(calibration, to, 10_000, 10_000 * ratio)
    if (!learned.ok) throw new Error(learned.error)
    return learned.value
  }, from)
}

const times = (count: number, ratio: number): number[] => Array.from({ length: count }, () => ratio)

describe('a learned ratio', () => {
  test('is there after enough samples, not before', () => {
    expect(learnedRatio(taught(times(ENOUGH_SAMPLES - 1, 1.3)), target)).toBeUndefined()
    expect(learnedRatio(taught(times(ENOUGH_SAMPLES, 1.3)), target)).toBeCloseTo(1.3, 3)
    expect(learnedRatio(emptyCalibration, target)).toBeUndefined()
  })

  test('lies a little above the middle', () => {
    const spread = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9]
    expect(learnedRatio(taught(spread), target)).toBeCloseTo(1.6, 3)
    expect(learnedRatio(taught([...spread].reverse()), target)).toBeCloseTo(1.6, 3)
  })

  test('is not moved by a few absurd samples', () => {
    expect(learnedRatio(taught([...times(12, 1.2), 3.9, 3.9, 3.9, 0.4, 0.41]), target)).toBeCloseTo(1.2, 3)
  })

  test('follows the last 32 samples', () => {
    expect(learnedRatio(taught([...times(100, 1.2), ...times(32, 1.5)]), target)).toBeCloseTo(1.5, 3)
    expect(taught(times(100, 1.2)).samples).toEqual({ '["fast","p","m"]': times(32, 0.1823) })
  })

  test('never leaves the range of tokenizers', () => {
    expect(learnedRatio(taught(times(10, 3.5)), target)).toBe(2.5)
    expect(learnedRatio(taught(times(10, 0.5)), target)).toBe(0.7)
  })

  test('belongs to one model of one provider', () => {
    const calibration = taught(times(10, 1.3))
    expect(learnedRatio(calibration, { ...target, provider: 'q' })).toBeUndefined()
    expect(learnedRatio(calibration, { ...target, model: 'n' })).toBeUndefined()
    expect(learnedRatio(calibration, { ...target, provider: 'p","m', model: '' })).toBeUndefined()
  })

  test('of the other grade is taken while there is none of its own', () => {
    const exact: TokenTarget = { ...target, grade: 'exact' }
    const calibration = taught(times(10, 1.3))
    expect(learnedRatio(calibration, exact)).toBeCloseTo(1.3, 3)
    expect(learnedRatio(taught(times(10, 1.1), exact, calibration), exact)).toBeCloseTo(1.1, 3)
    expect(learnedRatio(taught(times(10, 1.1), exact), target)).toBeCloseTo(1.1, 3)
  })
})

describe('nothing is learned', () => {
  test.each([
    [999, 5000, 'too-small'],
    [5000, 999, 'too-small'],
    [0, 0, 'too-small'],
    [Number.NaN, 5000, 'too-small'],
    [5000, Number.NaN, 'too-small'],
    [1000, 4001, 'implausible'],
    [10_000, 3999, 'implausible'],
  ])('from %d estimated and %d counted: %s', (estimated, counted, error) => {
    expect(learn(emptyCalibration, target, estimated, counted)).toEqual({ ok: false, error })
  })

  test('but just from these', () => {
    expect(learn(emptyCalibration, target, 1000, 1000).ok).toBe(true)
    expect(learn(emptyCalibration, target, 1000, 4000).ok).toBe(true)
    expect(learn(emptyCalibration, target, 10_000, 4000).ok).toBe(true)
  })
})

test('only the targets learned last are kept', () => {
  let calibration = taught(times(10, 1.3))
  for (let index = 0; index < 499; index += 1)
    calibration = taught([1.1], { ...target, model: `n${index}` }, calibration)
  expect(Object.keys(calibration.samples)).toHaveLength(500)
  calibration = taught([1.3], target, calibration)
  expect(Object.keys(calibration.samples)).toHaveLength(500)
  calibration = taught([1.1], { ...target, model: 'one more' }, calibration)
  expect(Object.keys(calibration.samples)).toHaveLength(500)
  expect(learnedRatio(calibration, target)).toBeCloseTo(1.3, 3)
  expect(calibration.samples).not.toHaveProperty(['["fast","p","n0"]'])
})

describe('a snapshot', () => {
  test('is the value itself, and comes back from JSON', () => {
    const calibration = taught([...times(10, 1.3), ...times(10, 0.8)])
    expect(restoreCalibration(JSON.parse(JSON.stringify(calibration)) as Json)).toEqual({
      ok: true,
      value: calibration,
    })
  })

  test.each([null, 5, 'x', [], {}, { samples: null }, { samples: [] }])('is not %o', (snapshot) => {
    expect(restoreCalibration(snapshot)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('samples') },
    })
  })

  test('gives up what makes no sense in it, and what is too much', () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${index}`, [0.1]]))
    const restored = restoreCalibration({
      samples: { ...many, a: ['x', 0.1, null, 99, -99], b: [], c: 'x', d: times(50, 0.2) },
    })
    expect(restored.ok && Object.keys(restored.value.samples)).toHaveLength(500)
    expect(restored).toMatchObject({ ok: true, value: { samples: { a: [0.1], d: times(32, 0.2) } } })
    expect(restored.ok && Object.keys(restored.value.samples)).not.toContain('b')
  })
})

test('names that objects are born with are names like others', () => {
  const odd = restoreCalibration({ samples: { constructor: [0.1] } })
  expect(
    odd.ok && learnedRatio(odd.value, { provider: 'constructor', model: 'toString', grade: 'fast' }),
  ).toBeUndefined()
})
