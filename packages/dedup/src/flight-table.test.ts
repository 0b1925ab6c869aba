import { describe, expect, test } from 'vitest'
import { defaultFlightPolicy, type Ending } from './flight/flight.ts'
import { createFlightTable, type FlightAction, type FlightOptions, type FlightTable } from './flight-table.ts'

const at = (nowMs: number): { nowMs: number; roll: number } => ({ nowMs, roll: 0 })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const direct: FlightOptions = { policy: defaultFlightPolicy }
const background: FlightOptions = { policy: { ...defaultFlightPolicy, life: 'background' } }
const whole: Ending = { kind: 'whole' }
const failed: Ending = { kind: 'failed', failure: { kind: 'server-error', message: 'upstream said 500', status: 500 } }

/** Reads until the consumer would wait, has everything, or is cut off. */
function received(table: FlightTable, consumer: string): { text: string; end: string } {
  let text = ''
  for (;;) {
    const read = table.read(consumer, 5)
    if (read.kind !== 'chunks') return { text, end: read.kind }
    text += read.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  }
}

function kinds(actions: readonly FlightAction[]): string[] {
  return actions.map((action) => ('consumer' in action ? `${action.kind} ${action.consumer}` : action.kind))
}

const empty = { flights: 0, consumers: 0, heldBytes: 0 }

