import { describe, expect, test } from 'vitest'
import { messagePolicy } from './loop-policy.ts'
import { barred, candidate, Driven } from './testing/driven.ts'

const one = [candidate('a')]
const two = [candidate('a'), candidate('b')]
function begun(candidates = two, policy = {}, timeoutMs = 600_000): Driven {
  const loop = new Driven(candidates, policy)
  loop.begin({ timeoutMs })
  return loop
}

describe('while another candidate waits', () => {
  test('the client gets its headers after 3 s, then a ping every 10 s', () => {
    const loop = begun()
    expect([loop.deadlineMs(), loop.wait()]).toEqual([3_000, ['send-preamble']])
    expect(loop.state.stage).toBe('preamble')
    expect([loop.deadlineMs(), loop.wait()]).toEqual([13_000, ['ping']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([23_000, ['ping']])
    expect(loop.state.stage).toBe('preamble')
    expect([loop.deadlineMs(), loop.wait()[0]]).toEqual([30_000, 'cancel 1'])
  })

  test('an early tick does nothing', () => {
    const loop = begun()
    const { state } = loop
    expect(loop.tell(2_999, { type: 'tick' })).toEqual([])
    expect(loop.state).toBe(state)
  })

  test('an opening is held for 15 s after it came', () => {
    const loop = begun(two, { holdBackMs: 60_000 })
    loop.tell(5_000, { type: 'opened', attempt: 1 })
    expect([loop.deadlineMs(), loop.wait()]).toEqual([20_000, ['opening 1']])
    expect(loop.state).toMatchObject({ stage: 'opening', lastByteMs: 20_000 })
    expect([loop.deadlineMs(), loop.wait()]).toEqual([30_000, ['ping']])
    expect(loop.state.stage).toBe('opening')
  })

  test('an opening may follow the preamble, when it is due', () => {
    const loop = begun()
    loop.tell(100, { type: 'opened', attempt: 1 })
    expect(loop.wait()).toEqual(['send-preamble'])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([13_000, ['ping']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([15_100, ['opening 1']])
  })

  test('an attempt that starts late is not given another 3 s', () => {
    const loop = begun([...two, candidate('c')])
    loop.tell(2_000, { type: 'response-started', attempt: 1 })
    loop.fail(2_900, 1, 'overloaded')
    expect(loop.deadlineMs()).toBe(3_000)
  })
})

describe('with nobody behind', () => {
  test('nothing is sent before the upstream has spoken', () => {
    const loop = begun(one)
    expect(loop.deadlineMs()).toBe(30_000)
  })

  test('pings follow the opening', () => {
    const loop = begun(one)
    loop.tell(5_000, { type: 'opened', attempt: 1 })
    expect([loop.deadlineMs(), loop.wait()]).toEqual([15_000, ['ping']])
  })
})

describe('an upstream that does not speak', () => {
  test('but pings does not keep its client company: that may hear nothing of it', () => {
    const loop = begun(one, { pingEveryMs: 10_000 })
    loop.tell(1_000, { type: 'content', attempt: 1 })
    loop.tell(6_000, { type: 'ping', attempt: 1 })
    expect(loop.deadlineMs()).toBe(11_000)
    expect(loop.wait()).toEqual(['ping'])
  })

  test('has 30 s to its first byte; its status line is none', () => {
    const loop = begun(one, { roundsMax: 1 })
    loop.tell(100, { type: 'response-started', attempt: 1 })
    expect(loop.deadlineMs()).toBe(30_000)
    expect(loop.wait()).toEqual([
      'cancel 1',
      'report 1 failed first-byte-timeout',
      'look',
      'give-up 1 first-byte-timeout null true',
    ])
    expect(loop.state.attempts[0]).toMatchObject({ paid: false, endedMs: 30_000 })
  })

  test('of a whole answer has until its status line', () => {
    const loop = begun(one, { stream: false, firstByteTimeoutMs: 290_000, contentTimeoutMs: 290_000 })
    expect(loop.deadlineMs()).toBe(290_000)
    loop.tell(250_000, { type: 'response-started', attempt: 1 })
    expect(loop.deadlineMs()).toBe(290_000)
    loop.tell(289_000, { type: 'progress', attempt: 1 })
    expect(loop.wait()[1]).toBe('report 1 failed stream-idle')
  })

  test('as a probe with somebody behind it has 8 s', () => {
    const loop = begun([candidate('a', { availability: { kind: 'probe' } }), candidate('b')])
    loop.wait()
    expect([loop.deadlineMs(), loop.wait()]).toEqual([
      8_000,
      ['cancel 1', 'report 1 failed first-byte-timeout', 'look', 'start 2 b failover'],
    ])
    const alone = begun([candidate('a', { availability: { kind: 'probe' } })])
    expect(alone.deadlineMs()).toBe(30_000)
  })

  test('as a probe has longer if it is slow by nature, but no longer than anybody', () => {
    const probeMs = (ttftMs: number | null, policy = {}): number | undefined => {
      const slow = candidate('a', { availability: { kind: 'probe' }, ttftMs })
      const loop = begun([slow, candidate('b')], { holdBackMs: 900_000, ...policy })
      return loop.deadlineMs()
    }
    expect([null, 100, 4_000, 20_000].map((ttftMs) => probeMs(ttftMs))).toEqual([8_000, 8_000, 12_000, 30_000])
    expect(probeMs(40_000, messagePolicy)).toBe(60_000)
  })

  test('that pings but brings no content has 110 s', () => {
    const loop = begun(one, { pingEveryMs: 900_000 })
    for (const atMs of [1_000, 50_000, 100_000]) loop.tell(atMs, { type: 'progress', attempt: 1 })
    expect([loop.deadlineMs(), loop.wait().slice(0, 2)]).toEqual([110_000, ['cancel 1', 'report 1 failed stream-idle']])
  })

  test('that may take longer to its first byte may take as long to its content, and to the whole of an answer', () => {
    const slow = [candidate('a', { timeouts: { firstByteTimeoutMs: 200_000, readTimeoutMs: 400_000 } })]
    const stream = begun(slow, { pingEveryMs: 900_000, eventTimeoutMs: 900_000 })
    stream.tell(150_000, { type: 'opened', attempt: 1 })
    expect([stream.deadlineMs(), stream.wait()[1]]).toEqual([200_000, 'report 1 failed stream-idle'])
    const whole = begun(slow, { stream: false, firstByteTimeoutMs: 290_000, contentTimeoutMs: 290_000 })
    whole.tell(350_000, { type: 'response-started', attempt: 1 })
    expect(whole.deadlineMs()).toBe(400_000)
  })

  test('that falls silent before its content has its idle time', () => {
    const loop = begun(one, { pingEveryMs: 900_000, idleTimeoutMs: 20_000 })
    loop.tell(1_000, { type: 'opened', attempt: 1 })
    expect([loop.deadlineMs(), loop.wait()[1]]).toEqual([21_000, 'report 1 failed stream-idle'])
  })

  test('that falls silent after its content is ended with the truth, after pings of ours', () => {
    const loop = begun(one, { idleTimeoutMs: 25_000 })
    loop.tell(1_000, { type: 'content', attempt: 1 })
    loop.tell(2_000, { type: 'progress', attempt: 1 })
    expect([loop.deadlineMs(), loop.wait()]).toEqual([12_000, ['ping']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([22_000, ['ping']])
    expect(loop.wait()).toEqual(['cancel 1', 'report 1 failed stream-idle', 'end-truthfully 1 stream-idle'])
    expect(loop.nowMs).toBe(27_000)
  })

  test('that only pings after its content is ended when the time without an event is over', () => {
    const loop = begun(one, { pingEveryMs: 900_000, eventTimeoutMs: 60_000 })
    loop.tell(1_000, { type: 'content', attempt: 1 })
    loop.tell(20_000, { type: 'progress', attempt: 1 })
    for (const atMs of [30_000, 50_000, 79_000]) loop.tell(atMs, { type: 'ping', attempt: 1 })
    expect(loop.deadlineMs()).toBe(80_000)
    expect(loop.wait()).toEqual(['cancel 1', 'report 1 failed stream-idle', 'end-truthfully 1 stream-idle'])
  })

  test('that only pings before its content moves on as soon as the time without an event is over', () => {
    const loop = begun(two, {
      pingEveryMs: 900_000,
      holdBackMs: 900_000,
      openingHoldMs: 900_000,
      eventTimeoutMs: 20_000,
    })
    loop.tell(1_000, { type: 'opened', attempt: 1 })
    for (const atMs of [10_000, 20_000]) loop.tell(atMs, { type: 'ping', attempt: 1 })
    expect(loop.deadlineMs()).toBe(21_000)
    expect(loop.wait().slice(0, 2)).toEqual(['cancel 1', 'report 1 failed stream-idle'])
  })

  test('that pings in place of its whole answer is silent only when it sends nothing', () => {
    const loop = begun(one, { stream: false, eventTimeoutMs: 1_000, idleTimeoutMs: 50_000 })
    loop.tell(1_000, { type: 'response-started', attempt: 1 })
    expect(loop.deadlineMs()).toBe(51_000)
  })

  test('after its content has no other deadline', () => {
    const loop = begun(one, {}, 5_000)
    loop.tell(1_000, { type: 'content', attempt: 1 })
    loop.tell(400_000, { type: 'progress', attempt: 1 })
    expect(loop.tell(405_000, { type: 'tick' })).toEqual([])
    expect(loop.deadlineMs()).toBe(410_000)
  })
})

describe('the deadline', () => {
  test('closes the running attempt, and starts nothing', () => {
    const loop = begun(two, {}, 2_000)
    expect(loop.wait()).toEqual(['cancel 1', 'report 1 abandoned', 'give-up null deadline-exceeded null true'])
    expect(loop.nowMs).toBe(2_000)
    expect(loop.state.attempts).toMatchObject([{ outcome: 'abandoned', failure: null }])
  })

  test('blames an upstream that had as long as a probe has', () => {
    const slow = begun(one, {}, 8_000)
    expect(slow.wait()).toEqual([
      'cancel 1',
      'report 1 failed silent-until-deadline',
      'give-up null deadline-exceeded null true',
    ])
    expect(slow.state.attempts).toMatchObject([{ outcome: 'failed', failure: { kind: 'silent-until-deadline' } }])
    const nearly = begun(one, {}, 7_999)
    expect(nearly.wait()[1]).toBe('report 1 abandoned')
    const spoke = begun(one, { pingEveryMs: 900_000 }, 9_000)
    spoke.tell(8_500, { type: 'progress', attempt: 1 })
    expect(spoke.wait()[1]).toBe('report 1 abandoned')
  })

  test('blames nobody who is usually that slow', () => {
    const slow = (timeoutMs: number): string | undefined =>
      begun([candidate('a', { ttftMs: 5_000 })], {}, timeoutMs).wait()[1]
    expect([slow(14_999), slow(15_000)]).toEqual(['report 1 abandoned', 'report 1 failed silent-until-deadline'])
  })

  test('of a request that another one has joined is the latest of theirs', () => {
    const loop = begun(one, {}, 2_000)
    expect(loop.tell(1_000, { type: 'joined', timeoutMs: 500 })).toEqual([])
    expect(loop.deadlineMs()).toBe(2_000)
    expect(loop.tell(1_500, { type: 'joined', timeoutMs: 5_000 })).toEqual([])
    expect([loop.deadlineMs(), loop.wait()[1]]).toEqual([6_500, 'report 1 abandoned'])
    expect(loop.tell(7_000, { type: 'joined', timeoutMs: 5_000 })).toEqual([])
  })

  test('comes also while waiting and while renewing', () => {
    const waiting = begun(one, {}, 100)
    waiting.fail(50, 1, 'server-error')
    expect([waiting.deadlineMs(), waiting.wait()]).toEqual([100, ['look', 'give-up null deadline-exceeded null true']])
    const renewing = begun(one, {}, 100)
    renewing.fail(50, 1, 'credential-expired')
    expect([renewing.deadlineMs(), renewing.wait()]).toEqual([
      100,
      ['report 1 abandoned', 'look', 'give-up null deadline-exceeded null true'],
    ])
  })

  test('after the preamble is told in the stream', () => {
    const loop = begun(two, {}, 4_000)
    loop.wait()
    expect(loop.wait().at(-1)).toBe('end-truthfully null deadline-exceeded')
  })
})

describe('while nothing is in flight', () => {
  test('the status stays free for 10 s, then come headers and pings', () => {
    const closed = [candidate('a', { availability: barred({ lastResortAtMs: 29_000 }) })]
    const loop = begun(closed)
    expect([loop.deadlineMs(), loop.wait()]).toEqual([10_000, ['send-preamble']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([20_000, ['ping']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([29_010, ['look', 'start 1 a last-resort']])
  })

  test('a renewal of a credential is silence too', () => {
    const loop = begun()
    loop.fail(50, 1, 'credential-expired')
    expect([loop.deadlineMs(), loop.wait()]).toEqual([10_000, ['send-preamble']])
    expect([loop.deadlineMs(), loop.wait()]).toEqual([20_000, ['ping']])
  })

  test('whole answers get nothing', () => {
    const closed = [candidate('a', { availability: barred({ lastResortAtMs: 29_000 }) })]
    expect(begun(closed, { stream: false }).deadlineMs()).toBe(29_010)
    expect(begun(two, { stream: false }).deadlineMs()).toBe(30_000)
  })
})

describe('a tick that comes much too late', () => {
  test('says that this process slept: the upstream has its time again', () => {
    const loop = begun(one)
    expect(loop.tell(60_000, { type: 'tick' })).toEqual([])
    expect(loop.deadlineMs()).toBe(62_000)
    const relaying = begun(one)
    relaying.tell(1_000, { type: 'content', attempt: 1 })
    expect(relaying.tell(500_000, { type: 'tick' })).toEqual([])
    expect(relaying.deadlineMs()).toBe(502_000)
    expect(relaying.wait()).toEqual(['ping'])
  })

  test('a little lateness is none', () => {
    const loop = begun(one, { roundsMax: 1 })
    expect(loop.tell(32_000, { type: 'tick' })[0]).toBe('cancel 1')
    const more = begun(one, { roundsMax: 1 })
    expect(more.tell(32_001, { type: 'tick' })).toEqual([])
  })
})
