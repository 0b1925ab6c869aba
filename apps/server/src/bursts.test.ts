import { setImmediate as turnIsOver } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBursts } from './bursts.ts'

test('what a turn brings is done at its end, stage by stage, and in the order in which it came', async () => {
  const done: string[] = []
  const { add } = createBursts(neverAnError)
  for (const work of ['a', 'b']) {
    add('requests', () => done.push(`request ${work}`))
    add('answers', () => done.push(`answer ${work}`))
    add('telling', () => done.push(`told ${work}`))
  }

  expect(done).toEqual([])
  await turnIsOver()

  expect(done).toEqual(['answer a', 'answer b', 'told a', 'told b', 'request a', 'request b'])
})

test('an answer is told about in the turn in which it is given', async () => {
  const done: string[] = []
  const { add } = createBursts(neverAnError)
  add('requests', () => done.push('request'))
  add('answers', () => add('telling', () => done.push('told')))

  await turnIsOver()

  expect(done).toEqual(['told', 'request'])
})

test('what comes up for a stage that is over is done in the next turn', async () => {
  const done: string[] = []
  const { add } = createBursts(neverAnError)
  add('requests', () => add('answers', () => done.push('answer')))

  await turnIsOver()
  expect(done).toEqual([])
  await turnIsOver()

  expect(done).toEqual(['answer'])
})

test('work that throws keeps no other work from being done', async () => {
  const thrown: unknown[] = []
  const done: string[] = []
  const { add } = createBursts((error) => thrown.push(error))
  add('answers', () => {
    throw new Error('a bug')
  })
  add('answers', () => done.push('answer'))

  await turnIsOver()

  expect(thrown).toEqual([new Error('a bug')])
  expect(done).toEqual(['answer'])
})

test('what waits is done at once when the process cannot wait', () => {
  const done: string[] = []
  const { add, flush } = createBursts(neverAnError)
  add('telling', () => done.push('told'))

  flush()

  expect(done).toEqual(['told'])
})

function neverAnError(error: unknown): void {
  throw error
}
