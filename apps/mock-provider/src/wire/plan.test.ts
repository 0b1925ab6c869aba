import { deflateSync, gunzipSync, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compose } from '../answer/compose.ts'
import type { Answer } from '../script/answer.ts'
import { planOf, QUESTION, requestOf, responseOf, SETTING, wireBytes } from '../testing/plan-of.ts'
import { type BytePlan, type Delivery, planBytes } from './plan.ts'

const DELIVERY: Delivery = {
  dialect: 'anthropic',
  method: 'POST',
  lastRequest: false,
  chunksAllowed: true,
  paceMs: 0,
  seed: 1,
  requestNumber: 1,
}

/** The plan of an answer under other circumstances than the usual. */
function planned(answer: Answer, delivery: Partial<Delivery>): BytePlan {
  const request = requestOf('/v1/messages', JSON.parse(JSON.stringify({ ...QUESTION, stream: true })))
  const composed = compose({ kind: 'answer', answer, by: 0 }, request, SETTING)
  if (!composed.ok) throw new Error(composed.error)
  return planBytes(composed.value, { ...DELIVERY, ...delivery })
}

function head(plan: BytePlan): string {
  return wireBytes(plan).toString('latin1').split('\r\n\r\n')[0] ?? ''
}

function pauses(plan: BytePlan): readonly number[] {
  return plan.steps.flatMap((step) => (step.kind === 'pause' ? [step.ms] : []))
}

test('a response is written byte by byte as the script says', () => {
  const plan = planned(
    { body: 'hi', headers: { date: null, 'request-id': null, 'anthropic-organization-id': null } },
    {},
  )
  expect(wireBytes(plan).toString()).toContain('HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n')
  expect(wireBytes(plan).toString()).toMatch(/content-length: 2\r\n\r\nhi$/)
  expect(plan.end).toEqual({ kind: 'keep', resetOnReuse: false })
})

test('every event is one write, with the pace between two events', () => {
  const plan = planned({ reply: { text: 'a b' }, paceMs: 7 }, { paceMs: 99 })
  const chunks = plan.steps.filter((step) => step.kind === 'bytes').length
  expect(pauses(plan)).toEqual(Array.from({ length: chunks - 3 }, () => 7))
  expect(pauses(planned({ reply: { text: 'a b' } }, { paceMs: 3 })).every((ms) => ms === 3)).toBe(true)
})

test('a delay comes before the first byte, its jitter from the seed', () => {
  expect(planned({ body: '', delayMs: 30 }, {}).steps[0]).toEqual({ kind: 'pause', ms: 30 })
  const jittered = (requestNumber: number) =>
    pauses(planned({ body: '', delayMs: 30, delayJitterMs: 10 }, { requestNumber }))[0]
  expect(jittered(1)).toBe(jittered(1))
  expect(jittered(1)).not.toBe(jittered(2))
  expect(pauses(planned({ edits: [{ at: 'head', end: 'reset' }], delayMs: 5 }, {}))).toEqual([5])
})

test('the last request of a connection closes it, and HTTP/1.0 gets no chunks', () => {
  const last = planned({ reply: { text: 'a' } }, { lastRequest: true })
  expect(head(last)).toContain('connection: close')
  expect(last.end).toEqual({ kind: 'close' })
  const old = planned({ reply: { text: 'a' } }, { lastRequest: true, chunksAllowed: false })
  expect(head(old)).not.toContain('transfer-encoding')
  expect(wireBytes(old).toString()).toMatch(/"message_stop"\}\n\n$/)
})

test('a body may end with the connection, or promise a length that is wrong', () => {
  const open = planned({ reply: { text: 'a' }, framing: 'until-close' }, {})
  expect([head(open).includes('content-length'), head(open).includes('chunked'), open.end.kind]).toEqual([
    false,
    false,
    'close',
  ])
  const chunked = planned({ body: 'hello', framing: 'chunked' }, {})
  expect(wireBytes(chunked).toString()).toMatch(/transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)
  expect(head(planned({ body: 'hello', lengthOff: 3 }, {}))).toContain('content-length: 8')
  const both = planned({ body: 'hello', headers: { 'Content-Length': '99', 'transfer-encoding': 'gzip' } }, {})
  expect(head(both)).toContain('Content-Length: 99')
  expect(head(both)).toContain('transfer-encoding: gzip')
})

test('a HEAD request gets the head only', () => {
  const plan = planned({ body: 'hello' }, { method: 'HEAD' })
  expect(wireBytes(plan).toString()).toMatch(/content-length: 5\r\n\r\n$/)
  expect(plan.end.kind).toBe('keep')
})

