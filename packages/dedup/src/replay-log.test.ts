import { describe, expect, test } from 'vitest'
import { CHUNK_COST_BYTES, createReplayLog, type ReplayLimits, type ReplayLog } from './replay-log.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A chunk that costs exactly `cost`. */
const costing = (cost: number): Uint8Array => new Uint8Array(cost - CHUNK_COST_BYTES)

function text(log: ReplayLog, consumer: string, maxBytes?: number): string {
  const read = log.read(consumer, maxBytes)
  return read.kind === 'chunks' ? read.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('|') : read.kind
}

function logWith(limits: ReplayLimits, ...consumers: string[]): ReplayLog {
  const log = createReplayLog(limits)
  for (const consumer of consumers) expect(log.join(consumer)).toBe(true)
  return log
}

describe('reading', () => {
  test('gives every consumer every chunk, at its own pace, then the end', () => {
    const log = logWith({}, 'a', 'b')
    expect(text(log, 'a')).toBe('wait')
    log.append(bytes('one'))
    expect(text(log, 'a')).toBe('one')
    expect(text(log, 'a')).toBe('wait')
    log.append(bytes('two'))
    log.append(bytes('three'))
    log.end()
    expect([text(log, 'a'), text(log, 'a'), text(log, 'a')]).toEqual(['two|three', 'end', 'end'])
    expect([text(log, 'b'), text(log, 'b')]).toEqual(['one|two|three', 'end'])
  })

  test('takes whole chunks up to a number of bytes, and one chunk at least', () => {
    const log = logWith({}, 'a')
    for (const word of ['one', 'two', 'three']) log.append(bytes(word))
    expect(text(log, 'a', 6)).toBe('one|two')
    expect(text(log, 'a', 1)).toBe('three')
    expect(text(log, 'a', 1)).toBe('wait')
  })

  test('says with the last bytes that they are the last, once the end is known', () => {
    const log = logWith({}, 'a', 'b')
    const isLast = (consumer: string, maxBytes?: number): boolean => {
      const read = log.read(consumer, maxBytes)
      return read.kind === 'chunks' && read.isLast
    }
    for (const word of ['one', 'two']) log.append(bytes(word))
    expect(isLast('a')).toBe(false)
    log.append(bytes('three'))
    log.end()
    expect([isLast('a'), text(log, 'a')]).toEqual([true, 'end'])
    expect([isLast('b', 6), isLast('b', 6), text(log, 'b')]).toEqual([false, true, 'end'])
  })

  test('shares the chunks, it does not copy them', () => {
    const log = logWith({}, 'a', 'b')
    const chunk = bytes('one')
    log.append(chunk)
    const reads = [log.read('a'), log.read('b')]
    for (const read of reads) expect(read.kind === 'chunks' && read.chunks[0]).toBe(chunk)
  })

  test('says cut to whoever never joined or has left', () => {
    const log = logWith({}, 'a')
    log.append(bytes('one'))
    log.leave('a')
    log.leave('nobody')
    expect([text(log, 'a'), text(log, 'nobody')]).toEqual(['cut', 'cut'])
  })

  test('an empty chunk is no chunk', () => {
    const log = logWith({}, 'a')
    expect(log.append(bytes(''))).toEqual([])
    expect([text(log, 'a'), log.heldBytes()]).toEqual(['wait', 0])
  })
})

describe('joining', () => {
  test('is possible at any time while the log is whole, and starts with the first byte', () => {
    const log = logWith({}, 'a')
    log.append(bytes('one'))
    expect(text(log, 'a')).toBe('one')
    log.leave('a')
    log.append(bytes('two'))
    log.end()
    expect(log.join('late')).toBe(true)
    expect([text(log, 'late'), text(log, 'late')]).toEqual(['one|two', 'end'])
  })

  test('is not possible twice under one name, nor after the log is sealed', () => {
    const log = logWith({}, 'a')
    expect(log.join('a')).toBe(false)
    expect(log.isWhole()).toBe(true)
    log.seal()
    expect([log.isWhole(), log.join('b')]).toEqual([false, false])
  })
})

describe('what is held', () => {
  test('is everything while the log is whole', () => {
    const log = logWith({}, 'a')
    log.append(costing(500))
    text(log, 'a')
    log.append(costing(300))
    expect(log.heldBytes()).toBe(800)
  })

  test('is only what somebody still has to read once the log is sealed', () => {
    const log = logWith({}, 'a', 'b')
    for (const cost of [500, 300, 200]) log.append(costing(cost))
    text(log, 'a')
    text(log, 'b', 1)
    expect(log.heldBytes()).toBe(1000)
    log.seal()
    expect(log.heldBytes()).toBe(500)
    text(log, 'b', 1)
    expect(log.heldBytes()).toBe(200)
    log.append(costing(700))
    log.leave('b')
    expect(log.heldBytes()).toBe(700)
    log.leave('a')
    expect(log.heldBytes()).toBe(0)
  })

  test('counts what a chunk costs beside its bytes, so that many small ones do not slip through', () => {
    const log = logWith({ limitBytes: 10_000 }, 'a')
    const cut = Array.from({ length: 100 }, () => log.append(bytes('x'))).flat()
    expect(cut).toEqual(['a'])
  })
})

