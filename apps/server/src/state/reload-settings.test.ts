import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { configText, type FileWorld, startFileWorld } from '../testing/file-world.ts'
import { hello } from '../testing/world.ts'

/** What a client or an operator sees of a setting. */
type Probe = (world: FileWorld) => Promise<unknown>

interface Setting {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly probe: Probe
  readonly was: unknown
  readonly is: unknown
}

const adminKey = 'admin-key-0123456789abcdef0123'
const annKey = 'ann-key-0123456789abcdef012345'
const bobKey = 'bob-key-0123456789abcdef012345'
const auth = (keys: string): string => `auth: { enabled: true, admin_key: ${adminKey}, keys: [${keys}] }`
const ann = (more = ''): string => auth(`{ name: ann, key: ${annKey}${more} }`)
const twice = async (probe: Probe, world: FileWorld): Promise<unknown> => [await probe(world), await probe(world)]

let asked = 0
function post({ lb }: FileWorld, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${lb.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })
}
/** A question that nobody has asked before. */
const fresh = (): object => ({ ...hello, messages: [{ role: 'user', content: `question ${asked++}` }] })
const status =
  (headers: Readonly<Record<string, string>> = {}, body?: object): Probe =>
  async (world) => {
    const answer = await post(world, body ?? fresh(), headers)
    await answer.text()
    return answer.status
  }
const header =
  (name: string, body?: object): Probe =>
  async (world) => {
    const answer = await post(world, body ?? fresh())
    await answer.text()
    return answer.headers.get(name)
  }
const member =
  (path: string, name: string, headers: Readonly<Record<string, string>> = {}): Probe =>
  async (world) => {
    const { status: code, body } = await world.call('GET', path, headers)
    return code === 200 ? (body as Record<string, unknown>)[name] : code
  }
const byAnn = { 'x-api-key': annKey }
const withAdmin = { 'x-api-key': adminKey }

/** The upstream takes this long, as far as timeouts are asked for. */
const DELAY_MS = 300

/** A dollar a token. */
const costly =
  'usage: { prices: { claude-test-1: { input: 1000000, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 } } }'

