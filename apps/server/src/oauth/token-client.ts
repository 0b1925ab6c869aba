import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { TokenRequest, TokenResponse } from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { errorCode } from './disk.ts'

/** Sends token requests. A port: the tests of everything else answer from memory. */
export interface TokenClient {
  send(request: TokenRequest): Promise<Result<TokenResponse, TransportProblem>>
  close(): Promise<void>
}

/**
 * - `not-sent`: there was never a connection, so the server has not acted.
 * - `answer-lost`: it may have.
 */
export type TransportProblem = 'not-sent' | 'answer-lost'

/** How requests go out. */
export interface TokenClientOptions {
  /** `http://[user:password@]host:port`, `https://…` or `socks5://…`; absent: directly. */
  readonly proxy?: string
  readonly connectTimeoutMs?: number
  /** For the whole answer. Generous: giving up early on a slow server may cost the refresh token. */
  readonly answerTimeoutMs?: number
  /** Wall clock, to read dates in answers. */
  readonly epochMs: () => number
}

/** Real answers are a few kilobytes. */
const LONGEST_ANSWER_BYTES = 1 << 20

/** What happens before a byte of the request is on its way. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/**
 * A client for token requests: redirects are not followed (they would carry secrets elsewhere), connections are not reused
 * (a stale one would look like a lost answer), and nothing pretends to be a browser or another program.
 */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  const { connectTimeoutMs = 10_000, answerTimeoutMs = 60_000 } = options
  const dispatcher = dispatcherOf(options.proxy, { timeout: connectTimeoutMs })
  return {
    async send(tokenRequest) {
      try {
        return ok(await exchange(tokenRequest, dispatcher, answerTimeoutMs, options.epochMs))
      } catch (error) {
        return err(isNotSent(error) ? 'not-sent' : 'answer-lost')
      }
    },
    close: () => dispatcher.close(),
  }
}

function dispatcherOf(proxy: string | undefined, connect: { readonly timeout: number }): Dispatcher {
  if (proxy === undefined) return new Agent({ connect })
  if (proxy.startsWith('socks')) return new Socks5ProxyAgent(proxy)
  return new ProxyAgent({ uri: proxy, connect, requestTls: connect, proxyTls: connect })
}

async function exchange(
  { url, method, headers, body }: TokenRequest,
  dispatcher: Dispatcher,
  answerTimeoutMs: number,
  epochMs: () => number,
): Promise<TokenResponse> {
  const { origin, pathname, search } = new URL(url)
  const response = await dispatcher.request({
    origin,
    path: pathname + search,
    method,
    headers: { ...headers, 'user-agent': 'lb', 'accept-encoding': 'identity' },
    body,
    reset: true,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    signal: AbortSignal.timeout(answerTimeoutMs),
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > LONGEST_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(piece)
  }
  return {
    status: response.statusCode,
    headers: flat(response.headers),
    body: textOf(Buffer.concat(chunks), String(response.headers['content-encoding'] ?? 'identity')),
    epochMs: epochMs(),
  }
}

const decoders: Readonly<Record<string, (bytes: Buffer, limit: { readonly maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/**
 * Plain text was asked for. What a proxy on the way has compressed all the same, or begun with a byte order mark, may hold the
 * only copy of the tokens: the old refresh token is used up by then.
 */
function textOf(bytes: Buffer, encoding: string): string {
  const decode = decoders[encoding.trim().toLowerCase()]
  const plain = decode === undefined ? bytes : decode(bytes, { maxOutputLength: LONGEST_ANSWER_BYTES })
  return new TextDecoder().decode(plain)
}

function isNotSent(error: unknown): boolean {
  if (NOT_SENT.has(errorCode(error))) return true
  if (!(error instanceof Error)) return false
  // All addresses of a name failed; and a proxy that refuses the tunnel has passed nothing on.
  if (error instanceof AggregateError) return error.errors.every(isNotSent)
  return error.cause !== undefined ? isNotSent(error.cause) : error.message.includes('HTTP Tunneling')
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value])
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}
