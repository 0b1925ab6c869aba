import { mkdir, rm, writeFile } from 'node:fs/promises'
import { startMockProvider } from '@lb/mock-provider'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProviderList } from '../admin/provider-shape.ts'
import { configText, type FileWorld, startFileWorld } from '../testing/file-world.ts'
import { hello } from '../testing/world.ts'

const here = 'http://127.0.0.1:1'
const one = configText({ providers: { a: here } })
const two = configText({ providers: { a: here, b: here } })

const reload = (world: FileWorld) => world.call('POST', '/providers/reload')
const providersOf = async (world: FileWorld) =>
  ((await world.call('GET', '/providers')).body as unknown as ProviderList).providers
const ask = (world: FileWorld) => fetch(`${world.lb.url}/v1/messages`, { method: 'POST', body: JSON.stringify(hello) })

describe('POST /providers/reload', () => {
  test('takes up the file and answers with the predecessor’s members and what changed', async () => {
    const world = await startFileWorld(one)
    await world.write(configText({ providers: { a: here, b: here }, settings: ['max_attempts: 3'] }))
    const { status, body } = await reload(world)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'success',
      message: 'Provider configuration reloaded successfully',
      providers_count: 2,
      healthy_providers: 2,
      changes: {
        providers: { added: ['b'], removed: [], changed: [] },
        routes: { added: ['* → b (passthrough)'], removed: [], changed: [], reordered: false },
        settings: [{ key: 'max_attempts', to: 3 }],
        restart: [],
        unchanged: false,
      },
    })
    expect((await world.call('GET', '/providers')).body).toMatchObject({ total_providers: 2 })
    expect(world.lines.find(({ event }) => event === 'config_reloaded')).toMatchObject({
      changed: ['+ provider b', '+ route * → b (passthrough)', '~ max_attempts'],
    })
  })

  test('says so when the file is what it was', async () => {
    const world = await startFileWorld(one)
    expect((await reload(world)).body).toMatchObject({ status: 'success', changes: { unchanged: true } })
  })

  test('refuses a bad file with the place of each problem, and nothing changes', async () => {
    const world = await startFileWorld(one)
    await world.write(one.replace('base_url', 'base_ulr').replace('priority: 1', 'priority: first'))
    const { status, body } = await reload(world)
    expect(status).toBe(400)
    expect(body).toMatchObject({
      status: 'error',
      message: expect.stringContaining('Failed to reload configuration: config.yaml:2:5: '),
      problems: [
        { severity: 'error', path: 'providers[0].base_url', line: 2, column: 5, message: 'missing' },
        { severity: 'error', path: 'providers[0].base_ulr', line: 2, column: 33, message: 'unknown key' },
        { severity: 'error', path: 'model_routes["*"][0].priority', line: 5 },
      ],
    })
    expect((await world.call('GET', '/providers')).body).toMatchObject({ total_providers: 1 })
    expect(world.lines.find(({ event }) => event === 'config_reload_failed')).toMatchObject({
      level: 50,
      message: expect.stringContaining('config.yaml:2:33: providers[0].base_ulr: unknown key'),
    })
  })

  test('tells on /health until the file is right again', async () => {
    const world = await startFileWorld(one)
    expect((await world.call('GET', '/health')).body).toEqual({ status: 'healthy' })
    await world.write('providers: [')
    await reload(world)
    expect(await world.call('GET', '/health')).toMatchObject({
      status: 200,
      body: { status: 'healthy', config: { status: 'rejected', problems: [{ line: 1, severity: 'error' }] } },
    })
    await world.write(one)
    await reload(world)
    expect((await world.call('GET', '/health')).body).toEqual({ status: 'healthy' })
  })

  test('answers 409 where there is no file', async () => {
    const { startWorld } = await import('../testing/world.ts')
    const { lb } = await startWorld({ scripts: [{}] })
    const response = await fetch(`${lb.url}/providers/reload`, { method: 'POST' })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ status: 'error' })
  })

  test('never shows a secret', async () => {
    const world = await startFileWorld(one.replace('key-1', 'canary-old'))
    await world.write(one.replace('key-1', 'canary-new'))
    const changed = await reload(world)
    expect(changed.body).toMatchObject({
      changes: { providers: { changed: [{ provider: 'a', changes: [{ key: 'auth' }] }] } },
    })
    expect(JSON.stringify(changed.body) + JSON.stringify(world.lines)).not.toMatch(/canary/)
  })
})

