import type { IncomingMessage } from 'node:http'
import { endpointOf, jsonOf } from '../answer/request.ts'
import type { Dialect } from '../script/script.ts'
import type { Connection } from './connection.ts'
import type { OpenRecord, Recorder } from './recorder.ts'

/** The path prefix under which the predecessor's harness addresses its providers. */
const HARNESS_PATH = /^\/mock-provider\/([^/]+)(\/.*)?$/

/** Starts the record of a request whose head is in. */
export function recordHead(
  recorder: Recorder,
  connection: Connection,
  request: IncomingMessage,
  dialects: readonly Dialect[],
): OpenRecord {
  const url = request.url ?? '/'
  const [target = '/', ...query] = url.split('?')
  const harness = HARNESS_PATH.exec(target)
  const path = harness === null ? target : (harness[2] ?? '/')
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
    provider: harness === null ? undefined : decodeURIComponent(harness[1] ?? ''),
  })
}

/** Reads the body into the record. `false`: the client left before its end. */
export function receiveBody(request: IncomingMessage, record: OpenRecord): Promise<boolean> {
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
