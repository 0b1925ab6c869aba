import type { MockScript } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { hello, startWorld, type World } from '../testing/world.ts'

const strategies = ['priority', 'weighted', 'round_robin', 'random', 'least_busy', 'fastest', 'cheapest'] as const
/** Each request is a conversation of its own: its home is not what this is about. */
let conversations = 0

/** The status of each of some requests, and who answered it. */
async function answers(world: World, requests: number): Promise<string[]> {
  const seen: string[] = []
  for (let request = 0; request < requests; request += 1) {
    conversations += 1
    const response = await world.post(hello, { headers: { 'x-claude-code-session-id': `s-${conversations}` } })
    await response.text()
    seen.push(`${response.status} ${response.headers.get('x-lb-provider')}`)
  }
  return seen
}

const counted = (seen: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const one of seen) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

const inOneTier = (...more: string[]): string[] => [
  '  "*":',
  ...more.map(
    (members, index) =>
      `    - { provider: ${String.fromCharCode(97 + index)}, model: passthrough, priority: 1${members} }`,
  ),
]

const command = (world: World, path: string): Promise<Response> =>
  fetch(`${world.lb.url}/providers/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' } })

describe.each(strategies)('selection_strategy: %s', (strategy) => {
  const settings = [`selection_strategy: ${strategy}`, 'hold: 0']

  test('with one candidate asks it', async () => {
    expect(counted(await answers(await startWorld({ scripts: [{}], settings }), 3))).toEqual({ '200 a': 3 })
  })

  test('leaves out who is switched off, and says 503 when all are', async () => {
    const world = await startWorld({ scripts: [{}, {}, {}], settings, routes: inOneTier('', '', '') })
    expect((await command(world, 'a/disable')).status).toBe(200)
    expect((await command(world, 'c/disable')).status).toBe(200)
    expect(counted(await answers(world, 6))).toEqual({ '200 b': 6 })
    await command(world, 'b/disable')
    const refused = await world.post(hello)
    expect([refused.status, await refused.json()]).toMatchObject([503, { type: 'error' }])
    expect(world.mocks.map(({ requests }) => requests.length)).toEqual([0, 6, 0])
  })

  test('serves all while two of three are ejected, and asks the last one although it failed, too', async () => {
    const broken: MockScript = { fault: 'error-500' }
    const world = await startWorld({ scripts: [broken, broken, {}], settings, routes: inOneTier('', '', '') })
    expect(counted(await answers(world, 8))).toEqual({ '200 c': 8 })
    const [a = 0, b = 0] = world.mocks.map(({ requests }) => requests.length)
    // Two failures in a row make each unhealthy; some strategies find that out for one of them only.
    expect([a <= 3, b <= 3]).toEqual([true, true])
    world.mocks[2]?.setScript({ rules: [{ answer: { fault: 'error-500' }, repeat: 4, next: { answer: {} } }] })
    const [first, ...rest] = await answers(world, 6)
    expect(first).toMatch(/^(200 c|500 null)$/)
    expect(rest.at(-1)).toBe('200 c')
  })

  test('goes to the next tier when a whole one is overloaded, and asks there once', async () => {
    const routes = [
      '  "*":',
      ...[1, 1, 2].map(
        (priority, index) => `    - { provider: ${'abc'[index]}, model: passthrough, priority: ${priority} }`,
      ),
    ]
    const world = await startWorld({ scripts: [{ fault: 'error-529' }, { fault: 'error-529' }, {}], settings, routes })
    expect(counted(await answers(world, 4))).toEqual({ '200 c': 4 })
    expect(world.mocks[2]?.requests).toHaveLength(4)
  })
})

describe('a share', () => {
  const settings = ['selection_strategy: weighted']

  test('is that of the weights, exactly, in every round', async () => {
    const routes = inOneTier(', weight: 3', ', weight: 1')
    const world = await startWorld({ scripts: [{}, {}], settings, routes })
    expect(counted(await answers(world, 8))).toEqual({ '200 a': 6, '200 b': 2 })
  })

  test('is the provider’s where the route says none, and the route’s where it says one', async () => {
    const provider = 'weight: 4'
    const world = await startWorld({ scripts: [{}, {}], settings, provider, routes: inOneTier('', ', weight: 1') })
    expect(counted(await answers(world, 10))).toEqual({ '200 a': 8, '200 b': 2 })
  })

  test.each(strategies)('of 0 is for times when nobody else is usable (%s)', async (strategy) => {
    const once: MockScript = { rules: [{ answer: {}, repeat: 6, next: { answer: { fault: 'rate-limit' } } }] }
    const routes = inOneTier(', weight: 0', '')
    const world = await startWorld({ scripts: [{}, once], settings: [`selection_strategy: ${strategy}`], routes })
    expect(await answers(world, 8)).toEqual([...Array(6).fill('200 b'), '200 a', '200 a'])
  })
})

describe('selection_strategy: cheapest', () => {
  const routes = [
    '  "*":',
    '    - { provider: a, model: dear, priority: 1 }',
    '    - { provider: b, model: cheap, priority: 1 }',
    '    - { provider: c, model: unknown, priority: 1 }',
    '    - { provider: c, model: free, priority: 2 }',
  ]
  const settings = [
    'selection_strategy: cheapest',
    'usage: { enabled: false, prices: { dear: { input: 3, output: 15 }, cheap: { input: 1, output: 5 }, free: { input: 0, output: 0 } } }',
  ]

  test('asks who costs least inside a tier, and the dearer one when that one fails', async () => {
    const once: MockScript = { rules: [{ answer: {}, repeat: 2, next: { answer: { fault: 'rate-limit' } } }] }
    const world = await startWorld({ scripts: [{}, once, {}], settings, routes })
    expect(await answers(world, 4)).toEqual(['200 b', '200 b', '200 a', '200 a'])
  })

  test('knows the published prices before the first request', async () => {
    const world = await startWorld({
      scripts: [{}, {}],
      settings: ['selection_strategy: cheapest'],
      routes: [
        '  "*":',
        '    - { provider: a, model: claude-opus-4-5, priority: 1 }',
        '    - { provider: b, model: claude-haiku-4-5, priority: 1 }',
      ],
      hasThreads: true,
    })
    expect(await answers(world, 1)).toEqual(['200 b'])
  })
})

describe('how a provider does', () => {
  const slow: MockScript = { default: { delayMs: 150 } }
  const routes = inOneTier('', '')
  const calls = (world: World): number[] => world.mocks.map(({ requests }) => requests.length)

  test('decides for fastest: who is slow is asked once, to know it', async () => {
    const world = await startWorld({ scripts: [slow, {}], settings: ['selection_strategy: fastest'], routes })
    for (let request = 0; request < 8; request += 1) {
      const headers = { 'x-claude-code-session-id': `fast-${request}` }
      await (await world.post({ ...hello, stream: true }, { headers })).text()
    }
    const [toSlow = 0, toQuick = 0] = calls(world)
    expect(toSlow).toBeLessThanOrEqual(2)
    expect(toSlow + toQuick).toBe(8)
  })

  test('decides for least_busy: requests at the same time are spread', async () => {
    const settings = ['selection_strategy: least_busy', 'deduplication: { enabled: false }']
    const world = await startWorld({ scripts: [slow, slow], settings, routes })
    await Promise.all([answers(world, 1), answers(world, 1), answers(world, 1), answers(world, 1)])
    expect(calls(world)).toEqual([2, 2])
  })
})
