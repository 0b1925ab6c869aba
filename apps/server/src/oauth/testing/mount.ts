import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer, RequestFacts } from '../http.ts'
import type { OAuthRoute } from '../routes.ts'

/** A server with nothing but the OAuth routes, mounted as lb mounts them. */
export interface MountedServer {
  readonly url: string
  /** The routes may come later: their settings hold the server's address. */
  mount(routes: readonly OAuthRoute[]): void
  /** Answers the next callback in the routes' place: what happens to it on its way is the test's. */
  catchCallback(answer: (url: string) => Answer): void
  close(): Promise<void>
}

/** Listens on a free port of this machine. */
export async function startMountedServer(): Promise<MountedServer> {
  let routes: readonly OAuthRoute[] = []
  let caught: ((url: string) => Answer) | undefined
  const server: Server = createServer((request, response) => {
    void factsOf(request).then(async (facts) => {
      if (caught !== undefined && facts.url.startsWith('/oauth/callback')) {
        const { status, headers, body } = caught(facts.url)
        caught = undefined
        response.writeHead(status, headers).end(body)
        return
      }
      const route = routes.find((candidate) => candidate.method === facts.method && fits(candidate.path, facts.url))
      const answer = (await route?.answer(facts)) ?? { status: 404, headers: {}, body: '{"detail":"Not Found"}' }
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mount: (given) => {
      routes = given
    },
    catchCallback: (answer) => {
      caught = answer
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function factsOf(request: IncomingMessage): Promise<RequestFacts> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const headers: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  return { method: request.method ?? '', url: request.url ?? '', headers, body: Buffer.concat(chunks).toString('utf8') }
}

function fits(pattern: string, url: string): boolean {
  const wanted = pattern.split('/')
  const parts = (url.split('?', 1)[0] ?? '').split('/')
  return wanted.length === parts.length && wanted.every((part, index) => part.startsWith(':') || part === parts[index])
}
