import type { JsonObject } from '@lb/protocol'
import { emptyCalibration } from '@lb/tokens'
import { describe, expect, test } from 'vitest'
import type { DoneRequest } from '../telemetry/observer.ts'
import { doneRequest } from '../usage/testing/done-request.ts'
import type { CalibrationBook } from './calibration-book.ts'
import { createLessons } from './lessons.ts'

type Lesson = [grade: string, provider: string, model: string, estimated: number, counted: number]

interface Learning {
  readonly lessons: Lesson[]
  nowMs: number
  /** Samples there are of every target. */
  known: number
  hear(done: DoneRequest): Promise<number>
}

function learning(exact?: number): Learning {
  const lessons: Lesson[] = []
  const world = { lessons, nowMs: 0, known: 0 }
  const book: CalibrationBook = {
    calibration: () => emptyCalibration,
    learned: () => world.known,
    learn: ({ grade, provider, model }, estimated, counted) =>
      lessons.push([grade, provider, model, estimated, counted]),
    close: () => Promise.resolve(),
  }
  const exactly = () => Promise.resolve(exact === undefined ? undefined : { baseTokens: exact })
  const estimator = { exactly } as never
  const observer = createLessons({ book, estimator, nowMs: () => world.nowMs })
  return Object.assign(world, {
    async hear(done: DoneRequest) {
      observer.requestDone?.(done)
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      return lessons.length
    },
  })
}

const prompt = 'A quick brown fox jumps over the lazy dog. '.repeat(200)

function answered(
  more: object = {},
  usage: JsonObject = { input_tokens: 2_500, output_tokens: 9 },
  model = 'claude-x',
): DoneRequest {
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: prompt }], ...more }))
  return doneRequest([{ model, outcome: 'succeeded', usage }], 'completed', { body })
}

test('what an upstream counted is compared with both grades of the estimate', async () => {
  const world = learning(2_000)
  await world.hear(answered())
  expect(world.lessons).toEqual([
    ['fast', 'a', 'claude-x', expect.any(Number), 2_500],
    ['exact', 'a', 'claude-x', 2_000, 2_500],
  ])
  expect(world.lessons[0]?.[3]).toBeGreaterThan(1_000)
})

describe('nothing is learned from', () => {
  const edits = { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }
  test.each([
    ['a short request', doneRequest([{ outcome: 'succeeded', usage: { input_tokens: 9 } }])],
    ['an answer without counts', answered({}, {})],
    [
      'a request that failed',
      doneRequest([{ outcome: 'failed', usage: { input_tokens: 2_500 } }], 'gave-up', {
        body: answered().request.body,
      }),
    ],
    [
      'a count',
      doneRequest([{ outcome: 'succeeded', usage: { input_tokens: 2_500 } }], 'completed', {
        endpoint: 'count-tokens',
        body: answered().request.body,
      }),
    ],
    ['an edited context', answered(edits)],
    [
      'what is not JSON',
      doneRequest([{ outcome: 'succeeded', usage: { input_tokens: 2_500 } }], 'completed', {
        body: Buffer.alloc(4_000, 'x'),
      }),
    ],
    ['tools that the vendor runs', answered({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] })],
  ])('%s', async (_, done) => {
    expect(await learning().hear(done)).toBe(0)
  })

  test('but the edit that Claude Code always asks for takes out nothing', async () => {
    const harmless = { context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } }
    expect(await learning().hear(answered(harmless))).toBe(1)
  })
})

describe('not every answer is looked at', () => {
  test('a new target every second', async () => {
    const world = learning()
    expect(await world.hear(answered())).toBe(1)
    world.nowMs = 999
    expect(await world.hear(answered())).toBe(1)
    world.nowMs = 1_000
    expect(await world.hear(answered())).toBe(2)
  })

  test('one that is known every half a minute', async () => {
    const world = learning()
    world.known = 8
    expect(await world.hear(answered())).toBe(1)
    world.nowMs = 29_999
    expect(await world.hear(answered())).toBe(1)
    world.nowMs = 30_000
    expect(await world.hear(answered())).toBe(2)
  })

  test('two targets never at the same time', async () => {
    const world = learning()
    expect(await world.hear(answered())).toBe(1)
    expect(await world.hear(answered({}, undefined, 'claude-y'))).toBe(1)
    world.nowMs = 250
    expect(await world.hear(answered({}, undefined, 'claude-y'))).toBe(2)
  })
})