describe('over the limit', () => {
  test('the log loses its start, and nobody joins any more', () => {
    const log = logWith({ limitBytes: 1000 }, 'a')
    log.append(costing(600))
    text(log, 'a')
    log.append(costing(400))
    expect(log.isWhole()).toBe(true)
    expect(log.append(costing(400))).toEqual([])
    expect([log.isWhole(), log.heldBytes(), log.join('b')]).toEqual([false, 800, false])
  })

  test('whoever is furthest behind is cut off, and only as many as it takes', () => {
    const log = logWith({ limitBytes: 1000 }, 'slow', 'middle', 'fast', 'slow too')
    for (const cost of [400, 300, 300]) log.append(costing(cost))
    text(log, 'fast')
    text(log, 'middle', 1)
    expect(log.append(costing(300))).toEqual(['slow', 'slow too'])
    expect([text(log, 'slow'), log.heldBytes()]).toEqual(['cut', 900])
    expect(log.append(costing(300))).toEqual(['middle'])
    expect(log.heldBytes()).toBe(600)
    expect(log.read('fast').kind).toBe('chunks')
  })

  test('with nobody there, everything goes', () => {
    const log = logWith({ limitBytes: 1000 })
    log.append(costing(800))
    expect(log.append(costing(300))).toEqual([])
    expect([log.heldBytes(), log.isWhole()]).toEqual([0, false])
  })

  test('a chunk that does not fit alone leaves nobody', () => {
    const log = logWith({ limitBytes: 1000 }, 'a', 'b')
    expect(log.append(costing(1001))).toEqual(['a', 'b'])
    expect(log.heldBytes()).toBe(0)
  })

  test('when memory is short elsewhere, laggards go first and the others can be spared', () => {
    const log = logWith({ limitBytes: 10_000 }, 'slow', 'fast', 'done')
    expect([log.frontBytes(), log.squeeze(0), log.isWhole()]).toEqual([0, [], true])
    log.append(costing(400))
    text(log, 'fast')
    log.append(costing(300))
    expect(log.frontBytes()).toBe(300)
    expect(log.squeeze(700)).toEqual([])
    expect(log.isWhole()).toBe(true)
    text(log, 'done')
    log.append(costing(200))
    expect(log.frontBytes()).toBe(200)
    expect(log.squeeze(log.frontBytes())).toEqual(['slow', 'fast'])
    expect([log.heldBytes(), log.isWhole()]).toEqual([200, false])
    text(log, 'done')
    expect(log.squeeze(0)).toEqual([])
    expect(log.read('done')).toEqual({ kind: 'wait' })
  })
})

describe('the pace of the upstream', () => {
  test('is that of the fastest consumer', () => {
    const log = logWith({ limitBytes: 10_000, pauseBytes: 1000 }, 'slow', 'fast')
    log.append(costing(999))
    expect(log.wantsMore()).toBe(true)
    log.append(costing(200))
    expect(log.wantsMore()).toBe(false)
    text(log, 'fast')
    expect(log.wantsMore()).toBe(true)
    log.append(costing(1000))
    expect(log.wantsMore()).toBe(false)
    text(log, 'slow', 1)
    expect(log.wantsMore()).toBe(false)
  })

  test('is that of the next one when the fastest leaves', () => {
    const log = logWith({ limitBytes: 10_000, pauseBytes: 1000 }, 'slow', 'fast', 'fast too')
    log.append(costing(600))
    text(log, 'slow')
    log.append(costing(600))
    text(log, 'fast')
    text(log, 'fast too')
    log.append(costing(600))
    expect(log.wantsMore()).toBe(true)
    log.leave('fast')
    expect(log.wantsMore()).toBe(true)
    log.leave('fast too')
    expect(log.wantsMore()).toBe(false)
  })

  test('is free when nobody reads', () => {
    const log = logWith({ limitBytes: 10_000, pauseBytes: 1000 }, 'a')
    log.append(costing(2000))
    expect(log.wantsMore()).toBe(false)
    log.leave('a')
    expect(log.wantsMore()).toBe(true)
  })

  test('stops at half of the limit at the latest, so that a chunk under way still fits', () => {
    const log = logWith({ limitBytes: 1000, pauseBytes: 5000 }, 'a')
    log.append(costing(499))
    expect(log.wantsMore()).toBe(true)
    log.append(costing(200))
    expect(log.wantsMore()).toBe(false)
  })

  test('stops at 64 KiB unless said otherwise, and the log at 4 MiB', () => {
    const log = logWith({}, 'a')
    log.append(costing(65_535))
    expect(log.wantsMore()).toBe(true)
    log.append(costing(200))
    expect(log.wantsMore()).toBe(false)
    expect(log.append(costing(4 * 1024 * 1024 - 65_735))).toEqual([])
    expect(log.append(costing(200))).toEqual(['a'])
  })
})
