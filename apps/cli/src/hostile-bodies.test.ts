import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'

// What bodies that are there to hurt cost a real lb. Which ones are refused, and how, is tried beside the front door.

/**
 * Looks at its own process every few milliseconds, and prints at SIGUSR2 the worst since the last time. A turn of the loop is
 * measured by the processor time it took, the engine's own threads included: what else this machine does is not lb's fault.
 */
const watcher = `
  let before = process.cpuUsage(), stallMs = 0, rss = 0
  setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    stallMs = Math.max(stallMs, (user + system) / 1000)
    rss = Math.max(rss, process.memoryUsage.rss())
  }, 5).unref()
  process.on('SIGUSR2', () => {
    console.log('worst ' + JSON.stringify({ stallMs, rssMb: rss / 2 ** 20 }))
    stallMs = rss = 0
  })`

interface Worst {
  readonly stallMs: number
  readonly rssMb: number
}

async function worstOf(lb: LbProcess): Promise<Worst> {
  const told = (): string[] => lb.output().split('worst ').slice(1)
  const before = told().length
  lb.signal('SIGUSR2')
  await expect.poll(() => told().length, { interval: 5 }).toBe(before + 1)
  return JSON.parse(told().at(-1)?.split('\n')[0] ?? '')
}

interface Answered {
  readonly status: number
  /** From the last byte sent to the first of the answer. */
  readonly ms: number
}

function send(lb: LbProcess, path: string, body: Buffer, headers: Hostile[2] = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let sentMs = performance.now()
    const sent = request(lb.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { statusCode: status = 0 } = response
      // An answer that came before all was sent had no time at all.
      const ms = Math.max(0, performance.now() - sentMs)
      response.resume().on('close', () => resolve({ status, ms }))
    })
    sent.end(body, () => {
      sentMs = performance.now()
    })
  })
}

const inside = (json: string): string => `{"model":"m","messages":${json}}`
const many = (count: number, piece: string): string => piece.repeat(count).slice(0, -1)

type Hostile = readonly [name: string, make: () => string | Buffer, headers?: Readonly<Record<string, string>>]

/** Seen through before they are whole, or by their head. */
const seenThrough: readonly Hostile[] = [
  ['10^7 arrays in one another', () => inside('['.repeat(10_000_000))],
  ['10^7 of them, closed', () => inside('['.repeat(10_000_000) + ']'.repeat(10_000_000))],
  ['5·10^6 objects in one another', () => inside('{"a":'.repeat(5_000_000))],
  ['24 MB of {}', () => inside(`[${many(8_000_000, '{},')}]`)],
  ['24 MB of {}, in chunks', () => inside(`[${many(8_000_000, '{},')}]`), { 'transfer-encoding': 'chunked' }],
  ['24 MB of numbers', () => inside(`[${many(12_000_000, '0,')}]`)],
  ['4 million members', () => `{${many(4_000_000, '"":0,')}}`],
  ['4 million members further in', () => inside(`[{${many(4_000_000, '"":0,')}}]`)],
  ['33 MB', () => inside(`["${'x'.repeat(34_000_000)}"]`)],
  ['256 MB in gzip', () => gzipSync(Buffer.alloc(1 << 28)), { 'content-encoding': 'gzip' }],
  ['two layers of gzip', () => gzipSync(gzipSync(Buffer.alloc(1 << 26))), { 'content-encoding': 'gzip, gzip' }],
]
/** They must be looked at to their end. */
const lookedAt: readonly Hostile[] = [
  ['24 MB of an open string', () => inside(`"${'\\"'.repeat(12_000_000)}`)],
  ['24 MB of backslashes', () => inside(`"${'\\'.repeat(24_000_000)}`)],
  ['a model whose name is 24 MB', () => `{"messages":[],"model":"${'x'.repeat(24_000_000)}"}`],
  ['a provider whose name is 24 MB', () => `{"messages":[],"model":"m","provider":"${'x'.repeat(24_000_000)}"}`],
  ['24 MB of spaces', () => ' '.repeat(24_000_000)],
  ['24 MB of zeros', () => '0'.repeat(24_000_000)],
]

test.each(['/v1/messages', '/v1/chat/completions'])(
  'POST %s: a hostile body is refused within 100 ms, stalls nobody for 250 ms, and takes no more than 64 MB',
  async (path) => {
    const mock = await startMockProvider({ script: {} })
    onTestFinished(() => mock.close())
    const file = join(temporaryFolder(), 'watcher.mjs')
    writeFileSync(file, watcher)
    const lb = await startLb({ config: configFor([mock.url]), nodeArgs: ['--import', file] })
    const hello = Buffer.from(inside('[{"role":"user","content":"hi"}]'))
    expect((await send(lb, path, hello)).status).toBeLessThan(500)
    await worstOf(lb)

    const wrong: string[] = []
    for (const hostile of [...seenThrough, ...lookedAt]) {
      const [name, make, headers] = hostile
      const body = Buffer.from(make())
      await new Promise((resolve) => setTimeout(resolve, 50))
      const { rssMb: beforeMb } = await worstOf(lb)
      const answered: Answered[] = []
      const isQuick = (): boolean => answered.some(({ ms }) => ms < 100) || lookedAt.includes(hostile)
      // The machine may be busy for a moment, not three times.
      do answered.push(await send(lb, path, body, headers))
      while (!isQuick() && answered.length < 3)
      const { stallMs, rssMb } = await worstOf(lb)
      const isRefused = answered.every(({ status }) => status >= 400 && status < 500)
      const isFine = isRefused && isQuick() && stallMs < 250 && rssMb - beforeMb <= 64
      if (!isFine) wrong.push(`${name}: ${JSON.stringify(answered)}, ${stallMs} ms, +${rssMb - beforeMb} MB`)
    }
    expect(wrong).toEqual([])
    expect(mock.requests.length).toBeLessThanOrEqual(1)
  },
  120_000,
)
