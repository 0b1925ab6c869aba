import { spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'

/** A tool whose only purpose is to hold servers up: `slowhttptest`, from the Debian package of that name. */
interface Attack {
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
}

/** How an attack ended. */
interface Attacked {
  readonly name: string
  /** The tool's own words. */
  readonly end: string
  /** Of its probes, which ask as everybody does. */
  readonly isAvailable: boolean
}

/** Each attack opens so many. */
const CONNECTIONS = Number(process.env['LB_SLOW_CONNECTIONS'] ?? 300)
/** Longer than lb bears any of them: 10 s for a head, 30 s for 30 KB of a body. */
const PATIENCE_S = 60

const attacks: readonly Attack[] = [
  { name: '-H: headers, one now and then', path: '/health', args: ['-H', '-i', '2'] },
  { name: '-B: a body, a few bytes now and then', path: '/v1/messages', args: ['-B', '-s', '100000', '-i', '5'] },
  { name: '-R: a thousand ranges of one page', path: '/openapi.json', args: ['-R', '-t', 'GET', '-b', '3000'] },
]

function attack(lb: LbProcess, { name, path, args }: Attack): Promise<Attacked> {
  const size = ['-c', `${CONNECTIONS}`, '-r', '150', '-l', `${PATIENCE_S}`]
  const child = spawn('slowhttptest', [...args, ...size, '-v', '1', '-u', lb.url + path])
  onTestFinished(() => void child.kill('SIGKILL'))
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => parts.push(text))
  }
  return new Promise((resolve, reject) => {
    child.on('error', () => reject(new Error('slowhttptest is missing: apt-get install slowhttptest')))
    child.on('close', () => {
      const report = uncolored(parts.join(''))
      const end = /Exit status: (.*)/.exec(report)?.[1]?.trim() ?? report
      resolve({ name, end, isAvailable: !/service available:\s+NO/.test(report) })
    })
  })
}

function uncolored(text: string): string {
  return text
    .split('\u001b')
    .map((part) => part.replace(/^\[[\d;]*[A-Za-z]/, ''))
    .join('')
}

const body = JSON.stringify({ model: 'claude-test-1', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] })

/**
 * Asks as anybody does, on a connection that is kept. @returns how long it took, in milliseconds. Where other programs leave lb
 * no processor it says so at once, with 529: that tells of the machine, and is asked again as clients do.
 */
async function askTimed(lb: LbProcess, agent: Agent): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const tookMs = await askOnce(lb, agent)
    if (tookMs !== 'overloaded') return tookMs
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('overloaded for ten seconds')
}

function askOnce(lb: LbProcess, agent: Agent): Promise<number | 'overloaded'> {
  const beganMs = performance.now()
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(`${lb.url}/v1/messages`, { method: 'POST', agent, headers })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - beganMs)
        else if (response.statusCode === 529) resolve('overloaded')
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    sent.end(body)
  })
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN
}

test('slowhttptest -H, -B and -R at once: lb closes every connection of theirs, and nobody else waits for it', async () => {
  const mock = await startMockProvider({ script: {} })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(async () => {
    agent.destroy()
    await mock.close()
  })
  const config = configFor([mock.url], ['deduplication: { enabled: false }'])
  // The second one is left in peace: whatever else this machine does, it does to both.
  const attackedLb = await startLb({ config })
  const peacefulLb = await startLb({ config })
  for (let index = 0; index < 100; index += 1) {
    await askTimed(attackedLb, agent)
    await askTimed(peacefulLb, agent)
  }

  let isOver = false
  const attacked = Promise.all(attacks.map((one) => attack(attackedLb, one))).finally(() => {
    isOver = true
  })
  const attackedMs: number[] = []
  const peacefulMs: number[] = []
  while (!isOver) {
    attackedMs.push(await askTimed(attackedLb, agent))
    peacefulMs.push(await askTimed(peacefulLb, agent))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }

  // Before the tool's own time was up: all of them were ended by lb.
  const refused = { end: 'No open connections left', isAvailable: true }
  expect(await attacked).toEqual(attacks.map(({ name }) => ({ name, ...refused })))
  expect(attackedMs.length).toBeGreaterThan(200)
  const [attackedP99, peacefulP99] = [percentile(attackedMs, 0.99), percentile(peacefulMs, 0.99)]
  expect(attackedP99, `p99 of ${attackedMs.length} requests; in peace ${peacefulP99} ms`).toBeLessThan(
    2 * peacefulP99 + 20,
  )
}, 120_000)
