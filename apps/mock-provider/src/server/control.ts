import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Json, parseJson } from '@lb/protocol'
import { connectionFaultNames, connectionFaults, faultNames, faults } from '../fault/presets.ts'
import { type HarnessContext, harnessContextBody, readHarnessContext } from '../script/harness.ts'
import { parseScript } from '../script/parse-script.ts'
import type { MockScript } from '../script/script.ts'
import type { RecordedRequest } from './recorder.ts'

/** What the control endpoints may do to the provider they belong to. */
export interface Controlled {
  requests(): readonly RecordedRequest[]
  setScript(script: MockScript): Promise<void>
  /** Forgets records and goes back to the script it was started with. */
  reset(): Promise<void>
  context(): HarnessContext | undefined
  setContext(context: HarnessContext | undefined): void
}

/** Endpoints that steer a running mock provider; they are neither recorded nor scripted. */
export interface Control {
  /** Answers if the request is for a control endpoint; `false`: it is for the script. */
  serve(request: IncomingMessage, response: ServerResponse): boolean
}

type Reply = { readonly status: number; readonly body: Json }
type Route = (body: string) => Promise<Reply>

/** Makes the control endpoints of a provider. */
export function createControl(provider: Controlled): Control {
  const routes: { readonly [route: string]: Route } = {
    'GET /__mock/requests': async () => reply(200, { requests: provider.requests().map(requestBody) }),
    'GET /__mock/faults': async () => reply(200, { faults: faultList() }),
    'POST /__mock/script': async (body) => {
      const script = parseScript(body)
      if (!script.ok) return reply(400, { problems: script.error.map((problem) => ({ ...problem })) })
      await provider.setScript(script.value)
      return reply(200, { status: 'success' })
    },
    'DELETE /__mock': async () => {
      await provider.reset()
      return reply(200, { status: 'success' })
    },
    'POST /mock-set-context': async (body) => {
      const parsed = parseJson(body)
      const context = readHarnessContext(parsed.ok ? parsed.value : undefined)
      // The harness answers 200 either way and says in the body how it went.
      if (!context.ok) return reply(200, { status: 'error', message: `Failed to set test context: ${context.error}` })
      provider.setContext(context.value)
      return reply(200, { status: 'success', message: `Test context set to scenario: ${context.value.name}` })
    },
    'DELETE /mock-clear-context': async () => {
      provider.setContext(undefined)
      return reply(200, { status: 'success', message: 'Test context cleared' })
    },
    'GET /mock-test-context': async () => reply(200, harnessContextBody(provider.context())),
  }
  return {
    serve(request, response) {
      const [path = '/'] = (request.url ?? '/').split('?')
      const route = routes[`${request.method} ${path}`]
      if (route === undefined) return false
      void respond(route, request, response)
      return true
    },
  }
}

async function respond(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { status, body } = await route(Buffer.concat(chunks).toString('utf8'))
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function reply(status: number, body: Json): Reply {
  return { status, body }
}

function requestBody(record: RecordedRequest): Json {
  const { number, method, url, httpVersion, connection, outcome, bytesSent, text } = record
  return {
    number,
    method,
    url,
    httpVersion,
    rawHeaders: record.rawHeaders.map(([name, value]) => [name, value]),
    body: text,
    connection: { ...connection },
    provider: record.provider ?? null,
    receivedMs: record.receivedMs,
    bodyMs: record.bodyMs ?? null,
    endedMs: record.endedMs ?? null,
    clientLeftMs: record.clientLeftMs ?? null,
    outcome,
    answeredBy: record.answeredBy ?? null,
    bytesSent,
    problem: record.problem ?? null,
  }
}

function faultList(): Json {
  return [
    ...connectionFaultNames.map((name) => ({ name, about: connectionFaults[name].about })),
    ...faultNames.map((name) => ({ name, about: faults[name].about })),
  ]
}
