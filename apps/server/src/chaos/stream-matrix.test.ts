import { anthropicRequestKeep, parseJsonKeeping, scanJsonObject } from '@lb/protocol'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { House } from '../state/house.ts'
import { type OpenHouse, openHouse } from '../state/open-house.ts'
import { noThread, testConfig } from '../testing/world.ts'
import { expectedOf, type StreamCase, violations } from './judge.ts'
import { runCase, type Seen, type VirtualTime } from './matrix-run.ts'
import { writeProof } from './proof.ts'
import { type RecordedStream, recordedStreams, type UpstreamDialect } from './recorded-streams.ts'
import type { Act } from './scripted-pools.ts'
import {
  brokenStream,
  type Cutting,
  cuttings,
  headFaults,
  type StreamFault,
  streamFaults,
  wholeStream,
} from './stream-fault.ts'

/**
 * The stream matrix: every fault at every event of real streams, cut in every way, for every kind of client. Real attempt loop,
 * real readers, virtual network and time.
 *
 * `LB_MATRIX=full` runs every fault at every event for every client (some minutes), `all` with each cutting too; the default is an
 * evenly spread sample.
 */
const size = process.env['LB_MATRIX'] ?? 'sample'
const MAX_EVENTS = 22
/** Of the cases, each so many-th is run. */
const EVERY = size === 'sample' ? 97 : 1
const seed = Number(process.env['LB_SEED'] ?? 1)

const clients: Readonly<Record<string, string>> = {
  'Claude Code': 'claude-cli/2.1.330 (external, cli)',
  'an SDK': 'Anthropic/JS 1.8.0',
  'a plain client': 'curl/8.5.0',
}

