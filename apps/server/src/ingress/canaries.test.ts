import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectionFaultNames, faultNames, type MockScript, startMockProvider } from '@lb/mock-provider'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startServer } from '../server.ts'
import { openLog } from '../telemetry/log.ts'
import { hello, noThread, testConfig } from '../testing/world.ts'

/** Texts that stand nowhere else, each in a place of its own. */
const canary = {
  lbKey: 'canary-lb-key-0123456789abcdef',
  otherLbKey: 'canary-other-lb-key-0123456789',
  adminKey: 'canary-admin-key-0123456789abc',
  providerKey: 'canary-provider-key-0123456789',
  own: 'canary-own-credential-012345678',
  cookie: 'canary-cookie-0123456789abcdef',
  header: 'canary-header-0123456789abcdef',
  query: 'canary-query-0123456789abcdef0',
  body: 'canary-body-0123456789abcdef01',
}
/** What the client has not sent itself, and must not learn. */
const foreign = [canary.otherLbKey, canary.adminKey, canary.providerKey]

interface Outputs {
  /** Log file, console, and whatever else was printed. */
  readonly written: string
  readonly answers: string
  /** The management routes, metrics among them. */
  readonly admin: string
  /** What a collector of traces has got so far. */
  readonly traces: string
}

const adminPaths = [
  '/',
  '/health',
  '/health/ready',
  '/providers',
  '/requests',
  '/requests?limit=100',
  '/requests?verbose=true',
  '/usage?by=key',
  '/metrics',
  '/oauth/status',
  '/v1/models',
  '/nothing',
]

/** A collector of traces, which gets those of every lb in this file. */
const spans: string[] = []
let collector: Server
const otel = { ...process.env }

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.setEncoding('utf8')
    request.on('data', (text: string) => spans.push(text))
    request.on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  })
})

afterAll(() => {
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    if (otel[name] === undefined) delete process.env[name]
    else process.env[name] = otel[name]
  }
  collector.close()
})

/** Asks lb in front of one upstream of each dialect, all of which follow the script; collects everything that lb says. */
async function ask(script: MockScript): Promise<Outputs> {
  const mocks = [await startMockProvider({ script }), await startMockProvider({ script })]
  const folder = mkdtempSync(join(tmpdir(), 'lb-canary-'))
  const filePath = join(folder, 'logs.jsonl')
  const printed: string[] = []
  const console = { isTTY: false, write: (text: string) => printed.push(text) > 0 } as object as NodeJS.WriteStream
  const { log, close } = await openLog({ level: 'trace', filePath, maxBytes: 1e7, maxFiles: 2, color: false, console })
  const config = testConfig(mocks, {
    types: ['anthropic', 'openai'],
    provider: `auth_value: ${canary.providerKey}`,
    settings: [
      'hold: 0',
      'timeouts: { request_timeout: 2, streaming: { first_byte_timeout: 0.3, read_timeout: 0.3 }, non_streaming: { read_timeout: 0.3 } }',
      `auth: { enabled: true, admin_key: ${canary.adminKey}, keys: [{ name: k, key: ${canary.lbKey} }, { name: o, key: ${canary.otherLbKey} }] }`,
    ],
  })
  const lb = await startServer({ config, log, startThread: noThread })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const asked = [true, false].flatMap((stream) =>
    ['a', 'b'].map((provider) => {
      const body = { ...hello, stream, provider, system: canary.body, metadata: { user_id: canary.body } }
      return post(`${lb.url}/v1/messages?token=${canary.query}`, body)
    }),
  )
  const answers = await Promise.all([
    ...asked,
    post(`${lb.url}/v1/messages?token=${canary.query}`, `{"model":"${canary.body}`),
    post(`${lb.url}/${canary.query}`, {}),
    post(`${lb.url}/v1/messages`, {}, { host: 'evil.example' }),
    post(`${lb.url}/v1/messages`, {}, { 'x-api-key': canary.header }),
  ])
  const admin: string[] = []
  for (const path of adminPaths) {
    admin.push(await said(await fetch(`${lb.url}${path}`, { headers: { 'x-api-key': canary.adminKey } })))
  }
  admin.push(await post(`${lb.url}/providers/reload`, {}, { 'x-api-key': canary.adminKey }))
  await lb.close(0)
  await close()
  await Promise.all(mocks.map((mock) => mock.close()))
  return {
    written: printed.join('') + readFileSync(filePath, 'utf8'),
    answers: answers.join('\n'),
    admin: admin.join('\n'),
    traces: spans.join(''),
  }
}