describe('the table', () => {
  test('brings the same key together and keeps others apart', () => {
    const table = createFlightTable()
    expect(table.arrive('k', 'a', at(0), direct)).toEqual([
      { kind: 'start-upstream', consumer: 'a', flight: 'f1' },
      { kind: 'attach', consumer: 'a', role: 'leader', flight: 'f1' },
    ])
    expect(table.arrive('k', 'b', at(0), direct)).toEqual([
      { kind: 'attach', consumer: 'b', role: 'follower', flight: 'f1' },
    ])
    expect(kinds(table.arrive('other', 'c', at(0), direct))).toEqual(['start-upstream c', 'attach c'])
    expect(table.counts()).toEqual({ flights: 2, consumers: 3, heldBytes: 0 })
  })

  test('gives everybody the same bytes from the first one on, and forgets the flight when all are served', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), direct)
    table.append('f1', bytes('one '), at(1))
    table.arrive('k', 'b', at(2), direct)
    table.append('f1', bytes('two'), at(3))
    expect(table.end('f1', whole, at(4))).toEqual([
      { kind: 'finish', consumers: ['a', 'b'], ending: whole, flight: 'f1' },
    ])
    expect(received(table, 'a')).toEqual({ text: 'one two', end: 'end' })
    expect(received(table, 'b')).toEqual({ text: 'one two', end: 'end' })
    expect(table.leave('a', 'served', at(5))).toEqual([])
    expect(kinds(table.leave('b', 'served', at(5)))).toEqual(['discard'])
    expect(table.counts()).toEqual(empty)
  })

  test('lives on by what whoever leaves says of it: by its life then the last one cancels it or not', () => {
    for (const [options, life, then] of [
      [background, 'direct', ['cancel-upstream', 'discard']],
      [background, 'background', []],
      [background, undefined, []],
      [direct, undefined, ['cancel-upstream', 'discard']],
    ] as const) {
      const table = createFlightTable()
      table.arrive('k', 'a', at(0), options)
      table.arrive('k', 'b', at(0), options)
      expect(kinds(table.leave('b', 'left', at(1), life))).toEqual([])
      expect(kinds(table.leave('a', 'left', at(1)))).toEqual(then)
    }
  })

  test('takes no notice of what comes too late or concerns nobody', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), direct)
    expect(kinds(table.leave('a', 'left', at(1)))).toEqual(['cancel-upstream', 'discard'])
    expect(table.append('f1', bytes('late'), at(2))).toEqual([])
    expect(table.end('f1', whole, at(2))).toEqual([])
    expect(table.leave('a', 'left', at(2))).toEqual([])
    expect(table.read('a')).toEqual({ kind: 'cut' })
    expect([table.wantsMore('f1'), table.tick(at(9)), table.nextDeadlineMs()]).toEqual([false, [], undefined])
    table.progress('a', at(3))
    expect(table.counts()).toEqual(empty)
  })

  test('an empty chunk does not begin an answer', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), direct)
    table.arrive('k', 'b', at(0), direct)
    expect(table.append('f1', bytes(''), at(1))).toEqual([])
    expect(table.nextDeadlineMs()).toBe(180_000)
    table.append('f1', bytes('x'), at(1))
    expect(table.nextDeadlineMs()).toBeUndefined()
  })

  test('ticks what is due, and says when', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), direct)
    table.arrive('k', 'b', at(10), direct)
    table.arrive('l', 'c', at(0), direct)
    table.arrive('l', 'd', at(5), direct)
    expect(table.nextDeadlineMs()).toBe(180_005)
    expect(table.tick(at(180_004))).toEqual([])
    expect(kinds(table.tick(at(180_005)))).toEqual(['drop d'])
    expect(received(table, 'd')).toEqual({ text: '', end: 'cut' })
    expect(table.nextDeadlineMs()).toBe(180_010)
  })

  test('says the soonest deadline, whichever flight has it and whoever has none', () => {
    const table = createFlightTable()
    table.arrive('none', 'n', at(0), direct)
    for (const [key, startMs] of [
      ['later', 20],
      ['soonest', 10],
      ['latest', 30],
    ] as const) {
      table.arrive(key, `${key} 1`, at(0), direct)
      table.arrive(key, `${key} 2`, at(startMs), direct)
    }
    table.arrive('none too', 'm', at(0), direct)
    expect(table.nextDeadlineMs()).toBe(180_010)
  })

  test('knows who was served and who merely left: only the one is owed an answer', () => {
    for (const [how, calls] of [
      ['served', 1],
      ['left', 0],
    ] as const) {
      const table = createFlightTable()
      table.arrive('k', 'a', at(0), background)
      table.append('f1', bytes('x'), at(0))
      table.end('f1', whole, at(1))
      table.leave('a', how, at(2))
      const started = kinds(table.arrive('k', 'b', at(3), background)).filter((kind) => kind.startsWith('start'))
      expect(started).toHaveLength(calls)
    }
  })

  test('a reader that makes progress is not dropped', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), direct)
    table.append('f1', bytes('x'), at(0))
    table.end('f1', failed, at(0))
    table.progress('a', at(2000))
    expect(table.tick(at(3000))).toEqual([])
    expect(kinds(table.tick(at(5000)))).toEqual(['drop a', 'discard'])
    expect(table.counts()).toEqual(empty)
  })

  test('a flight keeps the policy it began with', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), background)
    table.arrive('k', 'b', at(0), direct)
    table.leave('a', 'left', at(1))
    expect(table.leave('b', 'left', at(1))).toEqual([])
    expect(table.counts()).toEqual({ flights: 1, consumers: 0, heldBytes: 0 })
  })
})

