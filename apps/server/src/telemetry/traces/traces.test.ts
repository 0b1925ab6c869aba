import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { hello, startWorld } from '../../testing/world.ts'
import { openTraces } from './traces.ts'

/** A span as OTLP's JSON has it. @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface SentSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

const SERVER = 2
const CLIENT = 3
const ERROR = 2

/** A real receiver of OTLP over HTTP. */
async function receiver(): Promise<{ url: string; bodies: Buffer[]; types: (string | undefined)[] }> {
  const bodies: Buffer[] = []
  const types: (string | undefined)[] = []
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        bodies.push(Buffer.concat(parts))
        types.push(request.headers['content-type'])
      }
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, types }
}

function spansOf(bodies: readonly Buffer[]): SentSpan[] {
  return bodies.flatMap((body) =>
    JSON.parse(body.toString()).resourceSpans.flatMap((resource: { scopeSpans: { spans: SentSpan[] }[] }) =>
      resource.scopeSpans.flatMap(({ spans }) => spans),
    ),
  )
}

function attributesOf({ attributes }: SentSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

const before = { ...process.env }
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name]
  Object.assign(process.env, before)
})

test('a request with a failover is one server span with a client span for each attempt', async () => {
  const { url, bodies, types } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })
  const answer = { default: { reply: { usage: { inputTokens: 11, outputTokens: 7 } } } }
  const { lb, post } = await startWorld({ scripts: [{ fault: 'error-529' }, answer], types: ['anthropic', 'openai'] })
  const response = await post({ ...hello, stream: true, temperature: 0.5 })
  await response.text()
  await lb.close(0)
  expect(types).toEqual(['application/json'])
  const spans = spansOf(bodies)
  const request = spans.find(({ kind }) => kind === SERVER)
  const [failed, succeeded] = spans.filter(({ kind }) => kind === CLIENT)
  if (request === undefined || failed === undefined || succeeded === undefined) throw new Error('spans are missing')
  expect(spans).toHaveLength(3)
  expect(request.name).toBe('chat claude-test-1')
  expect(attributesOf(request)).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-test-1',
    'gen_ai.request.stream': true,
    'gen_ai.request.max_tokens': 100,
    'gen_ai.request.temperature': 0.5,
    'http.response.status_code': 200,
    'lb.request.id': response.headers.get('x-lb-request-id'),
    'lb.end': 'completed',
    'lb.attempts': 2,
  })
  expect(request.status.code ?? 0).not.toBe(ERROR)
  for (const attempt of [failed, succeeded]) {
    expect(attempt.parentSpanId).toBe(request.spanId)
    expect(attempt.traceId).toBe(request.traceId)
    expect(BigInt(attempt.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(request.startTimeUnixNano))
    expect(BigInt(attempt.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(request.endTimeUnixNano))
  }
  expect(failed.status.code).toBe(ERROR)
  expect(attributesOf(failed)).toMatchObject({
    'lb.provider': 'a',
    'lb.attempt': 1,
    'lb.attempt.outcome': 'failed',
    'error.type': 'overloaded',
    'http.response.status_code': 529,
    'server.address': '127.0.0.1',
  })
  expect(attributesOf(succeeded)).toMatchObject({
    'gen_ai.provider.name': 'openai',
    'lb.provider': 'b',
    'lb.attempt': 2,
    'lb.attempt.reason': 'failover',
    'lb.attempt.outcome': 'succeeded',
    'gen_ai.usage.input_tokens': 11,
    'gen_ai.usage.output_tokens': 7,
  })
  expect(Number(attributesOf(succeeded)['gen_ai.response.time_to_first_chunk'])).toBeGreaterThan(0)
})

const clients = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' }

test('the client’s trace is continued, and goes on to an upstream that gets the client’s headers', async () => {
  const { url, bodies } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })
  const { lb, post, mocks } = await startWorld({ scripts: [{}] })
  await (await post(hello, { headers: clients })).text()
  await lb.close(0)
  const spans = spansOf(bodies)
  const request = spans.find(({ kind }) => kind === SERVER)
  const attempt = spans.find(({ kind }) => kind === CLIENT)
  expect(request).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' })
  const sent = mocks[0]?.requests[0]?.headers
  expect(sent?.['traceparent']).toBe(`00-0af7651916cd43dd8448eb211c80319c-${attempt?.spanId}-01`)
  expect(sent?.['tracestate']).toBe('vendor=1')
})

test('it goes to an upstream of another dialect, too, but nothing of the client’s that lb does not continue', async () => {
  const { url, bodies } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })
  const { lb, post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
  await (await post(hello, { headers: clients })).text()
  await lb.close(0)
  const attempt = spansOf(bodies).find(({ kind }) => kind === CLIENT)
  const sent = mocks[0]?.requests[0]?.headers
  expect(sent?.['traceparent']).toBe(`00-0af7651916cd43dd8448eb211c80319c-${attempt?.spanId}-01`)
})

test('without traces of lb’s own the client’s headers pass as they are', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  await (await post(hello, { headers: clients })).text()
  expect(mocks[0]?.requests[0]?.headers).toMatchObject(clients)
})

test('a trace that the client does not want sampled is not sent, and the upstream is told so', async () => {
  const { url, bodies } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url })
  const { lb, post, mocks } = await startWorld({ scripts: [{}] })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  await (await post(hello, { headers: { traceparent } })).text()
  await lb.close(0)
  expect(bodies).toEqual([])
  expect(mocks[0]?.requests[0]?.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-\w{16}-00$/)
})

test('protobuf is the default, as the standard says, and the service has a name that can be chosen', async () => {
  const { url, bodies, types } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'lb-of-the-team' })
  const { lb, post } = await startWorld({ scripts: [{}] })
  await (await post(hello)).text()
  await lb.close(0)
  expect(types).toEqual(['application/x-protobuf'])
  expect(bodies[0]?.includes('chat claude-test-1')).toBe(true)
  expect(bodies[0]?.includes('lb-of-the-team')).toBe(true)
})

test('a request that lb could not answer is an error of lb; one that was wrong is none', async () => {
  const { url, bodies } = await receiver()
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })
  for (const fault of ['error-500', 'invalid-request'] as const) {
    const { lb, post } = await startWorld({ scripts: [{ fault }] })
    await (await post(hello)).text()
    await lb.close(0)
  }
  const requests = spansOf(bodies).filter(({ kind }) => kind === SERVER)
  expect(requests.map(({ status }) => status.code ?? 0)).toEqual([ERROR, 0])
  expect(attributesOf(requests[0] as SentSpan)['error.type']).toBe('server-error')
})

test('a collector that is away costs nobody anything, and is said once', async () => {
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_BSP_SCHEDULE_DELAY: '1' })
  const { lb, post, lines } = await startWorld({ scripts: [{}] })
  for (let index = 0; index < 3; index += 1) expect((await post(hello)).status).toBe(200)
  await lb.close(0)
  expect(lines.filter(({ event }) => event === 'traces_not_sent').length).toBeLessThanOrEqual(1)
}, 20_000)

test('the standard switches switch it off', async () => {
  const ports = { version: '1', log: pino({ level: 'silent' }), upstreamOf: () => undefined }
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
  expect(await openTraces({}, ports)).toBeUndefined()
  expect(await openTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, ports)).toBeUndefined()
  expect(await openTraces({ ...endpoint, OTEL_SDK_DISABLED: 'true' }, ports)).toBeUndefined()
  expect(await openTraces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, ports)).toBeUndefined()
  expect(await openTraces({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, ports)).toBeUndefined()
})
