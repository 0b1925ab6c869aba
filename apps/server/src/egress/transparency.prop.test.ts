import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { loadConfig } from '@lb/config'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'

/** Of each kind: 10,000 in all. */
const RUNS = 5000

/** What the upstream is to answer with next, and what it got. */
const upstream = { pieces: [] as Buffer[], stream: false, receivedHash: '' }
let mock: Server
let lb: RunningServer

beforeAll(async () => {
  mock = createServer((request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () => {
      upstream.receivedHash = hash.digest('hex')
      const { pieces, stream } = upstream
      response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' })
      const next = (index: number): void => {
        if (index === pieces.length) response.end()
        else response.write(pieces[index], () => (index % 3 === 0 ? setImmediate(next, index + 1) : next(index + 1)))
      }
      next(0)
    })
  })
  await new Promise<void>((resolve) => mock.listen(0, '127.0.0.1', resolve))
  const { port } = mock.address() as AddressInfo
  const loaded = loadConfig(
    `
providers: [{ name: a, type: anthropic, base_url: "http://127.0.0.1:${port}", auth_type: none }]
model_routes: { "*": [{ provider: a, model: passthrough, priority: 1 }] }
settings: { port: 0, log_file_path: "", deduplication: { enabled: false } }`,
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

/** Sends bytes over a plain socket and returns the body's bytes: no client library between lb and the judge. */
function exchange(body: Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(lb.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    const received: Buffer[] = []
    const head = `POST /v1/messages HTTP/1.0\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
    socket.write(Buffer.concat([Buffer.from(head), body]))
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const whole = Buffer.concat(received)
      resolve(whole.subarray(whole.indexOf('\r\n\r\n') + 4))
    })
  })
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const text = fc.string({ unit: 'binary', maxLength: 30 })
/** JSON text that no parse and stringify would leave as it is. */
const oddValue = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '1e400',
    '1.0',
    '12345678901234567890',
    '-0',
    '{"a":1,"a":2}',
    '"\\ud800"',
    '{"b":1,"a":2}',
    '[ 1 , 2 ]',
  ),
)
const space = fc.constantFrom('', ' ', '\n  ')
const requestBody = fc
  .tuple(fc.array(fc.tuple(text, oddValue, space), { maxLength: 5 }), fc.array(oddValue, { maxLength: 3 }), space)
  .map(([members, messages, gap]) => (stream: boolean) => {
    const own = members.map(([name, value, before]) => `${before}${JSON.stringify(`x${name}`)}:${value}`)
    const known = ['"model":"claude-x"', `"messages":[${messages.join(',')}]`, `"stream":${stream}`]
    return Buffer.from(`{${gap}${[...own, ...known].join(`,${gap}`)}}`)
  })

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const sorted = [...new Set(at.map((offset) => offset % (whole.length + 1)))].sort((a, b) => a - b)
  return [...sorted, whole.length]
    .map((end, index) => whole.subarray(sorted[index - 1] ?? 0, end))
    .filter(({ length }) => length > 0)
}

test(`${RUNS} random requests and JSON answers are equal on both legs`, async () => {
  const answer = fc.array(fc.tuple(text, oddValue)).map((members) => {
    const own = members.map(([name, value]) => `${JSON.stringify(`x${name}`)} :${value}`)
    return Buffer.from(`{ ${[...own, '"content":[]'].join(', ')} }`)
  })
  await fc.assert(
    fc.asyncProperty(requestBody, answer, fc.array(fc.nat(), { maxLength: 5 }), async (request, whole, cuts) => {
      Object.assign(upstream, { pieces: cut(whole, cuts), stream: false })
      const body = request(false)
      const received = await exchange(body)
      expect({ up: upstream.receivedHash, down: sha256(received) }).toEqual({ up: sha256(body), down: sha256(whole) })
    }),
    { numRuns: RUNS },
  )
}, 600_000)

test(`${RUNS} random requests and streams are equal on both legs, whatever the cutting`, async () => {
  const event = (type: string, data: string): string => `event: ${type}\ndata: {"type":"${type}"${data}}\n\n`
  const middle = fc.array(
    fc.oneof(
      text.map((chars) =>
        event('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":${JSON.stringify(chars)}}`),
      ),
      oddValue.map((value) => event('content_block_delta', `,"x":${value}`)),
      fc.constantFrom(
        event('ping', ''),
        event('novelty', ''),
        ': comment\n\n',
        'data: {"type":"content_block_stop"}\n\n',
      ),
    ),
    { maxLength: 20 },
  )
  const lineEnd = fc.constantFrom('\n', '\n', '\r\n')
  await fc.assert(
    fc.asyncProperty(
      requestBody,
      middle,
      lineEnd,
      fc.array(fc.nat(), { maxLength: 12 }),
      async (request, events, end, cuts) => {
        const all = [
          event('message_start', ',"message":{"id":"msg_1","usage":{"input_tokens":1}}'),
          ...events,
          event('message_delta', ',"delta":{"stop_reason":"end_turn"}'),
          event('message_stop', ''),
        ]
        const whole = Buffer.from(all.join('').replaceAll('\n', end))
        Object.assign(upstream, { pieces: cut(whole, cuts), stream: true })
        const body = request(true)
        const received = await exchange(body)
        expect({ up: upstream.receivedHash, down: sha256(received) }).toEqual({ up: sha256(body), down: sha256(whole) })
      },
    ),
    { numRuns: RUNS },
  )
}, 600_000)
