import { type IncomingMessage, request } from 'node:http'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { startMockProvider } from '@lb/mock-provider'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { writeProof } from '../chaos/proof.ts'
import { configText, startFileWorld } from '../testing/file-world.ts'
import { hello } from '../testing/world.ts'

/**
 * Reloads under load. The defaults are for every run of the tests; `pnpm proof:reloads` takes the figures that lb promises:
 * 10,000 reloads while 1,000 streams run, and 10,000 broken files. Whatever ended the process would end this run.
 */
const RELOADS = Number(process.env['LB_RELOADS'] ?? 200)
const STREAMS = Number(process.env['LB_STREAMS'] ?? 40)
const BROKEN = Number(process.env['LB_BROKEN_FILES'] ?? 140)
const TIMEOUT_MS = 60_000 + RELOADS * 80 + BROKEN * 30
/** Between two events of a stream: lb, its upstreams and the clients share one processor here, which is to have some time left. */
const PACE_MS = STREAMS < 500 ? 10 : 3_000
/** Events of a stream. */
const EVENTS = 26

interface Streamed {
  readonly provider: string
  readonly text: string
  /** Reloads while it ran. */
  readonly reloads: number
}

/** How many reloads were done so far, and how many streams have begun and not ended. */
interface Progress {
  reloads: number
  open: number
}

/** One stream, read to its end: by Node's own client, which opens as many connections as it is asked for. */
function stream(url: string, question: number, progress: Progress): Promise<Streamed> {
  const body = JSON.stringify({ ...hello, stream: true, messages: [{ role: 'user', content: `question ${question}` }] })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(`${url}/v1/messages`, { method: 'POST', headers, agent: false }, (answer: IncomingMessage) => {
      const parts: string[] = []
      const before = progress.reloads
      progress.open += 1
      answer.setEncoding('utf8').on('data', (part: string) => parts.push(part))
      answer.on('end', () => {
        progress.open -= 1
        const provider = String(answer.headers['x-lb-provider'])
        resolve({ provider, text: parts.join(''), reloads: progress.reloads - before })
      })
      answer.on('error', reject)
    })
    sent.on('error', reject).end(body)
  })
}

/** What both tests have found, for the proof. */
const found: string[] = []
afterAll(() => {
  if (found.length === 2) writeProof('reloads', { command: 'pnpm proof:reloads', lines: found })
})

