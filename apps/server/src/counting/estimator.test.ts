import { type Calibration, emptyCalibration, learn } from '@lb/tokens'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { inlineThreads } from '../threads/testing/inline-thread.ts'
import { createThreadClient } from '../threads/thread-client.ts'
import { createEstimator, type Estimator, MOST_BYTES_HERE } from './estimator.ts'
import { createTokenAnswers } from './token-answers.ts'
import type { TokenAnswers, TokenAsk } from './token-messages.ts'

const target = { provider: 'a', model: 'gpt-5' }
/** A vocabulary of one letter each: what was counted by it is seen at once. */
const letters = { encode: (text: string) => [...text].map(() => 0) }
const bodyOf = (content: string): Buffer => Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] }))
const small = bodyOf('How many words are in this sentence?')
const large = bodyOf('many words '.repeat(MOST_BYTES_HERE / 10))

interface Estimating {
  readonly estimator: Estimator
  readonly threads: ReturnType<typeof inlineThreads>
  calibration: Calibration
}

function estimating(load: () => Promise<typeof letters> = () => Promise.resolve(letters)): Estimating {
  const threads = inlineThreads<TokenAsk, TokenAnswers>(() => createTokenAnswers(load as never))
  const client = createThreadClient<TokenAsk, TokenAnswers>({ start: threads.start })
  const world = { threads, calibration: emptyCalibration }
  return Object.assign(world, { estimator: createEstimator({ client, calibration: () => world.calibration }) })
}

describe('an estimate', () => {
  test('is by character classes at first, and by the vocabulary once that is loaded', async () => {
    const { estimator } = estimating()
    expect(await estimator.best(small, target)).toMatchObject({ grade: 'fast' })
    await expect.poll(async () => (await estimator.best(small, target)).grade).toBe('exact')
  })

  test('of a large text is made elsewhere from the beginning', async () => {
    const { estimator, threads } = estimating()
    expect((await estimator.best(large, target)).grade).toBe('exact')
    expect(threads.started()).toBe(1)
  })

  test('of one that is too large even for that is by character classes, elsewhere', async () => {
    const { estimator } = estimating()
    const huge = bodyOf('many words '.repeat(200_000))
    expect((await estimator.best(huge, target)).grade).toBe('fast')
  })

  test('is by its length where its thread has died, and never fails', async () => {
    const { estimator, threads } = estimating()
    const asked = estimator.best(large, target)
    threads.kill()
    const { grade, doubts, inputTokens } = await asked
    expect({ grade, doubts }).toEqual({ grade: 'fast', doubts: ['unknown'] })
    expect(inputTokens).toBeGreaterThan(large.length / 4)
    expect((await estimator.best(small, target)).inputTokens).toBeGreaterThan(0)
  })

  test('of what is not JSON is by its length', () => {
    const { estimator } = estimating()
    expect(estimator.now(Buffer.from('x'.repeat(300)), target).baseTokens).toBe(100)
  })

  test('is corrected by what was learned, in both grades', async () => {
    const world = estimating()
    const plain = await world.estimator.best(large, target)
    for (let index = 0; index < 10; index += 1) {
      for (const grade of ['fast', 'exact'] as const) {
        const learned = learn(world.calibration, { ...target, grade }, 10_000, 20_000)
        if (learned.ok) world.calibration = learned.value
      }
    }
    const corrected = await world.estimator.best(large, target)
    expect(corrected.basis).toBe('learned')
    expect(corrected.inputTokens / plain.inputTokens).toBeGreaterThan(1.5)
    expect(world.estimator.now(small, target).basis).toBe('learned')
  })
})

describe('the vocabulary', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is given back by whoever does not count for ten minutes, and loaded again', async () => {
    const { estimator, threads } = estimating()
    await estimator.best(large, target)
    expect(await estimator.exactly(small, target)).toMatchObject({ grade: 'exact' })
    await vi.advanceTimersByTimeAsync(600_000)
    expect(await estimator.exactly(small, target)).toBeUndefined()
    expect((await estimator.best(small, target)).grade).toBe('fast')
    expect(threads.started()).toBe(2)
  })

  test('nobody waits for it longer than two seconds', async () => {
    const { estimator } = estimating(() => new Promise(() => {}))
    const asked = estimator.best(large, target)
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await asked).doubts).toEqual(['unknown'])
  })
})
