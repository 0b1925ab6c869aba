/**
 * Many streams at once, and clients that leave: 500 concurrent streams through one lb, of which none may be lost, the memory
 * before and after them, and how soon the upstream sees that a client has left. Upstream and clients share this process and its
 * clock; lb has its own.
 *
 *   pnpm proof:streams [--streams 500] [--rounds 10] [--aborts 300] [--write]     --write puts the table into docs/proofs/streams.md
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTarget } from './target.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '10' },
    aborts: { type: 'string', default: '300' },
    write: { type: 'boolean', default: false },
  },
})

/** Events of content in an answer, one each 20 ms. */
const EVENTS = 100
const PAUSE_MS = 20
/** So often, 20 ms apart, lb is looked to for its memory: a collection takes a fraction of it. */
const ALIVE_WAITS = 500

/** When the upstream saw that the client of a request had left, by the number in its prompt. */
const leftAtMs = new Map<number, number>()

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  const id = Number(/#(\d+)/.exec(text)?.[1])
  let isOpen = true
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) leftAtMs.set(id, performance.now())
    isOpen = false
  })
  const send = (type: string, rest: object): void =>
    void outgoing.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`)
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
  send('message_start', { message: { id: `msg_${id}`, role: 'assistant', content: [], usage: { input_tokens: 1 } } })
  send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
  for (let event = 0; event < EVENTS && isOpen; event += 1) {
    send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: `${event} ` } })
    await setTimeout(PAUSE_MS)
  }
  if (!isOpen) return
  send('content_block_stop', { index: 0 })
  send('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: EVENTS } })
  send('message_stop', {})
  outgoing.end()
}

let asked = 0

/** @returns the whole text, or, with `leave`, when the client left: at the first event of content. */
function ask(
  url: string,
  leave: boolean,
): Promise<{ readonly id: number; readonly text: string; readonly atMs: number }> {
  asked += 1
  const id = asked
  const content = `#${id} please`
  const body = JSON.stringify({ model: 'claude-x', max_tokens: 9, stream: true, messages: [{ role: 'user', content }] })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-api-key': 'k' }
    const sent = request(`${url}/v1/messages`, { method: 'POST', agent: false, headers }, (response) => {
      let text = ''
      response.on('error', reject)
      response.on('data', (bytes: Buffer) => {
        text += bytes.toString()
        if (!leave || !text.includes('content_block_delta')) return
        response.removeListener('error', reject)
        response.on('error', () => {})
        resolve({ id, text, atMs: performance.now() })
        sent.destroy()
      })
      response.on('end', () => resolve({ id, text, atMs: performance.now() }))
    })
    sent.on('error', (error) => (leave ? undefined : reject(error)))
    sent.end(body)
  })
}

function isWhole(text: string): boolean {
  return text.split('content_block_delta"').length - 1 === EVENTS && text.includes('event: message_stop')
}

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0

const upstream = createServer((incoming, outgoing) => void answer(incoming, outgoing))
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
const folder = mkdtempSync(join(tmpdir(), 'lb-streams-'))
const config = join(folder, 'config.yaml')
writeFileSync(
  config,
  [
    'providers:',
    `  - { name: a, type: anthropic, base_url: "${upstreamUrl}", auth_type: api_key, auth_value: k }`,
    'model_routes: { "*": [{ provider: a, model: passthrough, priority: 1 }] }',
    'settings: { port: 0 }',
  ].join('\n'),
)
const aliveFile = join(folder, 'alive.json')
process.env['LB_BENCH_ALIVE'] = aliveFile
const watched = ['--expose-gc', '--import', new URL('tell-alive.mjs', import.meta.url).href]
const bin = join(root, 'apps/cli/dist/bin.js')
const lb = await startTarget('lb', [process.execPath, ...watched, bin, 'start', '--config', config])

/** What lb still holds after a full collection, in MB: objects, and buffers beside them. */
async function aliveMb(): Promise<number> {
  rmSync(aliveFile, { force: true })
  lb.signal('SIGUSR2')
  for (let waits = 0; !existsSync(aliveFile); waits += 1) {
    if (waits === ALIVE_WAITS) throw new Error('lb did not say how much memory is alive')
    await setTimeout(20)
  }
  const { heapUsed, external } = JSON.parse(readFileSync(aliveFile, 'utf8')) as NodeJS.MemoryUsage
  return (heapUsed + external) / 2 ** 20
}

try {
  const wanted = Number(options.streams)
  await Promise.all(Array.from({ length: 50 }, () => ask(lb.url, false)))
  const before = { rss: lb.rssMb(), alive: await aliveMb() }
  const rounds: { readonly whole: number; readonly peak: number; readonly after: number }[] = []
  /** After the first round, which fills what is kept of past requests, and after the last. */
  const alive: string[] = []
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const answers = Promise.all(Array.from({ length: wanted }, () => ask(lb.url, false).catch(() => ({ text: '' }))))
    await setTimeout((EVENTS * PAUSE_MS) / 2)
    const peak = lb.rssMb()
    const whole = (await answers).filter(({ text }) => isWhole(text)).length
    await setTimeout(3000)
    rounds.push({ whole, peak, after: lb.rssMb() })
    if (round === 0 || round === Number(options.rounds) - 1) alive.push((await aliveMb()).toFixed(1))
  }
  const latencies: number[] = []
  for (let index = 0; index < Number(options.aborts); index += 1) {
    const { id, atMs } = await ask(lb.url, true)
    for (let wait = 0; wait < 2000 && !leftAtMs.has(id); wait += 1) await setTimeout(1)
    latencies.push((leftAtMs.get(id) ?? Number.POSITIVE_INFINITY) - atMs)
  }
  latencies.sort((a, b) => a - b)
  const ms = (part: number): string => percentile(latencies, part).toFixed(1)
  const report = [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}.`,
    '',
    `${wanted} streams at once, each of ${EVENTS} events in ${(EVENTS * PAUSE_MS) / 1000} s. Before them lb's RSS is ${before.rss} MB.`,
    '',
    '| round | whole answers | lb RSS half-way, MB | lb RSS 3 s after, MB |',
    '|---|---|---|---|',
    ...rounds.map(({ whole, peak, after }, index) => `| ${index + 1} | ${whole} of ${wanted} | ${peak} | ${after} |`),
    '',
    `Objects and buffers that a full collection leaves alive: ${before.alive.toFixed(1)} MB before the first round, ${alive[0]} MB`,
    `after it, ${alive.at(-1)} MB after the last. RSS is that plus what V8 has not collected yet, for which it takes its time.`,
    '',
    `${latencies.length} clients that left in the middle: the upstream saw it after ${ms(0.5)} ms (p50), ${ms(0.99)} ms (p99), ${ms(1)} ms (all).`,
  ].join('\n')
  console.log(report)
  if (options.write) {
    mkdirSync(join(root, 'docs/proofs'), { recursive: true })
    const head = '# Many streams, and clients that leave\n\n`pnpm proof:streams --write` wrote this page.\n\n'
    writeFileSync(join(root, 'docs/proofs/streams.md'), `${head}${report}\n`)
  }
} finally {
  lb.stop()
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true, force: true })
}