const second = [
  { type: 'message_start', message: { id: 'msg_b', usage: { input_tokens: 7, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'the second' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
].map((data) => Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`))
const oneRead = (events: readonly Buffer[]): readonly Act[] => events.map((bytes) => ({ act: 'bytes', bytes }))
const wholeOfSecond = Buffer.concat(second)

const realSetImmediate = setImmediate
const time: VirtualTime = {
  settled: () => new Promise((resolve) => void realSetImmediate(() => realSetImmediate(resolve))),
  goOn() {
    if (vi.getTimerCount() === 0) return false
    vi.advanceTimersToNextTimer()
    return true
  },
}

const houses = new Map<UpstreamDialect, OpenHouse>()
beforeAll(async () => {
  for (const dialect of ['anthropic', 'chat'] as const) {
    const types = [dialect === 'chat' ? 'openai' : 'anthropic', 'anthropic'] as const
    const config = testConfig([{ url: 'http://a.test' }, { url: 'http://b.test' }], { types })
    const options = { config, log: pino({ enabled: false }), isOverloaded: () => false, startThread: noThread }
    houses.set(dialect, await openHouse(options, () => 'ready'))
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
})
afterAll(async () => {
  vi.useRealTimers()
  for (const house of houses.values()) await house.close()
})

function houseOf(dialect: UpstreamDialect): House {
  const open = houses.get(dialect)
  if (open === undefined) throw new Error(`no house for ${dialect}`)
  return open.house
}

function requestOf(userAgent: string, nowMs: number): ClientRequest {
  const body = Buffer.from('{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}')
  const outline = scanJsonObject(body)
  if (!outline.ok) throw new Error(outline.error.message)
  return {
    id: 'req_matrix',
    endpoint: 'messages',
    tenant: 'nobody',
    rawHeaders: ['user-agent', userAgent],
    headers: { 'user-agent': userAgent },
    query: '',
    body,
    outline: outline.value,
    model: 'm',
    stream: true,
    receivedAtMs: nowMs,
    readAtMs: nowMs,
    json: () => parseJsonKeeping(body.toString(), anthropicRequestKeep),
  }
}

function ask(dialect: UpstreamDialect, userAgent: string, first: readonly Act[]): Promise<Seen> {
  const house = houseOf(dialect)
  const acts = (origin: string): readonly Act[] => (origin === 'http://a.test' ? first : wholeStream(second, oneRead))
  return runCase(house, requestOf(userAgent, house.clock.nowMs()), acts, time)
}

function seededRoll(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface PlannedCase {
  readonly client: string
  readonly userAgent: string
  readonly name: string
  readonly fault: StreamFault
  readonly index: number
  readonly cutName: string
  readonly cutting: Cutting
}

interface Tally {
  planned: number
  cases: number
  ends: Record<string, number>
  wrong: string[]
}

/** The cases of one stream: every fault at every event for every client, with a cutting each, in turn, or with all of them. */
function* casesOf({ dialect, events }: RecordedStream): Generator<PlannedCase> {
  const cuts = Object.entries(cuttings).filter(([name]) => name !== 'every byte' || events.length <= 15)
  let turn = 0
  for (const [client, userAgent] of Object.entries(clients))
    for (const [name, fault] of Object.entries(streamFaults)) {
      if (fault.only !== undefined && fault.only !== dialect) continue
      for (let index = 0; index <= events.length; index += 1) {
        turn += 1
        for (const [cutName, cutting] of size === 'all' ? cuts : [cuts[turn % cuts.length] as (typeof cuts)[number]])
          yield { client, userAgent, name, fault, index, cutName, cutting }
      }
    }
}

async function runStream(stream: RecordedStream, tally: Tally): Promise<void> {
  const { dialect, events, id } = stream
  const whole = await ask(dialect, 'curl/8.5.0', wholeStream(events, oneRead))
  const wholeOfFirst = dialect === 'anthropic' ? untilEnd(stream) : whole.bytes
  if (!whole.bytes.equals(wholeOfFirst)) tally.wrong.push(`${id}: the unbroken stream is not passed on`)
  for (const planned of casesOf(stream)) {
    tally.planned += 1
    if (tally.planned % EVERY !== 0) continue
    const { client, userAgent, name, fault, index, cutName, cutting } = planned
    const roll = seededRoll(seed * 7919 + tally.planned)
    const acts = brokenStream(dialect, events, index, fault, (sent) => cutting(sent, roll))
    const one: StreamCase = {
      stream,
      index,
      fault,
      retriesDrops: client === 'Claude Code',
      wholeOfFirst,
      wholeOfSecond,
    }
    const wrong = violations(one, await ask(dialect, userAgent, acts))
    const expected = expectedOf(one)
    tally.cases += 1
    tally.ends[expected] = (tally.ends[expected] ?? 0) + 1
    for (const what of wrong)
      tally.wrong.push(`${id}: ${name} at ${index} of ${events.length}, ${cutName}, ${client}: ${what}`)
  }
}

/** A provider may go on after its closing event; nobody reads that. */
function untilEnd({ events }: RecordedStream): Buffer {
  const end = events.findIndex((event) => event.toString().includes('"message_stop"'))
  return Buffer.concat(events.slice(0, end + 1))
}

describe.each(['anthropic', 'chat'] as const)('a stream of an upstream that speaks %s', (dialect) => {
  test('breaks at any event in any way without harm', { timeout: 3_600_000 }, async () => {
    const streams = recordedStreams(dialect, MAX_EVENTS)
    const tally: Tally = { planned: 0, cases: 0, ends: {}, wrong: [] }
    for (const stream of streams) await runStream(stream, tally)
    console.log(`${dialect}: ${tally.cases} cases over ${streams.length} real streams: ${JSON.stringify(tally.ends)}`)
    expect(tally.wrong.slice(0, 20)).toEqual([])
    writeProof(`stream-matrix-${dialect}`, {
      command: 'pnpm proof:matrix',
      seed,
      lines: [
        `- upstream dialect: ${dialect}; ${streams.length} real streams of up to ${MAX_EVENTS} events`,
        `- ${Object.keys(streamFaults).length} faults at every event, ${Object.keys(clients).length} kinds of client, ${Object.keys(cuttings).length} cuttings${size === 'all' ? '' : ' in turn'}`,
        `- cases: ${tally.cases}; violations of (a)–(f): ${tally.wrong.length}`,
        ...Object.entries(tally.ends).map(([end, number]) => `- ended as \`${end}\`: ${number}`),
      ],
    })
  })

  test.each(Object.entries(headFaults))('that does not begin (%s): the second’s whole answer', async (_, acts) => {
    for (const userAgent of Object.values(clients)) {
      const { bytes, ending, outcomes, longestSilenceMs } = await ask(dialect, userAgent, acts)
      expect(bytes.toString()).toBe(wholeOfSecond.toString())
      expect(ending).toBe('end')
      expect(outcomes.at(-1)).toMatchObject({ provider: 'b', outcome: { kind: 'succeeded' } })
      expect(longestSilenceMs).toBeLessThanOrEqual(10_002)
    }
  })
})
