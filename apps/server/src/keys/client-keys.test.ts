import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { claudeModels } from '../admin/claude-models.ts'
import { hello, startWorld, type World } from '../testing/world.ts'

const shared = 'shared-key-0123456789abcdef0123'
const admin = 'admin-key-0123456789abcdef01234'
const alice = 'alice-key-0123456789abcdef01234'
const bob = 'bob-key-0123456789abcdef0123456'
const carol = 'carol-key-0123456789abcdef01234'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function get(world: World, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${world.lb.url}${path}`, { headers })
}

describe('one api_key, as the predecessor had it', () => {
  const settings = [`auth: { enabled: true, api_key: ${shared} }`]

  test('opens everything, in either header, with Bearer or without', async () => {
    const world = await startWorld({ scripts: [{}], settings })
    for (const headers of [
      { 'x-api-key': shared },
      { authorization: `Bearer ${shared}` },
      { authorization: `bearer ${shared}` },
      { authorization: shared },
      { 'x-lb-key': shared },
    ]) {
      expect((await world.post(hello, { headers })).status).toBe(200)
      expect((await get(world, '/providers', headers)).status).toBe(200)
    }
  })

  test.each([
    ['no key', {}, 'Authentication required.'],
    ['a wrong x-api-key', { 'x-api-key': 'wrong' }, 'Invalid API key.'],
    ['a wrong Bearer', { authorization: 'Bearer wrong' }, 'Invalid API key.'],
    ['a key with something behind it', { 'x-api-key': `${shared}x` }, 'Invalid API key.'],
    ['a part of the key', { 'x-api-key': shared.slice(0, -1) }, 'Invalid API key.'],
    ['Bearer without a key', { authorization: 'Bearer' }, 'Authentication required.'],
    ['a wrong x-lb-key beside a right key', { 'x-lb-key': 'wrong', 'x-api-key': shared }, 'Invalid API key.'],
  ])('%s: 401 in the predecessor’s words', async (_, headers, words) => {
    const world = await startWorld({ scripts: [{}], settings })
    for (const response of [await world.post(hello, { headers }), await get(world, '/providers', headers)]) {
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="lb"')
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: {
          type: 'authentication_error',
          code: 'AUTH_FAILED',
          message: expect.stringMatching(new RegExp(`^401: ${words}`)),
        },
      })
    }
    expect(world.mocks[0]?.requests).toHaveLength(0)
  })

  test('on the OpenAI routes the 401 is OpenAI’s', async () => {
    const world = await startWorld({ scripts: [{}], settings })
    const response = await world.post(hello, { path: '/v1/chat/completions' })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining('Authentication required'),
        type: 'invalid_request_error',
        code: 'invalid_api_key',
        param: null,
      },
    })
  })

  test('paths that nobody knows are 401 without a key: what is there is not told', async () => {
    const world = await startWorld({ scripts: [{}], settings })
    for (const path of ['/nothing', '/providers/', '/v1', '/health/x']) {
      expect((await get(world, path)).status).toBe(401)
      expect((await get(world, path, { 'x-api-key': shared })).status).toBe(404)
    }
  })

  test('the exempt paths are open, exactly those', async () => {
    const world = await startWorld({ scripts: [{}], settings })
    expect((await get(world, '/health')).status).toBe(200)
    expect((await get(world, '/health', { 'x-api-key': 'wrong' })).status).toBe(200)
    for (const path of ['/docs', '/redoc', '/openapi.json']) expect((await get(world, path)).status).toBe(200)
    const chosen = await startWorld({
      scripts: [{}],
      settings: [`auth: { enabled: true, api_key: ${shared}, exempt_paths: [/providers] }`],
    })
    expect((await get(chosen, '/health')).status).toBe(401)
    expect((await get(chosen, '/providers')).status).toBe(200)
    expect((await get(chosen, '/')).status).toBe(401)
    expect((await get(chosen, '/docs')).status).toBe(401)
  })

  test('an orchestrator needs no key, whatever is exempt', async () => {
    const auth = `auth: { enabled: true, api_key: ${shared}, exempt_paths: [] }`
    const world = await startWorld({ scripts: [{}], settings: [auth] })
    for (const path of ['/health/live', '/health/ready']) expect((await get(world, path)).status).toBe(200)
    expect((await get(world, '/health')).status).toBe(401)
  })

  test('HEAD is asked like GET', async () => {
    const { lb } = await startWorld({ scripts: [{}], settings })
    const head = (headers: Record<string, string>): Promise<Response> => fetch(lb.url, { method: 'HEAD', headers })
    expect((await head({})).status).toBe(401)
    expect((await head({ 'x-api-key': shared })).status).toBe(200)
  })
})

describe('an admin key apart', () => {
  const settings = [
    `auth: { enabled: true, api_key: ${shared}, admin_key: ${admin}, keys: [{ name: alice, key_sha256: ${sha256(alice)} }] }`,
  ]

  test('opens the management, and no other key does', async () => {
    const world = await startWorld({ scripts: [{}], settings })
    expect((await get(world, '/providers', { 'x-api-key': admin })).status).toBe(200)
    for (const key of [shared, alice]) {
      const response = await get(world, '/providers', { 'x-api-key': key })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'permission_error' } })
      expect((await world.post(hello, { headers: { 'x-api-key': key } })).status).toBe(200)
    }
  })
})

describe('what a key may use', () => {
  const settings = [
    'auth:',
    '  enabled: true',
    '  keys:',
    `    - { name: alice, key: ${alice}, models: ["claude-*", "exact-1"] }`,
    `    - { name: bob, key: ${bob}, providers: [b] }`,
    `    - { name: carol, key: ${carol}, models: ["*haiku*"] }`,
  ]
  const routes = [
    '  "exact-1":',
    '    - { provider: a, model: passthrough, priority: 1 }',
    '  "exact-2":',
    '    - { provider: b, model: passthrough, priority: 1 }',
    '  "claude-*":',
    '    - { provider: a, model: claude-of-a, priority: 1 }',
    '    - { provider: b, model: other-of-b, priority: 2 }',
  ]
  const ask = (world: World, key: string, model: string, more: object = {}): Promise<Response> =>
    world.post({ ...hello, model, ...more }, { headers: { 'x-api-key': key } })

  test('models: what its patterns name, and 403 for the rest', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings, routes })
    expect((await ask(world, alice, 'claude-x')).status).toBe(200)
    expect((await ask(world, alice, 'exact-1')).status).toBe(200)
    const refused = await ask(world, alice, 'exact-2')
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      error: { type: 'permission_error', message: expect.stringMatching(/^model: exact-2 is not among the models/) },
    })
  })

  test('providers: others are not asked, not even when it fails', async () => {
    const world = await startWorld({
      scripts: [{}, { fault: 'error-500' }],
      settings: [...settings, 'hold: 0'],
      routes,
    })
    expect((await ask(world, bob, 'claude-x')).status).toBe(500)
    expect(world.mocks[0]?.requests).toHaveLength(0)
    expect((await ask(world, bob, 'exact-1')).status).toBe(403)
    expect((await ask(world, bob, 'claude-x', { provider: 'a' })).status).toBe(403)
    expect((await ask(world, bob, 'no-such-model')).status).toBe(404)
    expect(world.mocks[0]?.requests).toHaveLength(0)
  })

  test('providers: a name that accounts share stands for all of them, for a request that names it, too', async () => {
    const world = await startWorld({
      scripts: [{}, {}],
      names: ['c', 'c'],
      auth: ['x@y.z', 'z@y.x'].map((email) => `auth_type: oauth, account_email: ${email}`),
      routes: ['  "*": [{ provider: c, account_email: x@y.z, priority: 1 }]'],
      settings: [
        `auth: { enabled: true, keys: [{ name: carol, key: ${carol}, providers: [c] }] }`,
        'oauth: { enabled: true, enable_persistence: false }',
        'hold: 0',
      ],
    })
    // Nobody is signed in: what is refused then is no matter of permission.
    for (const more of [{}, { provider: 'c' }, { provider: 'c (z@y.x)' }])
      expect([more, (await ask(world, carol, 'claude-x', more)).status]).toEqual([more, 401])
  })

  test('GET /v1/models lists just that', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings, routes })
    const list = async (key: string): Promise<unknown> => {
      const response = await get(world, '/v1/models', { 'x-api-key': key })
      const { data } = (await response.json()) as { data: { id: string }[] }
      return data.map(({ id }) => id)
    }
    const wellKnown = Object.keys(claudeModels)
    expect(await list(alice)).toEqual(['exact-1', 'claude-of-a', ...wellKnown])
    // `claude-*` leads to `other-of-b`, which nobody can ask for by that name.
    expect(await list(bob)).toEqual(['exact-2', ...wellKnown])
    expect(await list(carol)).toEqual(['claude-haiku-5-5'])
    expect((await get(world, '/v1/models/exact-2', { 'x-api-key': alice })).status).toBe(404)
    expect((await get(world, '/v1/models/exact-2', { 'x-api-key': bob })).status).toBe(200)
  })

  test('what it may not use is not named in a 404 either', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings, routes })
    expect(await (await ask(world, bob, 'nothing')).text()).not.toContain('exact-1')
  })
})