async function post(url: string, body: object | string, more: Record<string, string> = {}): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    'x-api-key': canary.lbKey,
    authorization: `Bearer ${canary.own}`,
    cookie: `session=${canary.cookie}`,
    'x-secret': canary.header,
    ...more,
  }
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }).catch(String)
  return typeof response === 'string' ? '' : said(response)
}

/** Everything in a response: status, headers, body as far as it comes. */
async function said(response: Response): Promise<string> {
  const body = await response.text().catch(() => 'cut')
  return [response.status, JSON.stringify([...response.headers]), body].join('\n')
}

/** The names of the canaries that are in a text. */
function found(text: string, among: readonly string[] = Object.values(canary)): string[] {
  return among.filter((secret) => text.includes(secret))
}

/** Upstreams that send back what they were sent, wherever an upstream can say something. */
const echoes: readonly [string, MockScript][] = [
  ...[400, 401, 403, 404, 413, 429, 500, 503, 529].map((status): [string, MockScript] => [
    `an error ${status}`,
    echoing((sent) => ({
      error: { status, message: `Incorrect key provided: ${sent}`, type: sent, code: sent },
      headers: { 'x-echo': sent, 'request-id': sent },
    })),
  ]),
  ['a page', echoing((sent) => ({ status: 502, headers: { 'content-type': 'text/html' }, body: `<p>${sent}</p>` }))],
  ['an error with status 200', echoing((sent) => ({ status: 200, error: { message: sent, type: sent } }))],
  [
    'an error event first',
    echoing((sent) => ({ edits: [{ at: 'first', insert: [{ error: sent, message: sent }], end: 'clean' }] })),
  ],
  [
    'an error event in the middle',
    echoing((sent) => ({ edits: [{ at: 'mid-text', insert: [{ error: sent, message: sent }], end: 'clean' }] })),
  ],
  [
    'a header of a good answer',
    echoing((sent) => ({ headers: { 'x-echo': sent, 'x-request-headers': `authorization=${sent}` } })),
  ],
  [
    'a redirect',
    echoing((sent) => ({ status: 307, headers: { location: `http://127.0.0.1:9/?key=${sent}` }, body: sent })),
  ],
]

type AnswerOf = Extract<NonNullable<NonNullable<MockScript['rules']>[number]['answer']>, object>

function echoing(answer: (sent: string) => Exclude<AnswerOf, (...args: never) => unknown>): MockScript {
  const credential = (headers: Readonly<Record<string, string>>): string =>
    headers['x-api-key'] ?? headers['authorization']?.replace('Bearer ', '') ?? 'none'
  return { rules: [{ answer: ({ headers }) => answer(credential(headers)) }] }
}

describe('no secret is in what lb writes, shows or answers', () => {
  test.each(echoes)(
    'when the upstream sends it back in %s',
    async (_, script) => {
      const { written, answers, admin, traces } = await ask(script)
      expect({
        written: found(written),
        answers: found(answers, [...foreign, canary.lbKey]),
        admin: found(admin),
        traces: found(traces),
      }).toEqual({
        written: [],
        answers: [],
        admin: [],
        traces: [],
      })
      expect(traces).toContain('gen_ai.request.model')
      expect(admin).toContain('lb_requests_total{')
      expect(written).toContain('"level":')
    },
    20_000,
  )

  const faults = [...faultNames, ...connectionFaultNames]
  test(`whatever goes wrong: all ${faults.length} faults`, async () => {
    const left = [...faults]
    const leaks: object[] = []
    const worker = async (): Promise<void> => {
      for (let fault = left.shift(); fault !== undefined; fault = left.shift()) {
        const { written, answers, admin, traces } = await ask({ fault })
        const seen = [
          ...[written, admin, traces].flatMap((text) => found(text)),
          ...found(answers, [...foreign, canary.lbKey]),
        ]
        if (seen.length > 0) leaks.push({ fault, seen })
      }
    }
    await Promise.all(Array.from({ length: 12 }, worker))
    expect(leaks).toEqual([])
  }, 180_000)
})
