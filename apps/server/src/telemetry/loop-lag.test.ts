import { expect, test } from 'vitest'
import { LoopLag, TICK_MS, watchLoop } from './loop-lag.ts'

/** A watch and a clock that only the test moves. */
function watched() {
  let nowMs = 0
  const lag = new LoopLag(nowMs)
  return {
    lag,
    /** Ticks on time. */
    run(ms: number, heapRatio = 0.1): void {
      for (const endMs = nowMs + ms; nowMs < endMs; ) {
        nowMs += TICK_MS
        lag.tick(nowMs, 1, heapRatio)
      }
    },
    /** The loop stands still, at work or not let run. */
    stand(ms: number, workMs = ms): void {
      nowMs += TICK_MS + ms
      lag.tick(nowMs, workMs, 0.1)
    },
  }
}

test('a loop that is on time is not overloaded', () => {
  const { lag, run } = watched()
  run(60_000)
  expect(lag.isOverloaded).toBe(false)
  expect(lag.worstMs).toBe(0)
})

test('a pause of a garbage collector is no overload, and neither is a burst of new connections', () => {
  const { lag, run, stand } = watched()
  run(10_000)
  stand(150)
  run(5000)
  stand(600)
  expect(lag.isOverloaded).toBe(false)
  expect(lag.worstMs).toBe(600)
})

test('two seconds of work at a stretch are, at once', () => {
  const { lag, run, stand } = watched()
  run(10_000)
  stand(2000)
  expect(lag.isOverloaded).toBe(true)
})

test('many pauses of 150 ms are: more than one byte in a hundred waits longer than 100 ms', () => {
  const { lag, run, stand } = watched()
  for (let pause = 0; pause < 12; pause += 1) {
    run(2000)
    stand(150)
  }
  expect(lag.isOverloaded).toBe(false)
  run(2000)
  stand(150)
  expect(lag.isOverloaded).toBe(true)
})

test('it is over after a second without lag, and the past is not held against it', () => {
  const { lag, run, stand } = watched()
  stand(2000)
  run(980)
  expect(lag.isOverloaded).toBe(true)
  run(40)
  expect(lag.isOverloaded).toBe(false)
  run(5000)
  expect(lag.isOverloaded).toBe(false)
})

test('the worst lag is forgotten after ten seconds', () => {
  const { lag, run, stand } = watched()
  stand(300)
  run(8000)
  expect(lag.worstMs).toBe(300)
  run(3000)
  expect(lag.worstMs).toBe(0)
})

test('a process that was stopped for half a minute is late, and not overloaded', () => {
  const { lag, run, stand } = watched()
  run(10_000)
  stand(30_000, 1)
  expect(lag.worstMs).toBe(30_000)
  expect(lag.isOverloaded).toBe(false)
})

test('a heap that is nearly full is overload, until there is room again', () => {
  const { lag, run } = watched()
  run(1000, 0.84)
  expect(lag.isOverloaded).toBe(false)
  run(20, 0.86)
  expect(lag.isOverloaded).toBe(true)
  run(5000, 0.82)
  expect(lag.isOverloaded).toBe(true)
  run(20, 0.79)
  expect(lag.isOverloaded).toBe(false)
})

test('the real loop: work of a second is seen', async () => {
  const { lag, close } = watchLoop(() => performance.now())
  await new Promise((resolve) => setTimeout(resolve, 100))
  // Its own work, however much the machine lets it have.
  const before = process.cpuUsage()
  for (let workedMs = 0, sum = 0; workedMs < 1000; ) {
    for (let index = 0; index < 5_000_000; index += 1) sum += index
    const { user, system } = process.cpuUsage(before)
    workedMs = Number.isFinite(sum) ? (user + system) / 1000 : 0
  }
  await expect.poll(() => lag.worstMs).toBeGreaterThan(900)
  expect(lag.isOverloaded).toBe(true)
  close()
})