const quantile = (values: readonly number[], share: number, digits = 0): string =>
  ([...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN).toFixed(digits)

test(
  `${RELOADS} reloads while ${STREAMS} streams run: none is cut, none is mixed`,
  async () => {
    const words = Array.from({ length: 20 }, (_, index) => `w${index}`).join(' ')
    const mocks = await Promise.all(
      ['red', 'blue'].map((name) =>
        startMockProvider({
          script: { default: { reply: { text: `${name} ${words}` }, paceMs: PACE_MS } },
          keepRequests: 10,
        }),
      ),
    )
    onTestFinished(() => Promise.all(mocks.map((mock) => mock.close())).then(() => {}))
    const textFor = (name: string, index: number, turn: number): string =>
      configText({
        providers: { [name]: mocks[index]?.url ?? '' },
        settings: ['usage: { enabled: false }', `max_attempts: ${2 + (turn % 3)}`],
      })
    const world = await startFileWorld(textFor('red', 0, 0), {}, onTestFinished, 'error')
    let isOver = false
    const progress: Progress = { reloads: 0, open: 0 }
    const seen = { streams: 0, throughReloads: 0, mostReloads: 0, providers: new Set<string>() }
    const wrong: Streamed[] = []
    const judge = (one: Streamed): void => {
      const said = [...one.text.matchAll(/"text":"([^"]*)"/g)].map((match) => match[1]).join('')
      if (!one.text.includes('event: message_stop') || said !== `${one.provider} ${words}`) wrong.push(one)
      seen.streams += 1
      if (one.reloads > 0) seen.throughReloads += 1
      seen.mostReloads = Math.max(seen.mostReloads, one.reloads)
      seen.providers.add(one.provider)
    }
    let asked = 0
    // As one ends the next begins, so that as many run all the time.
    const client = async (): Promise<void> => {
      while (!isOver) judge(await stream(world.lb.url, asked++, progress))
    }
    const clients: Promise<void>[] = []
    // Spread over the time of a stream, so that they do not all end and ask again at once, for ever after.
    while (clients.length < STREAMS) {
      clients.push(client())
      await pause((EVENTS * PACE_MS) / STREAMS)
    }
    while (progress.open < STREAMS * 0.9) await pause(10)
    const tookMs: number[] = []
    const open: number[] = []
    for (let turn = 1; turn <= RELOADS; turn++) {
      await world.write(turn % 2 === 0 ? textFor('red', 0, turn) : textFor('blue', 1, turn))
      const askedMs = performance.now()
      expect((await world.lb.reload('request')).kind).toBe('applied')
      tookMs.push(performance.now() - askedMs)
      progress.reloads = turn
      open.push(progress.open)
      await nextTurn()
    }
    isOver = true
    await Promise.all(clients)
    expect(wrong).toEqual([])
    expect(seen.throughReloads).toBeGreaterThanOrEqual(STREAMS)
    // Those that began at first began with the first provider.
    if (seen.streams >= 3 * STREAMS) expect(seen.providers.size).toBe(2)
    expect(world.lines).toEqual([])
    found.push(
      [
        `- ${RELOADS} reloads, each of another provider and another setting, while ${quantile(open, 0)} to ${quantile(open, 1)} streams ran (half of the time ${quantile(open, 0.5)} or more): ${seen.streams} streams, 0 cut, 0 mixed.`,
        `  ${seen.throughReloads} of them ran while lb was reloaded, one through ${seen.mostReloads} reloads.`,
        `  A reload took ${quantile(tookMs, 0.5, 1)} ms (median), ${quantile(tookMs, 0.99, 1)} ms (p99), with the upstreams and the clients in lb's own process.`,
      ].join('\n'),
    )
    console.info(found.at(-1))
  },
  TIMEOUT_MS,
)

const right = configText({ providers: { a: 'http://127.0.0.1:1' } })

/** Ways in which a file goes wrong. `chance`: in [0, 1), drawn for this file. */
const spoilers: readonly ((chance: number, turn: number) => string)[] = [
  // Inside of the first entry: wherever it is cut, a brace is open.
  (chance) =>
    right.slice(0, right.indexOf('{') + 1 + Math.floor(chance * (right.indexOf('}') - right.indexOf('{') - 1))),
  // In the middle of the first word.
  (chance) => `${right.slice(0, 1 + Math.floor(chance * 8))}\u0000\u0007${right.slice(1 + Math.floor(chance * 8))}`,
  (_, turn) => `${right}\nnobody_knows_${turn}: 1\n`,
  () => `${right}\nx: &a [1,1,1,1,1,1,1,1,1]\ny: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nz: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`,
  () => '['.repeat(20_000),
  () => `${'a:\n '.repeat(3_000)}`,
  () => '{'.repeat(5_000),
  () => `__proto__: { polluted: true }\n${right}`,
  () => right.replace('name: a', 'name: !!js/function "function () { process.exit() }"'),
  () => right.replace('priority: 1', 'priority: 1e999'),
  () => '',
  () => '\t- : : -\n%YAML 9.9\n---\n...',
  (chance) =>
    Buffer.from(Array.from({ length: 400 }, (_, index) => (chance * 1e6 * (index + 7)) & 0xff)).toString('latin1'),
  () => right.replace('auth_value: key-1', 'auth_value: ${NOBODY_SET_THIS}'),
]

test(
  `${BROKEN} broken, half-written or hostile files: each is refused, and the old configuration serves on`,
  async () => {
    const world = await startFileWorld(right, {}, onTestFinished, 'error')
    let kept = 0
    for (let turn = 0; turn < BROKEN; turn++) {
      // A golden-ratio walk: spread evenly, and the same in every run.
      await world.write(spoilers[turn % spoilers.length]?.((turn * 0.618_033_988_7) % 1, turn) ?? '')
      const outcome = await world.lb.reload('request')
      expect(outcome.kind, `file ${turn} of kind ${turn % spoilers.length}`).toBe('rejected')
      if (turn % 50 === 0)
        expect((await world.call('GET', '/providers')).body).toMatchObject({ providers: [{ name: 'a' }] })
      kept += 1
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    await world.write(right)
    expect(await world.lb.reload('request')).toMatchObject({ kind: 'applied', diff: { unchanged: true } })
    expect(world.lines).toHaveLength(kept)
    const kinds = spoilers.length
    found.push(
      `- ${kept} broken, half-written and hostile files of ${kinds} kinds: 0 exits, the old configuration stayed.`,
    )
    console.info(found.at(-1))
  },
  TIMEOUT_MS,
)
