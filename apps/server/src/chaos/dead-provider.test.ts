import type { MockScript } from '@lb/mock-provider'
import { Pool } from 'undici'
import { afterAll, describe, expect, test } from 'vitest'
import { type Fault, faultsBeforeAnswer, faultsInStream } from '../testing/faults.ts'
import { eventNames, hello, startWorld } from '../testing/world.ts'
import { writeProof } from './proof.ts'

/**
 * Real requests over loopback while providers are dead. `LB_DEAD_REQUESTS=2000` asks so often for each of all faults; the default is
 * what a test run has time for. (Each fault alone is in attempt/failover.test.ts.)
 */
const isFull = process.env['LB_DEAD_REQUESTS'] !== undefined
const requests = Number(process.env['LB_DEAD_REQUESTS'] ?? 12)
/** As many clients as ask at the same time: each may find the dead provider before the others have told of it. */
const clients = requests >= 1000 ? 8 : 1

/** Only Anthropic's streams can begin twice. */
const streamFaults: readonly Fault[] = [...faultsInStream, 'duplicate-message-start']

/** What only time tells, in the time that lb is set to wait here. */
const slowFaults: readonly Fault[] = [
  'silence',
  'silent-on-accept',
  'stall-after-head',
  'stall-after-message-start',
  'pings-only',
]
const WAIT_S = 1

const settings = [
  'deduplication: { enabled: false }',
  `timeouts: { streaming: { connect_timeout: ${WAIT_S}, first_byte_timeout: ${WAIT_S}, read_timeout: ${WAIT_S}, idle_timeout: ${WAIT_S} }, non_streaming: { connect_timeout: ${WAIT_S}, read_timeout: ${WAIT_S} } }`,
]

interface Asked {
  readonly succeeded: number
  readonly attempts: number
}

/** Asks, streams and whole answers in turn, or streams alone, and looks at every answer. */
async function askAll(scripts: readonly MockScript[], onlyStreams: boolean): Promise<Asked> {
  const { lb } = await startWorld({ scripts, settings, isQuiet: true })
  const pool = new Pool(lb.url, { connections: clients })
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
  let left = requests
  let succeeded = 0
  let attempts = 0
  const client = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1
      const stream = onlyStreams || left % 2 === 0
      const body = JSON.stringify({ ...hello, stream })
      const response = await pool.request({ method: 'POST', path: '/v1/messages', headers, body })
      const text = await response.body.text()
      const isWhole = stream ? eventNames(text).at(-1) === 'message_stop' : text.includes('"stop_reason":"end_turn"')
      if (response.statusCode === 200 && isWhole && text.includes('alive')) succeeded += 1
      attempts += Number(response.headers['x-lb-attempts'] ?? 0)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  await pool.close()
  return { succeeded, attempts }
}

const rows: string[] = []
const alive: MockScript = { default: { reply: { text: 'alive' } } }

const few: readonly Fault[] = [
  'connection-refused',
  'error-500',
  'error-529',
  'rate-limit',
  'html-200',
  'empty-stream',
  'error-after-message-start',
]

describe.each(isFull ? [...faultsBeforeAnswer, ...streamFaults, ...slowFaults] : few)('%s', (fault) => {
  const onlyStreams = streamFaults.includes(fault)

  test('of one provider of three: everybody is served, and it is hardly asked', { timeout: 600_000 }, async () => {
    const { succeeded, attempts } = await askAll([{ fault }, alive, alive], onlyStreams)
    expect(succeeded).toBe(requests)
    // It is found dead by its first failures, each of which costs an attempt; after that it is left alone.
    expect(attempts - requests).toBeLessThanOrEqual(Math.max(4, 0.02 * requests))
    rows.push(`| ${fault} | one | ${succeeded} of ${requests} | ${(attempts / requests).toFixed(4)} |`)
  })

  test('of two providers of three: everybody is served', { timeout: 600_000 }, async () => {
    const { succeeded, attempts } = await askAll([{ fault }, { fault }, alive], onlyStreams)
    expect(succeeded).toBe(requests)
    rows.push(`| ${fault} | two | ${succeeded} of ${requests} | ${(attempts / requests).toFixed(4)} |`)
  })
})

afterAll(() =>
  writeProof('dead-providers', {
    command: `LB_PROOFS=1 LB_DEAD_REQUESTS=${requests} vitest run --project apps apps/server/src/chaos/dead-provider.test.ts`,
    lines: [
      `Real requests over loopback from ${clients} clients at a time, streams and whole answers in turn; of the faults from`,
      `\`${streamFaults[0]}\` on streams only, of those from \`${slowFaults[0]}\` on with timeouts of ${WAIT_S} s. Served: a whole answer of a living provider.`,
      '',
      '| fault | dead, of three | served | attempts per request |',
      '|---|---|---|---|',
      ...rows,
    ],
  }),
)
