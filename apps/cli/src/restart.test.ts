import { join } from 'node:path'
import { type MockProvider, startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'

/** What a process that was killed leaves to the next one. */

async function upstream(answer: object): Promise<MockProvider> {
  const mock = await startMockProvider({ script: { default: answer } })
  onTestFinished(() => mock.close())
  return mock
}

async function ask(lb: LbProcess): Promise<string> {
  const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: `${Math.random()}` }] })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${lb.url}/v1/messages`, { method: 'POST', headers, body })
  expect(response.status).toBe(200)
  return await response.text()
}

interface Shown {
  readonly name: string
  readonly status: string
  readonly health: readonly { readonly reason: string; readonly seconds_left: number }[]
}

async function first(lb: LbProcess): Promise<Shown | undefined> {
  const { providers } = (await (await fetch(`${lb.url}/providers`)).json()) as { providers: Shown[] }
  return providers.find(({ name }) => name === 'a')
}

test.each([
  ['whose cooldown is fixed', { status: 500, body: '{"error":{"message":"down"}}' }, 'ejected', 300],
  ['that named a date', { status: 429, headers: { 'retry-after': '240' }, body: '{}' }, 'paused', 240],
])(
  'a provider %s is not asked by the process that follows one that was killed',
  async (_, answer, reason, seconds) => {
    const failing = await upstream(answer)
    const good = await upstream({ reply: { text: 'from b' } })
    const health = `health_state_path: "${join(temporaryFolder(), 'health.json')}"`
    const config = configFor([failing.url, good.url], [health, 'unhealthy_threshold: 2', 'failure_cooldown: 300'])

    const killed = await startLb({ config })
    for (let times = 0; times < 3; times += 1) expect(await ask(killed)).toContain('from b')
    expect((await first(killed))?.health).toMatchObject([{ reason }])
    const asked = failing.requests.length
    expect(asked).toBeGreaterThan(0)
    // What it knows is written half a second after it has changed.
    await new Promise((done) => setTimeout(done, 1_000))
    killed.signal('SIGKILL')
    expect(await killed.ended).toBe('SIGKILL')

    const next = await startLb({ config })
    const [node] = (await first(next))?.health ?? []
    expect(node).toMatchObject({ reason })
    expect(node?.seconds_left).toBeGreaterThan(seconds - 30)
    expect(node?.seconds_left).toBeLessThanOrEqual(seconds)
    for (let times = 0; times < 5; times += 1) expect(await ask(next)).toContain('from b')
    expect(failing.requests).toHaveLength(asked)
  },
  60_000,
)