describe('what is in the place of the file', () => {
  const inItsPlace: readonly [string, (world: FileWorld) => Promise<void>, string][] = [
    ['is gone', ({ path }) => rm(path), 'there is no such file'],
    ['is a folder', ({ path }) => rm(path).then(() => mkdir(path)), 'is not a file'],
    ['is a loop of links', ({ path }) => rm(path).then(() => link(path, path)), 'cannot be read (ELOOP)'],
    ['is a named pipe that nobody writes', ({ path }) => rm(path).then(() => pipe(path)), 'is not a file'],
    ['is an endless device', ({ path }) => rm(path).then(() => link('/dev/zero', path)), 'is not a file'],
    ['is not UTF-8', ({ path }) => writeFile(path, Buffer.from([0x61, 0xff, 0x62])), 'is not UTF-8 text'],
    ['is 100 MB', ({ path }) => writeFile(path, Buffer.alloc(100 << 20, 'é')), 'larger than'],
    ['is empty', ({ path }) => writeFile(path, ''), 'No enabled providers'],
  ]
  const link = (target: string, path: string) => import('node:fs/promises').then((fs) => fs.symlink(target, path))
  const pipe = async (path: string): Promise<void> => {
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [path])
  }

  test.each(inItsPlace)('%s: it is reported, and lb goes on', async (_, put, message) => {
    const world = await startFileWorld(one)
    await put(world)
    const { status, body } = await reload(world)
    expect(status).toBe(400)
    expect(JSON.stringify(body)).toContain(message)
    expect((await world.call('GET', '/providers')).body).toMatchObject({ total_providers: 1 })
  })
})

describe('host and port', () => {
  test('stay, and the answer says that they need a restart', async () => {
    const world = await startFileWorld(one)
    await world.write(one.replace('port: 0', 'port: 9').replace('"*"', '"claude-*"'))
    const { body } = await reload(world)
    expect(body).toMatchObject({
      message: expect.stringContaining('port count after a restart'),
      changes: { restart: ['port'], settings: [{ key: 'port', from: 0, to: 9 }] },
    })
    // What else the file says is in force; the difference is told until the restart.
    expect((await reload(world)).body).toMatchObject({
      changes: { providers: { added: [] }, routes: { added: [] }, restart: ['port'] },
    })
    expect((await world.call('GET', '/health')).body).toMatchObject({
      config: { status: 'needs-restart', restart: ['port'] },
    })
  })

  test('of an open door keep it locked: auth cannot be switched off by a file that names another host', async () => {
    const open = configText({
      providers: { a: here },
      settings: ['host: 0.0.0.0', 'auth: { enabled: true, api_key: 0123456789abcdef0123456789 }'],
    })
    const world = await startFileWorld(open)
    await world.write(one)
    const outcome = await world.lb.reload('request')
    expect(outcome).toMatchObject({ kind: 'rejected', text: expect.stringContaining('0.0.0.0') })
  })
})

