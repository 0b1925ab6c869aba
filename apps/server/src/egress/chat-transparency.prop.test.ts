import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadConfig } from '@lb/config'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'

/** `LB_RUNS` asks for more. */
const RUNS = Number(process.env['LB_RUNS'] ?? 150)

const upstream = { pieces: [] as Buffer[], stream: false, received: '' }
let mock: Server
let lb: RunningServer

beforeAll(async () => {
  mock = createServer((request, response) => {
    const received: Buffer[] = []
    request.on('data', (chunk: Buffer) => received.push(chunk))
    request.on('end', () => {
      upstream.received = Buffer.concat(received).toString('latin1')
      response.writeHead(200, { 'content-type': upstream.stream ? 'text/event-stream' : 'application/json' })
      for (const piece of upstream.pieces) response.write(piece)
      response.end()
    })
  })
  await new Promise<void>((resolve) => mock.listen(0, '127.0.0.1', resolve))
  const { port } = mock.address() as AddressInfo
  const loaded = loadConfig(
    `
providers: [{ name: a, type: openai, base_url: "http://127.0.0.1:${port}/v1", auth_type: none }]
model_routes: { "*": [{ provider: a, model: passthrough, priority: 1 }] }
settings: { port: 0, log_file_path: "", deduplication: { enabled: false }, usage: { enabled: false } }`,
    {},
  )
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  lb = await startServer({ config: loaded.value.config, log: pino({ level: 'silent' }), isOverloaded: () => false })
})

afterAll(async () => {
  await lb.close(0)
  mock.closeAllConnections()
  mock.close()
})

async function exchange(body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${lb.url}/v1/chat/completions`, { method: 'POST', headers, body })
  return Buffer.from(await response.arrayBuffer()).toString('latin1')
}

const text = fc.string({ unit: 'binary', maxLength: 20 })
/** JSON text that no parse and stringify would leave as it is. */
const oddValue = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom('1e400', '1.0', '12345678901234567890', '-0', '{"a":1,"a":2}', '"\\ud800"', '[ 1 , 2 ]'),
)
const members = fc.array(fc.tuple(text, oddValue), { maxLength: 4 })
const own = (list: readonly (readonly [string, string])[]): string[] =>
  list.map(([name, value]) => `${JSON.stringify(`x${name}`)} : ${value}`)

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const sorted = [...new Set(at.map((offset) => offset % (whole.length + 1)))].sort((a, b) => a - b)
  return [...sorted, whole.length].map((end, index) => whole.subarray(sorted[index - 1] ?? 0, end))
}

test(`${RUNS} random requests and whole answers of Chat are equal on both legs`, async () => {
  await fc.assert(
    fc.asyncProperty(members, members, fc.array(fc.nat(), { maxLength: 4 }), async (asked, answered, cuts) => {
      const body = `{ ${[...own(asked), '"model":"m"', '"messages":[ ]'].join(' ,')} }`
      const whole = Buffer.from(`{ ${[...own(answered), '"choices" : []'].join(', ')} }`)
      Object.assign(upstream, { pieces: cut(whole, cuts), stream: false })
      expect(await exchange(body)).toBe(whole.toString('latin1'))
      expect(upstream.received).toBe(Buffer.from(body).toString('latin1'))
    }),
    { numRuns: RUNS },
  )
}, 600_000)

test(`${RUNS} random streams of Chat are equal on both legs, whatever the cutting`, async () => {
  const event = (data: string): string => `data: ${data}\n\n`
  const chunk = (delta: string): string => event(`{"choices":[{"index":0,"delta":${delta},"finish_reason":null}]}`)
  const middle = fc.oneof(
    text.map((chars) => chunk(JSON.stringify({ content: chars }))),
    oddValue.map((value) => event(`{"choices":[],"x":${value}}`)),
    fc.constantFrom(
      ': comment\n\n',
      event('no JSON'),
      'event: novelty\ndata: {}\n\n',
      event('{"choices":[],"usage":{}}'),
    ),
  )
  const lineEnd = fc.constantFrom('\n', '\n', '\r\n')
  const cuts = fc.array(fc.nat(), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(middle, { maxLength: 12 }), lineEnd, cuts, async (events, end, at) => {
      const stop = event('{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
      const all = [chunk('{"role":"assistant"}'), ...events, stop, event('[DONE]')].join('')
      const whole = Buffer.from(all.replaceAll('\n', end))
      Object.assign(upstream, { pieces: cut(whole, at), stream: true })
      expect(await exchange('{"model":"m","messages":[],"stream":true}')).toBe(whole.toString('latin1'))
    }),
    { numRuns: RUNS },
  )
}, 600_000)