describe('100 consumers of one flight', () => {
  const events = Array.from({ length: 12 }, (_, index) => `event ${index}\n`)
  const answer = events.join('')

  test('get the whole answer from one call, whenever the leader leaves and whenever a follower joins', () => {
    for (let leaves = 0; leaves <= events.length; leaves += 1) {
      const table = createFlightTable()
      const started = kinds(table.arrive('k', 'leader', at(0), direct))
      const followers: string[] = []
      const join = (count: number): void => {
        for (let index = 0; index < count; index += 1) {
          const name = `c${followers.length}`
          followers.push(name)
          started.push(...kinds(table.arrive('k', name, at(0), direct)))
        }
      }
      join(40)
      for (const [index, event] of events.entries()) {
        if (index === leaves) expect(kinds(table.leave('leader', 'left', at(1)))).toEqual(['promote c0'])
        join(5)
        table.append('f1', bytes(event), at(1))
        // Every third one reads along, the others at the end.
        for (const name of followers.filter((_, position) => position % 3 === 0)) table.read(name, 1)
      }
      expect(started.filter((kind) => kind.startsWith('start-upstream'))).toEqual(['start-upstream leader'])
      table.end('f1', whole, at(2))
      const texts = followers.map((name, position) => (position % 3 === 0 ? '' : received(table, name).text))
      expect(new Set(texts)).toEqual(new Set(['', answer]))
      for (const name of [...followers, 'leader']) table.leave(name, 'served', at(3))
      expect(table.counts()).toEqual(empty)
    }
  })

  test('get the same failure, and the next such question is a fresh call', () => {
    const table = createFlightTable()
    const names = Array.from({ length: 100 }, (_, index) => `c${index}`)
    for (const name of names) table.arrive('k', name, at(0), background)
    table.append('f1', bytes('partial'), at(1))
    expect(table.end('f1', failed, at(2))).toEqual([{ kind: 'finish', consumers: names, ending: failed, flight: 'f1' }])
    expect(kinds(table.arrive('k', 'next', at(2), background))).toEqual(['start-upstream next', 'attach next'])
    for (const name of names) expect(received(table, name)).toEqual({ text: 'partial', end: 'end' })
    for (const name of names) table.leave(name, 'served', at(3))
    expect(table.counts()).toEqual({ flights: 1, consumers: 1, heldBytes: 0 })
  })
})

