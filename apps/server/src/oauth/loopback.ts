import { createServer, type Server } from 'node:http'
import { errorCode } from './disk.ts'
import type { Answer } from './http.ts'

/**
 * A listener for one callback on this machine: a random port, one exact path, gone after its use.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 */
export interface LoopbackListener {
  /** What the browser is sent back to. */
  readonly redirectUri: string
  close(): Promise<void>
}

/** What the listener is for. */
export interface LoopbackOptions {
  /** As the authority has it registered. With `localhost`, the browser may come over IPv4 or IPv6, and both are taken. */
  readonly host: 'localhost' | '127.0.0.1'
  readonly path: string
  /**
   * The callback.
   * @param query as it stood in the request line, without `?`.
   * @returns the page, and whether the login is over: then the listener closes once the page is delivered.
   */
  readonly onCallback: (
    query: string,
    cookie: string | undefined,
  ) => Promise<{ readonly page: Answer; readonly done: boolean }>
}

/** Opens the listener. */
export async function openLoopback(options: LoopbackOptions): Promise<LoopbackListener> {
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer))
  }
  const port = await listenOnBoth(options, servers, close)
  return { redirectUri: `http://${options.host}:${port}${options.path}`, close }
}

async function listenOnBoth(options: LoopbackOptions, servers: Server[], close: () => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const first = serverFor(options, close)
    const port = await listen(first, '127.0.0.1', 0)
    if (options.host === '127.0.0.1') {
      servers.push(first)
      return port
    }
    // Where the name means ::1 first, somebody else's listener on that port would get the code: then another port is tried.
    const second = serverFor(options, close)
    const problem = await listen(second, '::1', port).then(() => undefined, errorCode)
    if (problem === 'EADDRINUSE' && tries < 10) {
      await closeServer(first)
      continue
    }
    // A machine without IPv6 has nobody there to get it.
    servers.push(first, ...(problem === undefined ? [second] : []))
    return port
  }
}

function serverFor({ path, onCallback }: LoopbackOptions, close: () => Promise<void>): Server {
  const server = createServer((request, response) => {
    const [requestPath = '', query = ''] = (request.url ?? '').split(/\?(.*)/s, 2)
    if (request.method !== 'GET' || requestPath !== path) {
      response.writeHead(404, { 'content-type': 'text/plain', connection: 'close' }).end('Not Found\n')
      return
    }
    onCallback(query, request.headers.cookie).then(
      ({ page, done }) => {
        response.writeHead(page.status, { ...page.headers, connection: 'close' })
        response.end(page.body, () => {
          if (done) void close()
        })
      },
      () => response.writeHead(500, { connection: 'close' }).end(),
    )
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  server.maxConnections = 16
  return server
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      // A forgotten login must not keep a process alive.
      server.unref()
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