test('a cut by bytes counts the body, and ends as it is told', () => {
  const at = (byte: number, end: 'clean' | 'close' | 'reset' | 'stall') =>
    planned({ body: 'hello world', edits: [{ at: { byte }, end }] }, {})
  expect(wireBytes(at(4, 'close')).toString()).toMatch(/content-length: 11\r\n\r\nhell$/)
  expect(wireBytes(at(4, 'clean')).toString()).toMatch(/content-length: 4\r\n\r\nhell$/)
  expect([at(4, 'close').end.kind, at(4, 'clean').end.kind, at(4, 'stall').end.kind]).toEqual([
    'close',
    'keep',
    'stall',
  ])
  expect(at(4, 'reset').steps.at(-1)?.kind).toBe('pause')
  // Beyond the end there is nothing to cut.
  expect(at(400, 'reset').end.kind).toBe('keep')
  const huge = planOf({
    events: [{ raw: 'ab' }, { fill: 'x', bytes: 200_000 }],
    edits: [{ at: { byte: 100_002 }, end: 'stall' }],
  })
  const body = huge.steps.slice(1).reduce((sum, step) => sum + (step.kind === 'fill' ? 65_536 * step.times : 0), 0)
  expect(body).toBe(65_536)
})

test('an edit with a byte and one with a place: whichever comes first on the wire wins', () => {
  const both = (byte: number) =>
    planned(
      {
        reply: { text: 'a b c d' },
        edits: [
          { at: { byte }, end: 'close' },
          { at: 'mid-text', end: 'clean' },
        ],
      },
      {},
    )
  expect(both(10).end.kind).toBe('close')
  expect(both(100_000).end.kind).toBe('keep')
})

test('split offsets count over the whole body; on the wire they cut the head too', () => {
  const { chunks } = responseOf({ reply: { text: 'a' }, split: { at: [5, 300] } })
  expect(chunks[0]?.length).toBe(5)
  let end = 0
  expect(chunks.map((chunk) => (end += chunk.length))).toContain(300)
  const wire = planOf({ body: 'x', split: { at: [1], of: 'wire' } })
  expect(wire.steps[0]).toEqual({ kind: 'bytes', bytes: Buffer.from('H') })
})

test('a body at so many bytes a second takes as long as that', () => {
  const plan = planned({ body: 'x'.repeat(500), bytesPerSecond: 1000 }, {})
  expect(pauses(plan)).toEqual(Array.from({ length: 10 }, () => 50))
  expect(pauses(planned({ body: 'xyz', bytesPerSecond: 2 }, {}))).toEqual([500, 500, 500])
  const filled = planned({ events: [{ fill: 'x', bytes: 10 }], bytesPerSecond: 65_536 }, {})
  expect(pauses(filled).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(1000)
})

test('gzip streams: every event can be read when it is there', () => {
  const { chunks, body, complete } = responseOf({ reply: { text: 'one two' }, encoding: 'gzip' })
  expect(gunzipSync(body).toString()).toBe(responseOf({ reply: { text: 'one two' } }).body.toString())
  expect(complete).toBe(true)
  const partial = gunzipSync(Buffer.concat(chunks.slice(0, 2)), { finishFlush: 2 }).toString()
  expect(partial).toMatch(/^event: message_start[\s\S]*event: content_block_start\n.*\n\n$/)
  const cut = responseOf({ reply: { text: 'one two' }, encoding: 'gzip', edits: [{ at: 'mid-text', end: 'close' }] })
  expect(() => gunzipSync(cut.body)).toThrow()
  expect(gunzipSync(responseOf({ body: '', encoding: 'gzip' }).body).length).toBe(0)
  const filled = responseOf({ events: [{ fill: 'x', bytes: 10 }], encoding: 'gzip' })
  expect(gunzipSync(filled.body).length).toBe(65_536)
})

test('deflate is zlib-wrapped, as browsers and servers mean it', () => {
  const { headers, body } = responseOf({ body: 'hello', encoding: 'deflate' })
  expect(headers['content-encoding']).toBe('deflate')
  expect(inflateSync(body).toString()).toBe('hello')
  expect(body).toEqual(deflateSync('hello'))
})

test('pings come as chunks of their own, as often as the pace says', () => {
  const plan = planOf({ reply: { text: 'a b' }, paceMs: 40, edits: [{ at: 'mid-text', end: 'pings' }] })
  expect(plan.end).toMatchObject({ kind: 'pings', everyMs: 40 })
  const bytes = plan.end.kind === 'pings' ? Buffer.from(plan.end.bytes).toString() : ''
  expect(bytes).toBe('23\r\nevent: ping\ndata: {"type":"ping"}\n\n\r\n')
  const open = planOf({ reply: { text: 'a b' }, framing: 'until-close', edits: [{ at: 'mid-text', end: 'pings' }] })
  expect(open.end.kind === 'pings' && Buffer.from(open.end.bytes).toString()).toBe(
    'event: ping\ndata: {"type":"ping"}\n\n',
  )
  expect(planOf({ edits: [{ at: 'head', end: 'pings' }] }).end.kind).toBe('pings')
})

test('multi-line data is still one JSON text', () => {
  const { body } = responseOf({
    events: [{ data: { a: 'x', b: [1, 2] } }, { data: [1] }],
    sse: { multiLineData: true },
  })
  expect(body.toString()).toBe('data: {"a":"x",\ndata: "b":[1,2]\ndata: }\n\ndata: [1]\n\n')
})
