import { describe, expect, test, vi } from 'vitest'
import { hostOf, sendRaw } from '../testing/raw-client.ts'
import { hello, startWorld } from '../testing/world.ts'
import { lookAt, type Pace } from './pace.ts'

/** Looks once a second at a body that has so many bytes after each second. @returns the second in which it was given up. */
function givenUpAfter(bytesAt: (second: number) => number, lastSecond: number): number | undefined {
  let pace: Pace | undefined
  for (let second = 0; second <= lastSecond; second += 1) {
    const next = lookAt(pace, bytesAt(second), second * 1000)
    if (next === 'too-slow') return second
    pace = next
  }
  return undefined
}

describe('a body on its way in', () => {
  test('may take its time while it comes', () => {
    expect(givenUpAfter((second) => second * 2000, 10_000)).toBeUndefined()
    expect(givenUpAfter((second) => Math.floor(second / 20) * 100_000, 10_000)).toBeUndefined()
  })

  test('that never comes is given up after 30 s', () => {
    expect(givenUpAfter(() => 0, 100)).toBe(30)
  })

  test('that stops coming is given up 30 s later', () => {
    expect(givenUpAfter((second) => Math.min(second, 45) * 50_000, 100)).toBe(75)
  })

  test('that trickles is given up, however much came before', () => {
    expect(givenUpAfter((second) => second, 100)).toBe(30)
    expect(givenUpAfter((second) => (second === 0 ? 0 : 1_000_000 + second), 100)).toBe(60)
  })
})

describe('a client that stops in the middle of its body', () => {
  test.each([
    ['POST', '/v1/messages', ['content-type: application/json', 'content-length: 100000']],
    ['POST', '/v1/messages', ['transfer-encoding: chunked']],
    ['POST', '/v1/messages/count_tokens', ['content-length: 100000']],
  ])('%s %s (%j): 408, the connection is closed, and others are served', async (method, path, headers) => {
    const { lb, post, mocks } = await startWorld({ scripts: [{}] })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    try {
      const head = [`${method} ${path} HTTP/1.1`, `host: ${hostOf(lb.url)}`, ...headers].join('\r\n')
      let seen: Awaited<ReturnType<typeof sendRaw>> | undefined
      void sendRaw(lb.url, `${head}\r\n\r\n4\r\n{"mo`).then((result) => {
        seen = result
      })
      let waitedMs = 0
      while (seen === undefined && waitedMs < 600_000) {
        vi.advanceTimersByTime(1000)
        waitedMs += 1000
        await new Promise(setImmediate)
      }
      expect(waitedMs).toBeGreaterThan(30_000)
      expect(seen?.statuses).toEqual([408])
      expect(seen?.text).toMatch(/^connection: close\r$/im)
      expect(seen?.text).toContain('timeout_error')
    } finally {
      vi.useRealTimers()
    }
    expect(mocks[0]?.requests).toHaveLength(0)
    expect((await post(hello)).status).toBe(200)
  })
})
