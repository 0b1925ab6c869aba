import type { IncomingMessage, ServerResponse } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { doorTo, emptyHouse } from '../testing/mounted.ts'
import type { Inside } from './front-door.ts'
import type { Access, Route } from './route.ts'

const keys = { client: 'client-key-0123456789abcdef', admin: 'admin-key-0123456789abcdef01' }
const settings = [`auth: { enabled: true, api_key: ${keys.client}, admin_key: ${keys.admin}, exempt_paths: [/health] }`]

/** The routes, and, written down a second time without any router, which target each of them is for. */
const table: readonly (Pick<Route, 'method' | 'path' | 'access'> & {
  readonly says: RegExp
  readonly needs: Access
})[] = [
  { method: 'GET', path: '/', access: 'client', says: /^\/$/, needs: 'client' },
  { method: 'GET', path: '/health', access: 'client', says: /^\/health$/, needs: 'open' },
  { method: 'GET', path: '/callback', access: 'open', says: /^\/callback$/, needs: 'open' },
  { method: 'GET', path: '/providers', access: 'admin', says: /^\/providers$/, needs: 'admin' },
  { method: 'POST', path: '/providers/reload', access: 'admin', says: /^\/providers\/reload$/, needs: 'admin' },
  { method: 'DELETE', path: '/tokens/:email', access: 'admin', says: /^\/tokens\/[^/]+$/, needs: 'admin' },
  { method: 'POST', path: '/v1/messages', access: 'client', says: /^\/v1\/messages$/, needs: 'client' },
  { method: 'GET', path: '/v1/models/:id{.+}', access: 'client', says: /^\/v1\/models\/.+$/, needs: 'client' },
]

const routes = table.map(
  ({ method, path, access }): Route => ({
    method,
    path,
    access,
    answer: () => new Response(null, { headers: { 'x-route': `${method} ${path}` } }),
  }),
)

interface Answered {
  readonly status: number
  /** Whose handler ran. */
  readonly route?: string
}

/** Asks without a socket: what Node hands over, and what is handed back to it. */
async function ask(
  door: Inside,
  method: string,
  url: string,
  hosts: readonly string[],
  key?: string,
): Promise<Answered> {
  const rawHeaders = [...hosts.flatMap((host) => ['Host', host]), ...(key === undefined ? [] : ['x-api-key', key])]
  const headers = { host: hosts[0], ...(key === undefined ? {} : { 'x-api-key': key }) }
  const socket = { localAddress: '127.0.0.1', localPort: 9090 }
  const incoming = {
    httpVersionMajor: 1,
    method,
    url,
    headers,
    rawHeaders,
    socket,
    complete: true,
    readableEnded: true,
  }
  let answered: Answered = { status: 0 }
  const outgoing = {
    socket,
    on: () => outgoing,
    once: () => outgoing,
    writeHead(status: number, given: Record<string, string> | string[]) {
      const route = Array.isArray(given) ? undefined : given['x-route']
      answered = { status, ...(route === undefined ? {} : { route }) }
    },
    write: () => true,
    end: () => outgoing,
  }
  await door(incoming as object as IncomingMessage, outgoing as object as ServerResponse)
  return answered
}

const plain = ['', 'health', 'callback', 'providers', 'reload', 'tokens', 'me@x.org', 'v1', 'messages', 'models', 'a']
const tricks = [
  '.',
  '..',
  '...',
  '%2e',
  '%2E%2e',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '//',
  ';',
  ';a=b',
  '%00',
  '%0d%0a',
  '%20',
  ' ',
  '%25',
  '%252f',
  '%68ealth',
  'heal%74h',
  'HEALTH',
  '%c0%af',
  '%ef%bc%8f',
  'ä',
  '*',
  '@',
  ':80',
  '?',
  '#',
  '%3f',
  '%23',
  '&',
  '~',
  '',
]
const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...plain) },
  fc.constantFrom(...tricks),
  fc.tuple(fc.constantFrom(...plain), fc.constantFrom(...tricks)).map((pair) => pair.join('')),
)
const query = fc.constantFrom('', '', '?', '?a=1', '?/health', '?x=/../health', '?#', '?%2f..')
const start = fc.constantFrom(
  '/',
  '/',
  '/',
  '/',
  '',
  '//',
  '\\',
  'http://127.0.0.1:9090/',
  'http://evil.example/',
  '//evil.example/',
  '/./',
  '/%2f',
)
const target = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(start, fc.array(segment, { maxLength: 4 }), query)
      .map(([begin, parts, rest]) => begin + parts.join('/') + rest),
  },
  fc
    .tuple(
      fc.constantFrom('/health', '/providers', '/callback', '/v1/models/a', '/providers/reload', '/tokens/me', '/'),
      query,
    )
    .map((parts) => parts.join('')),
)
const own = '127.0.0.1:9090'
const hosts = fc.constantFrom(
  [own],
  [own],
  [own],
  [own],
  [own],
  [own],
  ['localhost:9090'],
  ['evil.example'],
  [own, own],
  [own, 'evil.example'],
  ['evil.example', own],
  [`${own}/providers`],
  [`${own}?x`],
  [`x@${own}`],
  [`${own}#`],
)
const credential = fc.constantFrom(undefined, keys.client, keys.admin, 'wrong')

/** How far a credential opens. */
const opens: Readonly<Record<string, readonly Access[]>> = {
  [keys.client]: ['open', 'client'],
  [keys.admin]: ['open', 'client', 'admin'],
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly host: readonly string[]
  readonly key: string | undefined
}

/** What is wrong with an answer, by the table alone. */
function wrong({ method, url, host, key }: Asked, { status, route }: Answered): string | undefined {
  const path = url.split('?')[0] ?? ''
  const named = table.find((row) => row.method === (method === 'HEAD' ? 'GET' : method) && row.says.test(path))
  const mayUse = (access: Access): boolean => (opens[key ?? ''] ?? ['open']).includes(access)
  if (route !== undefined) {
    if (host.length !== 1 || ![own, 'localhost:9090'].includes(host[0] ?? '')) return 'let in under another host'
    if (named === undefined || route !== `${named.method} ${named.path}`) return `answered by ${route}`
    return mayUse(named.needs) ? undefined : 'let in without the right to'
  }
  if (![400, 401, 403, 404, 405, 421].includes(status)) return `refused with ${status}`
  if ((status === 404 || status === 405) && !mayUse('client')) return 'told without a key what is there'
  const isPlain = /^\/[a-z0-9/@]*(\?[a-z0-9=/]*)?$/.test(url) && !url.includes('//')
  const isOurs = host.length === 1 && host[0] === own
  return named !== undefined && isPlain && isOurs && mayUse(named.needs) ? `kept out with ${status}` : undefined
}

const RUNS = 100_000

test(`of ${RUNS} targets each is answered by the route that its text names, to those who may use it, or by none`, async () => {
  const door = doorTo(await emptyHouse(settings), routes)
  let answeredByRoute = 0
  const asked = fc.record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'DELETE', 'HEAD'),
    url: target,
    host: hosts,
    key: credential,
  })
  await fc.assert(
    fc.asyncProperty(asked, async (one) => {
      const answered = await ask(door, one.method, one.url, one.host, one.key)
      if (answered.route !== undefined) answeredByRoute += 1
      const problem = wrong(one, answered)
      if (problem !== undefined) throw new Error(problem)
    }),
    { numRuns: RUNS },
  )
  // The fuzzer reaches what it is about.
  expect(answeredByRoute).toBeGreaterThan(RUNS / 50)
}, 120_000)
