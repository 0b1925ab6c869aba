import { describe, expect, test } from 'vitest'
import { defaultFlightPolicy, type Ending } from './flight/flight.ts'
import { createFlightTable, type FlightAction, type FlightOptions, type FlightTable } from './flight-table.ts'

const at = (nowMs: number): { nowMs: number; roll: number } => ({ nowMs, roll: 0 })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const direct: FlightOptions = { policy: defaultFlightPolicy }
const background: FlightOptions = { policy: { ...defaultFlightPolicy, life: 'background' } }
const whole: Ending = { kind: 'whole' }
const failed: Ending = { kind: 'failed', failure: { kind: 'server-error', message: 'upstream said 500', status: 500 } }

/** Everything that is there for a consumer, and what it would get next. */
function received(table: FlightTable, consumer: string): { text: string; end: string } {
  const read = table.read(consumer)
  if (read.kind !== 'chunks') return { text: '', end: read.kind }
  const text = read.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  return { text, end: table.read(consumer).kind }
}

function kinds(actions: readonly FlightAction[]): string[] {
  return actions.map((action) => ('consumer' in action ? `${action.kind} ${action.consumer}` : action.kind))
}

describe('the predecessor’s scenarios, with every waiter served', () => {
  // The stream flag is part of the key, so a stream and a whole answer never meet.
  const stream = 'stream of the question'
  const json = 'whole answer to the question'

  test('a duplicate of another mode while the original is pending: two calls, both served', () => {
    const table = createFlightTable()
    expect(kinds(table.arrive(stream, 'original', at(0), direct))).toContain('start-upstream original')
    expect(kinds(table.arrive(json, 'duplicate', at(500), direct))).toContain('start-upstream duplicate')
    for (const flight of ['f1', 'f2']) {
      table.append(flight, bytes(flight), at(2000))
      table.end(flight, whole, at(2000))
    }
    expect([received(table, 'original').text, received(table, 'duplicate').text]).toEqual(['f1', 'f2'])
  })

  test('three duplicates while the original is pending: one call, all served', () => {
    const table = createFlightTable()
    const names = ['original', 'second', 'third', 'fourth']
    const done = names.flatMap((name, index) => kinds(table.arrive(json, name, at(index), direct)))
    expect(done.filter((kind) => kind.startsWith('start'))).toEqual(['start-upstream original'])
    table.append('f1', bytes('{"content":"hi"}'), at(2000))
    expect(kinds(table.end('f1', whole, at(2000)))).toEqual(['finish'])
    for (const name of names) expect(received(table, name)).toEqual({ text: '{"content":"hi"}', end: 'end' })
  })

  test.each([direct, background])('after the original completed, the same question is a fresh call', (options) => {
    const table = createFlightTable()
    table.arrive(json, 'original', at(0), options)
    table.end('f1', whole, at(100))
    table.leave('original', 'served', at(100))
    expect(kinds(table.arrive(json, 'again', at(1100), options))).toContain('start-upstream again')
  })

  test('when the original fails, the duplicate fails alike, and 2 s later there is a fresh call', () => {
    const table = createFlightTable()
    table.arrive(json, 'original', at(0), direct)
    table.arrive(json, 'duplicate', at(500), direct)
    expect(table.end('f1', failed, at(1000))).toMatchObject([{ consumers: ['original', 'duplicate'], ending: failed }])
    expect(kinds(table.arrive(json, 'later', at(3000), direct))).toContain('start-upstream later')
  })

  test('two streams and two whole answers at once: two calls, all four served', () => {
    const table = createFlightTable()
    const arrivals = [
      [stream, 's1'],
      [json, 'j1'],
      [stream, 's2'],
      [json, 'j2'],
    ] as const
    const done = arrivals.flatMap(([key, name]) => kinds(table.arrive(key, name, at(0), direct)))
    expect(done.filter((kind) => kind.startsWith('start'))).toEqual(['start-upstream s1', 'start-upstream j1'])
    for (const flight of ['f1', 'f2']) {
      table.append(flight, bytes(flight), at(1))
      table.end(flight, whole, at(1))
    }
    expect(arrivals.map(([, name]) => received(table, name).text)).toEqual(['f1', 'f2', 'f1', 'f2'])
  })

  test('a stream that ends in an error: whoever is aboard gets it within sse_error_cleanup_delay, nobody else does', () => {
    const table = createFlightTable()
    table.arrive(stream, 'original', at(0), direct)
    table.arrive(stream, 'duplicate', at(100), direct)
    table.append('f1', bytes('event: error\n\n'), at(200))
    table.end('f1', failed, at(200))
    expect(kinds(table.arrive(stream, 'a second later', at(1200), direct))).toContain('start-upstream a second later')
    expect(received(table, 'original')).toEqual({ text: 'event: error\n\n', end: 'end' })
    table.leave('original', 'served', at(300))
    expect(kinds(table.tick(at(3200)))).toEqual(['drop duplicate', 'discard'])
    expect(table.counts().flights).toBe(1)
  })

  test('a client that times out after 60 s and asks again gets the running answer in background life', () => {
    const table = createFlightTable()
    table.arrive(json, 'first', at(0), background)
    expect(table.leave('first', 'left', at(60_000))).toEqual([])
    expect(kinds(table.arrive(json, 'retry', at(61_000), background))).toEqual(['attach retry'])
    table.append('f1', bytes('answer'), at(90_000))
    table.end('f1', whole, at(90_000))
    expect(received(table, 'retry')).toEqual({ text: 'answer', end: 'end' })
  })

  test('one that asks again after the end gets it too, for 30 s', () => {
    for (const [afterMs, expected] of [
      [29_999, ['attach retry', 'finish']],
      [30_000, ['discard', 'start-upstream retry', 'attach retry']],
    ] as const) {
      const table = createFlightTable()
      table.arrive(json, 'first', at(0), background)
      table.leave('first', 'left', at(1))
      table.append('f1', bytes('answer'), at(2))
      table.end('f1', whole, at(1000))
      expect(kinds(table.arrive(json, 'retry', at(1000 + afterMs), background))).toEqual(expected)
    }
  })
})