const settings: Readonly<Record<string, Setting>> = {
  'auth.enabled': { before: [], after: [ann()], probe: status(), was: 200, is: 401 },
  'auth.keys: one more': {
    before: [ann()],
    after: [auth(`{ name: ann, key: ${annKey} }, { name: bob, key: ${bobKey} }`)],
    probe: status({ 'x-api-key': bobKey }),
    was: 401,
    is: 200,
  },
  'auth.keys: one less': {
    before: [ann()],
    after: [auth(`{ name: bob, key: ${bobKey} }`)],
    probe: status(byAnn),
    was: 200,
    is: 401,
  },
  'auth.keys[].models': {
    before: [ann()],
    after: [ann(', models: [other-*]')],
    probe: status(byAnn),
    was: 200,
    is: 403,
  },
  'auth.admin_key': {
    before: [ann()],
    after: [ann().replace(adminKey, bobKey)],
    probe: member('/providers', 'total_providers', withAdmin),
    was: 1,
    is: 401,
  },
  'auth.exempt_paths': {
    before: [ann()],
    after: [ann().replace('keys:', 'exempt_paths: [/providers], keys:')],
    probe: member('/providers', 'total_providers'),
    was: 401,
    is: 1,
  },
  'auth.keys[].limits.requests_per_minute': {
    before: [ann(', limits: { requests_per_minute: 1 }')],
    after: [ann(', limits: { requests_per_minute: 100 }')],
    probe: (world) => twice(status(byAnn), world),
    was: [200, 429],
    is: [200, 200],
  },
  'auth.keys[].limits.tokens_per_minute': {
    before: [ann()],
    after: [ann(', limits: { tokens_per_minute: 1 }')],
    probe: (world) => twice(status(byAnn), world),
    was: [200, 200],
    is: [200, 429],
  },
  'auth.keys[].limits.budget': {
    before: [ann()],
    after: [ann(', limits: { budget: { usd: 0, per: day } }')],
    probe: status(byAnn),
    was: 200,
    is: 429,
  },
  'auth.keys[].limits.budget, of what was spent before': {
    before: [ann(), costly],
    after: [ann(', limits: { budget: { usd: 1, per: month } }'), costly],
    probe: status(byAnn),
    was: 200,
    is: 429,
  },
  'deduplication.enabled': {
    before: [],
    after: ['deduplication: { enabled: false }'],
    probe: header('x-lb-coalesced'),
    was: 'leader',
    is: null,
  },
  'deduplication.cache': {
    before: [],
    after: ['deduplication: { cache: { enabled: true } }'],
    probe: (world) => twice(header('x-lb-cache', { ...hello, top_k: 7 }), world),
    was: [null, null],
    is: [null, 'hit'],
  },
  'deduplication.cache, off': {
    before: ['deduplication: { cache: { enabled: true } }'],
    after: [],
    probe: (world) => twice(header('x-lb-cache', { ...hello, top_k: 8 }), world),
    was: [null, 'hit'],
    is: [null, null],
  },
  'deduplication.include_max_tokens_in_signature': {
    before: ['deduplication: { cache: { enabled: true } }'],
    after: ['deduplication: { include_max_tokens_in_signature: true, cache: { enabled: true } }'],
    probe: async (world) => {
      const body = fresh()
      await header('x-lb-cache', { ...body, max_tokens: 100 })(world)
      return header('x-lb-cache', { ...body, max_tokens: 200 })(world)
    },
    was: 'hit',
    is: null,
  },
  'timeouts.non_streaming.read_timeout': {
    before: ['max_attempts: 1'],
    after: ['max_attempts: 1', 'timeouts: { non_streaming: { read_timeout: 0.05 } }'],
    probe: status({}, { ...hello, system: 'slow' }),
    was: 200,
    is: 504,
  },
  'timeouts.streaming.first_byte_timeout': {
    before: ['max_attempts: 1'],
    after: ['max_attempts: 1', 'timeouts: { streaming: { first_byte_timeout: 0.05 } }'],
    probe: status({}, { ...hello, stream: true, system: 'slow' }),
    was: 200,
    is: 504,
  },
  max_body_bytes: {
    before: [],
    after: ['max_body_bytes: 1024'],
    probe: status({}, { ...hello, system: 'x'.repeat(5000) }),
    was: 200,
    is: 413,
  },
  allowed_hosts: { before: [], after: ['allowed_hosts: [lb.example]'], probe: hostStatus, was: 421, is: 200 },
  app_name: { before: [], after: ['app_name: ours'], probe: member('/', 'service'), was: 'lb', is: 'ours' },
  app_version: {
    before: [],
    after: ['app_version: 9.9.9'],
    probe: member('/', 'version'),
    was: expect.stringMatching(/^(?!9\.9\.9)/),
    is: '9.9.9',
  },
  selection_strategy: {
    before: [],
    after: ['selection_strategy: round_robin'],
    probe: member('/providers', 'selection_strategy'),
    was: 'priority',
    is: 'round_robin',
  },
  'decision_records.enabled': {
    before: [],
    after: ['decision_records: { enabled: false }'],
    probe: async (world) => {
      const answer = await post(world, fresh())
      await answer.text()
      return (await world.call('GET', `/requests/${answer.headers.get('x-lb-request-id')}`)).status
    },
    was: 200,
    is: 404,
  },
  'usage.enabled': {
    before: ['usage: { enabled: true }'],
    after: ['usage: { enabled: false }'],
    probe: async (world) => JSON.stringify((await world.call('GET', '/usage')).body).includes('usage.enabled is false'),
    was: false,
    is: true,
  },
  'usage.prices': {
    before: [],
    after: [costly],
    probe: async (world) => {
      await status()(world)
      const text = await (await fetch(`${world.lb.url}/metrics`)).text()
      return /^lb_cost_\S+ [1-9]/m.test(text)
    },
    was: false,
    is: true,
  },
  'token_counting.always_use_local': {
    before: [],
    after: ['token_counting: { always_use_local: true }'],
    probe: async ({ lb }) => {
      const answer = await fetch(`${lb.url}/v1/messages/count_tokens`, {
        method: 'POST',
        body: JSON.stringify(fresh()),
      })
      await answer.text()
      return answer.headers.get('x-lb-token-count') ?? [...answer.headers.keys()].join()
    },
    was: 'upstream',
    is: 'estimate',
  },
  'oauth.enabled': {
    before: [],
    after: ['oauth: { enabled: true, enable_persistence: false }'],
    probe: async (world) => {
      await new Promise((resolve) => void setTimeout(resolve, 50))
      return (await world.call('GET', '/oauth/status')).status
    },
    was: 404,
    is: 200,
  },
  unhealthy_threshold: {
    before: ['max_attempts: 1', 'unhealthy_threshold: 50'],
    after: ['max_attempts: 1', 'unhealthy_threshold: 1'],
    probe: async (world) => {
      await status({}, { ...hello, system: 'broken' })(world)
      return member('/providers', 'healthy_providers')(world)
    },
    was: 1,
    is: 0,
  },
  max_attempts: {
    before: ['max_attempts: 1'],
    after: ['max_attempts: 2', 'failover_policy: seamless'],
    probe: async (world) => {
      const answer = await post(world, { ...fresh(), system: 'once' })
      await answer.text()
      return answer.status
    },
    was: 529,
    is: 200,
  },
}

/** By a connection of its own: `fetch` sends no other host. */
async function hostStatus({ lb }: FileWorld): Promise<unknown> {
  const { sendRaw } = await import('../testing/raw-client.ts')
  const { statuses } = await sendRaw(lb.url, 'GET / HTTP/1.1\r\nhost: lb.example\r\nconnection: close\r\n\r\n')
  return statuses[0]
}

test.each(Object.entries(settings))('%s counts from the reload on', async (_, { before, after, probe, was, is }) => {
  const mock = await startMockProvider({
    script: {
      rules: [
        { when: (request) => systemOf(request) === 'slow', answer: { delayMs: DELAY_MS } },
        { when: (request) => systemOf(request) === 'broken', answer: { fault: 'error-500' } },
        {
          when: (request) => systemOf(request) === 'once',
          answer: { fault: 'error-529' },
          repeat: 2,
          next: { answer: {} },
        },
      ],
    },
  })
  onTestFinished(() => mock.close())
  const text = (lines: readonly string[]): string => {
    const usage = lines.some((line) => line.startsWith('usage:')) ? [] : ['usage: { enabled: false }']
    return configText({ providers: { a: mock.url }, settings: [...usage, ...lines] })
  }
  const world = await startFileWorld(text(before))
  expect(await probe(world)).toEqual(was)
  await world.write(text(after))
  expect(await world.lb.reload('request')).toMatchObject({ kind: 'applied', diff: { restart: [], unchanged: false } })
  expect(await probe(world)).toEqual(is)
})

function systemOf({ json }: { readonly json: unknown }): unknown {
  return typeof json === 'object' && json !== null && 'system' in json ? json.system : undefined
}
