import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MockProvider, startMockProvider } from '../server/mock-provider.ts'
import { planOf, QUESTION } from '../testing/plan-of.ts'
import { exchangeRaw, hurriedClock, postBytes } from '../testing/raw-client.ts'
import type { Frame } from '../wire/frame.ts'
import { type BytePlan, SECOND_RESPONSE } from '../wire/plan.ts'
import {
  type ConnectionFault,
  connectionFaultNames,
  connectionFaults,
  type FaultName,
  faultNames,
  faults,
} from './presets.ts'

/**
 * Every preset, in every dialect, streamed and not: what a raw socket sees is byte for byte what the pure plan says, and the
 * connection ends as the plan says. What the plans mean is tested beside the presets' files.
 */

const PATHS = ['/v1/messages', '/v1/chat/completions', '/v1/responses']
/** 100 MB are seen once, not six times. */
const HUGE: readonly FaultName[] = ['endless-event']

/** A hundred servers at once take their time on a busy machine. */
const PATIENCE_MS = 60_000

test.concurrent.each(faultNames)(
  '%s: the bytes and the end are as planned',
  async (name) => {
    const paths = HUGE.includes(name) ? PATHS.slice(0, 1) : PATHS
    const streams = HUGE.includes(name) ? [true] : [true, false]
    await Promise.all(paths.flatMap((path) => streams.map((stream) => observe(name, path, stream))))
  },
  PATIENCE_MS,
)

async function observe(name: FaultName, path: string, stream: boolean): Promise<void> {
  const provider = await startMockProvider({ script: { fault: name }, clock: hurriedClock() })
  const plan = planOf({ fault: name }, path, stream)
  const planned = digest(plan.steps)
  const ping = plan.end.kind === 'pings' ? Buffer.from(plan.end.bytes) : Buffer.alloc(0)
  const expected = { bytes: planned.size + ping.length, end: ENDS[plan.end.kind] }
  const { bytes, end } = await exchangeRaw(provider.port, postBytes(path, { ...QUESTION, stream }), expected)
  await provider.close()
  const where = `${path}, stream ${stream}`
  expect(digest([{ kind: 'bytes', bytes: bytes.subarray(0, planned.size) }]), where).toEqual(planned)
  expect(end, where).toBe(expected.end)
  const after = bytes.subarray(planned.size)
  expect(after.subarray(0, plan.end.kind === 'pings' ? ping.length : after.length), where).toEqual(ping)
}

let mock: MockProvider
beforeAll(async () => {
  mock = await startMockProvider({ clock: hurriedClock() })
})
afterAll(() => mock.close())

/** A whole answer, and the connection waits for more. */
const OPEN = { bytes: 1, end: 'open' } as const

const ENDS: { readonly [K in BytePlan['end']['kind']]: 'open' | 'fin' | 'reset' } = {
  keep: 'open',
  stall: 'open',
  pings: 'open',
  close: 'fin',
  'half-close': 'fin',
  reset: 'reset',
}

test('the second response follows the first', async () => {
  await mock.setScript({ fault: 'second-response' })
  const seen = await exchangeRaw(mock.port, postBytes('/v1/messages', QUESTION), OPEN)
  expect(seen.bytes.subarray(-SECOND_RESPONSE.length)).toEqual(Buffer.from(SECOND_RESPONSE))
})

test('a stale connection is reset by its second request, without a byte', async () => {
  await mock.setScript({ fault: 'stale-keep-alive' })
  mock.clear()
  const request = postBytes('/v1/messages', QUESTION)
  const first = await exchangeRaw(mock.port, request, OPEN)
  const twice = await exchangeRaw(mock.port, request + request)
  expect(first.end).toBe('open')
  expect(twice.end).toBe('reset')
  await mock.idle()
  expect(mock.requests.map((record) => record.outcome)).toEqual(['answered', 'answered', 'refused'])
})

test('an early refusal does not wait for the body', async () => {
  await mock.setScript({ fault: 'request-too-large-early' })
  const head = postBytes('/v1/messages', QUESTION).split('\r\n\r\n')[0] ?? ''
  const seen = await exchangeRaw(
    mock.port,
    `${head.replace(/Content-Length: \d+/, 'Content-Length: 40000000')}\r\n\r\n{`,
  )
  expect(seen.bytes.toString('latin1')).toMatch(/^HTTP\/1\.1 413 /)
  expect(seen.end).not.toBe('open')
})

const CONNECTION_ENDS: { readonly [N in ConnectionFault]: 'open' | 'fin' | 'reset' } = {
  'connection-refused': 'fin',
  'reset-on-accept': 'reset',
  'close-on-accept': 'fin',
  'silent-on-accept': 'open',
}

test.each(connectionFaultNames)('%s ends connections before any request', async (name) => {
  await mock.setScript({ fault: name })
  mock.clear()
  const end = CONNECTION_ENDS[name]
  const seen = await exchangeRaw(mock.port, postBytes('/v1/messages', QUESTION), { end })
  expect(seen.bytes.length).toBe(0)
  expect(seen.end).toBe(end)
  expect(mock.requests).toEqual([])
  expect(connectionFaults[name].about).not.toBe('')
})

test('every row of the fault catalogue that an upstream can play has a preset', () => {
  const rows = [...Object.values(faults), ...Object.values(connectionFaults)].flatMap((preset) => preset.rows)
  const played = [1, 3, 4, 5, 6, 7, 8, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35]
  expect([...new Set(rows)].sort((a, b) => a - b)).toEqual([...played, ...range(36, 50)])
})

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function digest(frames: readonly Frame[]): { readonly size: number; readonly sha256: string } {
  const hash = createHash('sha256')
  let size = 0
  for (const frame of frames) {
    if (frame.kind === 'pause') continue
    const times = frame.kind === 'fill' ? frame.times : 1
    for (let n = 0; n < times; n++) hash.update(frame.bytes)
    size += frame.bytes.length * times
  }
  return { size, sha256: hash.digest('hex') }
}
