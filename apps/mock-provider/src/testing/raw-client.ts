import net from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { MockClock } from '../server/clock.ts'
import { RESET_GRACE_MS } from '../wire/plan.ts'

/** What a client without an HTTP library sees: bytes, and how the connection ended. */
export interface Seen {
  readonly bytes: Buffer
  /** `open`: nothing came for a while, and nobody closed. */
  readonly end: 'fin' | 'reset' | 'open'
}

/** What a raw client waits for. */
export interface Expected {
  /** Default any number. */
  readonly bytes?: number
  /** `open`: it stops once the bytes are there and nothing more has come for a while. Default the end of the connection. */
  readonly end?: Seen['end']
}

/** How long nothing comes before a raw client believes that nothing will. */
const QUIET_MS = 40
const PATIENCE_MS = 20_000

/** Sends bytes to a port and collects what comes back. */
export function exchangeRaw(port: number, request: string | Uint8Array, expected: Expected = {}): Promise<Seen> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let reset = false
    const socket = net.connect({ host: '127.0.0.1', port })
    const finish = (end: Seen['end']) => {
      clearTimeout(timer)
      resolve({ bytes: Buffer.concat(chunks), end })
      socket.destroy()
    }
    const isEnough = () => expected.end === 'open' && size >= (expected.bytes ?? 0)
    let enough = isEnough()
    let timer = setTimeout(() => finish('open'), enough ? QUIET_MS : PATIENCE_MS)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (enough) return
      enough = isEnough()
      clearTimeout(timer)
      timer = setTimeout(() => finish('open'), enough ? QUIET_MS : PATIENCE_MS)
    })
    socket.on('end', () => finish('fin'))
    socket.on('error', (error: Error & { code?: string }) => {
      reset = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    })
    socket.on('close', () => finish(reset ? 'reset' : 'fin'))
    socket.write(request)
  })
}

/** A request as bytes. */
export function postBytes(path: string, body: object, headers: readonly string[] = []): string {
  const text = JSON.stringify(body)
  const lines = [
    'Host: mock',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...headers,
  ]
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${text}`
}

/** A response taken apart by hand, so that no library forgives what it sees. */
export interface RawResponse {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  /** The body with its chunks put together, as far as it came. */
  readonly body: Buffer
  /** The pieces in which it was chunked. */
  readonly chunks: readonly Buffer[]
  /** Whether the framing says that this was all. */
  readonly complete: boolean
  /** Bytes after the end of the response. */
  readonly rest: Buffer
}

/** Takes a response apart; `undefined` if there is no whole head. */
export function parseRaw(bytes: Buffer): RawResponse | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  const status = Number(statusLine.split(' ')[1])
  const after = bytes.subarray(headEnd + 4)
  if (headers['transfer-encoding'] === 'chunked') {
    const { chunks, complete, rest } = dechunk(after)
    return { status, headers, body: Buffer.concat(chunks), chunks, complete, rest }
  }
  const length = Number(headers['content-length'] ?? (status < 200 ? 0 : after.length))
  const body = after.subarray(0, length)
  return { status, headers, body, chunks: [body], complete: after.length >= length, rest: after.subarray(length) }
}

/** The `event:` names or, in streams without them, the `data:` texts of a body. */
export function eventsOf(body: Buffer): readonly string[] {
  const text = body.toString('utf8')
  const named = [...text.matchAll(/^event: (.*)$/gm)].map(([, name = '']) => name)
  return named.length > 0 ? named : [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
}

function dechunk(bytes: Buffer): { chunks: readonly Buffer[]; complete: boolean; rest: Buffer } {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return { chunks, complete: false, rest: Buffer.alloc(0) }
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
    if (size === 0) return { chunks, complete: true, rest: bytes.subarray(lineEnd + 4) }
    const chunk = bytes.subarray(lineEnd + 2, lineEnd + 2 + size)
    chunks.push(chunk)
    if (chunk.length < size) return { chunks, complete: false, rest: Buffer.alloc(0) }
    at = lineEnd + 2 + size + 2
  }
}

/** Real order, short time: long pauses are over soon, and how long they would have been is noted. */
export interface HurriedClock extends MockClock {
  readonly slept: number[]
}

/** Makes a clock whose pauses are short, but for the one before a reset, which decides what is seen. */
export function hurriedClock(): HurriedClock {
  const slept: number[] = []
  return {
    slept,
    nowMs: () => performance.now(),
    epochMs: () => Date.UTC(2026, 5, 1),
    async sleep(ms, gone) {
      slept.push(ms)
      if (ms === RESET_GRACE_MS) await wait(ms, undefined, { signal: gone }).catch(() => undefined)
      else await turn()
    },
  }
}
