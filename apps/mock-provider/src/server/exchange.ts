import type { IncomingMessage, ServerResponse } from 'node:http'
import { compose, type Setting } from '../answer/compose.ts'
import { demoReply } from '../answer/demo.ts'
import { defaultModels } from '../answer/models.ts'
import { endpointOf, jsonOf } from '../answer/request.ts'
import { type Choice, choose, freshProgress, type Stage } from '../script/choose.ts'
import type { Dialect, MockScript } from '../script/script.ts'
import { planBytes } from '../wire/plan.ts'
import type { MockClock } from './clock.ts'
import type { Connection } from './connection.ts'
import { play } from './play.ts'
import type { OpenRecord, Recorder } from './recorder.ts'

/** Serves requests with a script: receives, chooses, composes, plans, plays, records. */
export interface Exchange {
  serve(connection: Connection, request: IncomingMessage, response: ServerResponse, mustContinue: boolean): void
  setScript(script: MockScript): void
}

/** A day in the past, so that nothing depends on today. */
const DEFAULT_EPOCH_MS = Date.UTC(2026, 0, 15, 12)
const ALL_DIALECTS: readonly Dialect[] = ['anthropic', 'openai-chat', 'openai-responses']

/** Makes an exchange that has no script yet: the demo answers. */
export function createExchange(recorder: Recorder, clock: MockClock): Exchange {
  let script: MockScript = {}
  let progress = freshProgress

  const decide = (record: OpenRecord, stage: Stage): Choice => {
    try {
      const decided = choose(script, progress, record, stage)
      progress = decided.progress
      return decided.choice
    } catch (error) {
      // Scripts in code may throw; the request says so, and the process lives on.
      return problemAnswer(record, String(error))
    }
  }

  const answer = async (
    choice: Exclude<Choice, { kind: 'needs-body' }>,
    record: OpenRecord,
    connection: Connection,
    request: IncomingMessage,
  ): Promise<void> => {
    const setting = settingOf(script, clock)
    record.answeredBy = choice.kind === 'answer' ? choice.by : 'ordinary'
    let composed = compose(choice, record, setting)
    if (!composed.ok) {
      composed = compose(problemAnswer(record, composed.error), record, setting)
    }
    if (!composed.ok) throw new Error(composed.error)
    const plan = planBytes(composed.value, {
      dialect: record.endpoint.dialect,
      method: record.method,
      lastRequest: /\bclose\b/i.test(record.headers['connection'] ?? '') || record.httpVersion === '1.0',
      chunksAllowed: record.httpVersion !== '1.0',
      paceMs: setting.paceMs,
      seed: setting.seed,
      requestNumber: record.number,
    })
    const end = await play(plan, request.socket, connection, clock, {
      sent: (bytes) => {
        record.bytesSent += bytes
      },
    })
    recorder.end(record, end === 'whole' ? 'answered' : end === 'broken' ? 'broken' : 'client-left')
  }

  const exchange = async (
    connection: Connection,
    request: IncomingMessage,
    response: ServerResponse,
    mustContinue: boolean,
  ): Promise<void> => {
    connection.requests += 1
    const record = recordOf(recorder, connection, request, script.dialects ?? ALL_DIALECTS)
    if (connection.resetOnReuse) {
      recorder.end(record, 'refused')
      connection.raw.resetAndDestroy()
      return
    }
    const early = decide(record, 'head')
    if (early.kind === 'answer') {
      const stopsReading = early.answer.early === 'stop-reading'
      const body = stopsReading ? Promise.resolve(true) : receive(request, record)
      recorder.received(record)
      await answer(early, record, connection, request)
      await body
    } else {
      if (mustContinue) request.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      const whole = await receive(request, record)
      if (!whole) return recorder.end(record, 'client-left')
      recorder.received(record)
      const choice = decide(record, 'whole')
      if (choice.kind === 'needs-body') throw new Error('the body is there')
      await answer(choice, record, connection, request)
    }
    release(response)
  }

  return {
    serve(connection, request, response, mustContinue) {
      const before = connection.queue
      connection.queue = before.then(() => exchange(connection, request, response, mustContinue))
    },
    setScript(next) {
      script = next
      progress = freshProgress
    },
  }
}

/** A script that cannot be played must look neither like a healthy provider nor like a fault that was asked for. */
function problemAnswer(record: OpenRecord, problem: string): Extract<Choice, { kind: 'answer' }> {
  record.problem = problem
  const error = { status: 500, message: `mock script: ${problem}` }
  return { kind: 'answer', answer: { error, headers: { 'x-mock-problem': 'script' } }, by: 'default' }
}

/**
 * Hands the connection back to Node's parser. The answer's bytes went straight to the socket, so the `ServerResponse` was
 * never used; its `finish` event is what Node waits for before it serves the next request of this connection.
 */
function release(response: ServerResponse): void {
  response.emit('finish')
}

function receive(request: IncomingMessage, record: OpenRecord): Promise<boolean> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      record.body = body
      record.text = body.toString('utf8')
      record.json = jsonOf(body)
      resolve(true)
    })
    // `close` comes after `end` too; then the promise is settled already.
    request.on('close', () => resolve(false))
    request.on('error', () => resolve(false))
  })
}

function recordOf(
  recorder: Recorder,
  connection: Connection,
  request: IncomingMessage,
  dialects: readonly Dialect[],
): OpenRecord {
  const url = request.url ?? '/'
  const [path = '/', ...query] = url.split('?')
  const method = request.method ?? 'GET'
  const headers = joinedHeaders(request)
  return recorder.open({
    method,
    path,
    query: query.length === 0 ? '' : `?${query.join('?')}`,
    headers,
    endpoint: endpointOf(method, path, headers, dialects),
    connection: { id: connection.id, requestNumber: connection.requests },
    url,
    httpVersion: request.httpVersion,
    rawHeaders: pairs(request.rawHeaders),
    provider: undefined,
  })
}

function settingOf(script: MockScript, clock: MockClock): Setting {
  return {
    name: script.name ?? 'mock',
    seed: script.seed ?? 1,
    epochMs: script.epochMs === 'now' ? clock.epochMs() : (script.epochMs ?? DEFAULT_EPOCH_MS),
    models: script.models ?? defaultModels,
    paceMs: script.paceMs ?? 0,
    strict: script.strict ?? false,
    demo: (request) => demoReply(request, script.name ?? 'mock'),
  }
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []))
}

/** Node drops repeated lines of some headers; a record keeps all. */
function joinedHeaders(request: IncomingMessage): { readonly [name: string]: string } {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of pairs(request.rawHeaders)) {
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  return headers
}
