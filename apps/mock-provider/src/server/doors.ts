import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { Connection } from './connection.ts'
import type { Control } from './control.ts'
import type { Exchange } from './exchange.ts'

/** A header section of this size is still read, so that a client's large headers are recorded and not refused. */
const MAX_HEADER_BYTES = 128 * 1024

/** A client that speaks no HTTP at all says so often. */
const MAX_VIOLATIONS = 1000

/** A certificate and its private key, as their PEM files have them. */
export interface Certificate {
  readonly key: string | Uint8Array
  readonly cert: string | Uint8Array
}

/** The HTTP side: parsers that read what the front admitted. They never listen themselves. */
export interface Doors {
  admit(connection: Connection): void
  readonly violations: readonly string[]
}

/** Makes the doors, with TLS if there is a certificate. */
export function createDoors(exchange: Exchange, tls: Certificate | undefined, control: Control | undefined): Doors {
  const violations: string[] = []
  // Under TLS a request's socket is not the TCP socket; both have the same remote port.
  const byRemotePort = new Map<number, Connection>()
  const settings = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }
  const server =
    tls === undefined
      ? http.createServer(settings)
      : https.createServer({ ...settings, key: pem(tls.key), cert: pem(tls.cert) })
  const serve = (mustContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    if (control?.serve(request, response) === true) return
    const connection = byRemotePort.get(request.socket.remotePort ?? 0)
    if (connection === undefined) return
    connection.watch(request.socket)
    exchange.serve(connection, request, response, mustContinue)
  }
  server.on('request', serve(false))
  server.on('checkContinue', serve(true))
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (error.code?.startsWith('HPE_') === true && violations.length < MAX_VIOLATIONS)
      violations.push(`${error.code}: ${error.message}`)
    socket.destroy()
  })
  server.on('tlsClientError', () => undefined)
  return {
    violations,
    admit(connection) {
      const port = connection.raw.remotePort
      if (port === undefined) return
      byRemotePort.set(port, connection)
      connection.raw.on('close', () => {
        if (byRemotePort.get(port) === connection) byRemotePort.delete(port)
      })
      server.emit('connection', connection.raw)
    },
  }
}

function pem(content: string | Uint8Array): string | Buffer {
  return typeof content === 'string' ? content : Buffer.from(content)
}