describe('a request', () => {
  test('finishes with the configuration that it began with', async () => {
    const slow = await startMockProvider({ script: { paceMs: 20 } })
    const other = await startMockProvider({ script: {} })
    onTestFinished(() => Promise.all([slow.close(), other.close()]).then(() => {}))
    const world = await startFileWorld(configText({ providers: { old: slow.url } }))
    const stream = await fetch(`${world.lb.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...hello, stream: true }),
    })
    await world.write(configText({ providers: { new: other.url } }))
    expect((await reload(world)).status).toBe(200)
    expect((await ask(world)).headers.get('x-lb-provider')).toBe('new')
    expect(stream.headers.get('x-lb-provider')).toBe('old')
    expect(await stream.text()).toContain('event: message_stop')
  })
})

describe('what lb learned', () => {
  async function failed(settings: string[] = ['unhealthy_threshold: 1']): Promise<FileWorld> {
    const world = await startFileWorld(configText({ providers: { a: here }, settings }))
    await ask(world)
    expect((await world.call('GET', '/providers')).body).toMatchObject({ providers: [{ healthy: false }] })
    return world
  }

  test('is kept of a provider that stays', async () => {
    const world = await failed()
    const [before] = await providersOf(world)
    await world.write(two.replace('reload: false', 'reload: false\n  unhealthy_threshold: 1'))
    await reload(world)
    const { failures, last_failure } = before ?? {}
    const cooldown_until = expect.closeTo(before?.cooldown_until ?? 0, 1)
    expect(failures).toBeGreaterThan(0)
    expect(await providersOf(world)).toMatchObject([
      { name: 'a', healthy: false, failures, cooldown_until, last_failure },
      { name: 'b', healthy: true, failures: 0 },
    ])
  })

  test.each([
    ['has another address', (text: string) => text.replace(here, 'http://127.0.0.1:2')],
    ['has another way of signing in', (text: string) => text.replace('auth_value: key-1', 'auth_type: none')],
  ])('is forgotten of a provider that %s', async (_, change) => {
    const world = await failed()
    await world.write(change(one))
    await reload(world)
    expect((await world.call('GET', '/providers')).body).toMatchObject({
      providers: [{ healthy: true, failures: 0, health: [] }],
    })
  })

  test('of a key is forgotten when the key is another one', async () => {
    const mock = await startMockProvider({ script: { rules: [{ answer: { fault: 'bad-key' } }] } })
    onTestFinished(() => mock.close())
    const text = configText({ providers: { a: mock.url } })
    const world = await startFileWorld(text)
    await ask(world)
    const bad = { credentials: [{ name: 'key-1', status: 'unhealthy', last_failure: { kind: 'credential-rejected' } }] }
    expect((await world.call('GET', '/providers')).body).toMatchObject({ providers: [bad] })
    await world.write(text.replace('key-1', 'key-right'))
    await reload(world)
    expect((await world.call('GET', '/providers')).body).toMatchObject({
      providers: [{ health: [], credentials: [{ name: 'key-1', status: 'healthy', last_failure: null }] }],
    })
  })

  test('is forgotten of a provider that is gone, an operator’s switch, too', async () => {
    const world = await failed()
    await world.call('POST', '/providers/a/disable')
    await world.write(configText({ providers: { b: here } }))
    await reload(world)
    await world.write(one)
    await reload(world)
    expect((await world.call('GET', '/providers')).body).toMatchObject({
      providers: [{ name: 'a', healthy: true, enabled: true, health: [], failures: 0 }],
    })
  })
})

describe('reloads at once', () => {
  test('follow each other; whoever asked sees a file that was read after it asked', async () => {
    const world = await startFileWorld(one)
    const first = world.lb.reload('request')
    await world.write(two)
    const later = await Promise.all(Array.from({ length: 50 }, () => world.lb.reload('request')))
    await first
    expect(later.every(({ kind }) => kind === 'applied')).toBe(true)
    expect((await world.call('GET', '/providers')).body).toMatchObject({ total_providers: 2 })
    // One that ran already, and one for all the others.
    const reads = world.lines.filter(({ event }) => event === 'config_reloaded' || event === 'config_unchanged')
    expect(reads.length).toBeLessThanOrEqual(3)
  })
})