describe('memory', () => {
  const chunk = new Uint8Array(16 * 1024)

  test('one slow reader is cut off and slows nobody; newcomers lead a flight of their own', () => {
    const table = createFlightTable()
    const options: FlightOptions = { ...direct, limitBytes: 1024 * 1024 }
    table.arrive('k', 'slow', at(0), options)
    table.arrive('k', 'fast', at(0), options)
    const done: string[] = []
    for (let index = 0; index < 100; index += 1) {
      expect(table.wantsMore('f1')).toBe(true)
      done.push(...kinds(table.append('f1', chunk, at(1))))
      table.read('fast')
    }
    expect(done).toEqual(['drop slow', 'promote fast'])
    expect(table.read('slow')).toEqual({ kind: 'cut' })
    expect(table.counts()).toEqual({ flights: 1, consumers: 1, heldBytes: 0 })
    expect(kinds(table.arrive('k', 'late', at(2), options))).toEqual(['start-upstream late', 'attach late'])
  })

  test('a thousand stalled followers of one flight hold one log', () => {
    const table = createFlightTable()
    for (let index = 0; index < 1000; index += 1) table.arrive('k', `c${index}`, at(0), direct)
    let appended = 0
    while (table.wantsMore('f1')) {
      table.append('f1', chunk, at(1))
      appended += 1
    }
    expect(appended).toBe(4)
    expect(table.counts().heldBytes).toBeLessThan(100_000)
  })

  test('a thousand flights, each with a stalled follower behind a quick leader, stay under the limit of all', () => {
    const maxHeldBytes = 64 * 1024 * 1024
    const table = createFlightTable(maxHeldBytes)
    for (let index = 0; index < 1000; index += 1) {
      table.arrive(`k${index}`, `leader${index}`, at(0), direct)
      table.arrive(`k${index}`, `stalled${index}`, at(0), direct)
    }
    const dropped = new Set<string>()
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 1000; index += 1) {
        for (const done of kinds(table.append(`f${index + 1}`, chunk, at(1)))) dropped.add(done)
        expect(table.read(`leader${index}`).kind).toBe('chunks')
        expect(table.counts().heldBytes).toBeLessThanOrEqual(maxHeldBytes)
      }
    }
    expect([...dropped].every((done) => done.startsWith('drop stalled'))).toBe(true)
    expect(dropped.size).toBeGreaterThan(500)
    for (let index = 0; index < 1000; index += 1) {
      table.leave(`leader${index}`, 'left', at(2))
      table.leave(`stalled${index}`, 'left', at(2))
    }
    expect(table.counts()).toEqual(empty)
  })

  test('what is kept for nobody goes first, oldest first, and only as much as it takes', () => {
    const table = createFlightTable(500_000)
    const append = (flight: string, chunks: number): string[] =>
      Array.from({ length: chunks }, () =>
        table.append(flight, chunk, at(2)).map((done) => `${done.kind} ${done.flight}`),
      ).flat()
    for (const name of ['a', 'b', 'c', 'd']) table.arrive(name, name, at(0), background)
    for (const flight of ['f1', 'f3']) expect(append(flight, 10)).toEqual([])
    table.leave('a', 'left', at(1))
    table.leave('c', 'left', at(1))
    table.end('f3', whole, at(1))
    expect(append('f4', 10)).toEqual([])
    expect(append('f4', 1)).toEqual(['cancel-upstream f1', 'discard f1'])
    expect(append('f4', 9)).toEqual([])
    expect(append('f4', 1)).toEqual(['discard f3'])
    expect(table.counts()).toMatchObject({ flights: 2, consumers: 2 })
  })

  test('as long as that is enough, nobody who reads is touched, however far behind', () => {
    const table = createFlightTable(500_000)
    const append = (flight: string, chunks: number): string[] =>
      Array.from({ length: chunks }, () => kinds(table.append(flight, chunk, at(1)))).flat()
    for (const name of ['slow', 'fast']) table.arrive('k', name, at(0), background)
    for (const name of ['l', 'm']) table.arrive(name, name, at(0), background)
    expect(append('f1', 12)).toEqual([])
    table.read('fast')
    expect(append('f3', 2)).toEqual([])
    table.end('f3', whole, at(1))
    expect(append('f2', 10)).toEqual([])
    table.leave('l', 'left', at(1))
    expect(append('f1', 7)).toEqual(['cancel-upstream', 'discard'])
    expect(table.read('slow').kind).toBe('chunks')
    expect(kinds(table.arrive('m', 'n', at(2), background))).toEqual(['attach n', 'finish'])
  })

  test('then go laggards, the biggest log first, and last the readers who only keep themselves waiting', () => {
    const table = createFlightTable(500_000)
    for (const name of ['slow', 'fast']) table.arrive('k', name, at(0), background)
    table.arrive('l', 'alone', at(0), background)
    const append = (flight: string, chunks: number): string[] =>
      Array.from({ length: chunks }, () => kinds(table.append(flight, chunk, at(1)))).flat()
    expect(append('f1', 10)).toEqual([])
    table.read('fast')
    expect(append('f1', 5)).toEqual([])
    expect(append('f2', 15)).toEqual([])
    expect(append('f2', 1)).toEqual(['drop slow', 'promote fast'])
    expect(table.read('alone').kind).toBe('chunks')
    expect(append('f2', 20)).toEqual([])
    expect(append('f2', 6)).toEqual(['drop alone', 'cancel-upstream', 'discard'])
    expect(table.read('fast').kind).toBe('chunks')
    expect(table.counts()).toMatchObject({ flights: 1, consumers: 1, heldBytes: 0 })
  })

  test('a reader alone with more than all logs may hold is cut off too', () => {
    const table = createFlightTable(100_000)
    table.arrive('k', 'a', at(0), background)
    const done = Array.from({ length: 10 }, () => kinds(table.append('f1', chunk, at(1)))).flat()
    expect(done).toEqual(['drop a', 'cancel-upstream', 'discard'])
    expect(table.counts()).toEqual(empty)
  })

  test('the answer of a background flight is collected whatever its readers do, up to half of its limit', () => {
    const table = createFlightTable()
    table.arrive('k', 'a', at(0), { ...background, limitBytes: 1024 * 1024 })
    let appended = 0
    while (table.wantsMore('f1')) {
      table.append('f1', chunk, at(1))
      appended += 1
    }
    expect(appended).toBe(32)
    table.leave('a', 'left', at(1))
    expect(table.wantsMore('f1')).toBe(true)
    const done = Array.from({ length: 40 }, () => kinds(table.append('f1', chunk, at(1)))).flat()
    expect(done).toEqual(['cancel-upstream', 'discard'])
    expect(table.counts()).toEqual(empty)
  })
})
