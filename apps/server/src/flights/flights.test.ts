import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { eventNames, hello, startWorld, type World } from '../testing/world.ts'

const streamed = { ...hello, stream: true }

/** The bodies of many same requests at once. */
async function together(world: World, count: number, body: object): Promise<string[]> {
  const responses = await Promise.all(Array.from({ length: count }, () => world.post(body)))
  return Promise.all(responses.map((response) => response.text()))
}

/** A client on a plain socket, which reads when it is told to. */
function slowClient(world: World, body: object): { socket: Socket; whole: Promise<string> } {
  const { hostname, port } = new URL(world.lb.url)
  const socket = connect({ host: hostname, port: Number(port) })
  const text = JSON.stringify(body)
  socket.write(
    `POST /v1/messages HTTP/1.0\r\nhost: ${hostname}:${port}\r\nanthropic-version: 2023-06-01\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  )
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  const whole = new Promise<string>((resolve) => {
    socket.on('close', () => {
      const all = Buffer.concat(received).toString()
      resolve(all.slice(all.indexOf('\r\n\r\n') + 4))
    })
  })
  return { socket, whole }
}

describe('a hundred clients that ask the same at the same time', () => {
  test.each([
    ['streams', streamed],
    ['whole answers', hello],
  ])('cost one call, and each gets every byte: %s', async (_, body) => {
    // Long enough for a hundred requests to come in, also on a busy machine.
    const world = await startWorld({ scripts: [{ paceMs: 2, default: { delayMs: 1500 } }] })
    const answers = await together(world, 100, body)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain(body === streamed ? 'message_stop' : '"type":"message"')
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })

  test('know whose call it is', async () => {
    const world = await startWorld({ scripts: [{ default: { delayMs: 100 } }] })
    const responses = await Promise.all([1, 2, 3].map(() => world.post(hello)))
    const roles = responses.map((response) => response.headers.get('x-lb-coalesced')).sort()
    const ids = responses.map((response) => response.headers.get('x-lb-request-id'))
    expect(roles).toEqual(['follower', 'follower', 'leader'])
    expect(new Set(ids).size).toBe(3)
  })

  test('a stream and a whole answer are two questions', async () => {
    const world = await startWorld({ scripts: [{ default: { delayMs: 100 } }] })
    const [stream, whole] = await Promise.all([world.post(streamed), world.post(hello)])
    expect(eventNames(await stream.text()).at(-1)).toBe('message_stop')
    expect(await whole.json()).toMatchObject({ type: 'message' })
    expect(world.mocks[0]?.requests).toHaveLength(2)
  })
})

describe('a leader that leaves', () => {
  const script = { paceMs: 20 }
  const events = 8

  test.each(Array.from({ length: events }, (_, index) => index))(
    'after event %i: who follows gets the whole answer',
    async (stopAfter) => {
      const world = await startWorld({ scripts: [script] })
      const leaving = new AbortController()
      const leader = await world.post(streamed, { signal: leaving.signal })
      const follower = await world.post(streamed)
      const reader = leader.body?.getReader()
      for (let seen = 0; seen < stopAfter; ) {
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) break
        seen += eventNames(Buffer.from(value ?? []).toString()).length
      }
      leaving.abort()
      const names = eventNames(await follower.text())
      expect(names.at(0)).toBe('message_start')
      expect(names.at(-1)).toBe('message_stop')
      await world.mocks[0]?.idle()
      expect(world.mocks[0]?.requests.map(({ outcome }) => outcome)).toEqual(['answered'])
    },
  )

  test('as the last one: the upstream is closed', async () => {
    const world = await startWorld({ scripts: [{ paceMs: 50 }] })
    const leaving = new AbortController()
    const responses = await Promise.all([1, 2].map(() => world.post(streamed, { signal: leaving.signal })))
    leaving.abort()
    await Promise.allSettled(responses.map((response) => response.text()))
    await world.mocks[0]?.idle()
    expect(world.mocks[0]?.requests.map(({ outcome }) => outcome)).toEqual(['client-left'])
  })
})

test.each([0, 1, 2, 5, 8])('who comes after event %i gets the answer from its first byte', async (joinAfter) => {
  const world = await startWorld({ scripts: [{ paceMs: 20 }] })
  const leader = await world.post(streamed)
  const reader = leader.body?.getReader()
  let first = ''
  while (eventNames(first).length < joinAfter) first += Buffer.from((await reader?.read())?.value ?? []).toString()
  const follower = world.post(streamed).then((response) => response.text())
  for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read())
    first += Buffer.from(piece.value).toString()
  expect(await follower).toBe(first)
  expect(world.mocks[0]?.requests).toHaveLength(1)
})

test('who does not read slows nobody, and gets the same bytes in the end', async () => {
  const text = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(2000)}`)
  const world = await startWorld({ scripts: [{ paceMs: 1, default: { reply: { text } } }] })
  const slow = slowClient(world, streamed)
  slow.socket.pause()
  const fast = await (await world.post(streamed)).text()
  slow.socket.resume()
  expect(eventNames(fast).at(-1)).toBe('message_stop')
  expect(await slow.whole).toBe(fast)
  expect(world.mocks[0]?.requests).toHaveLength(1)
})

describe('what makes two requests the same question', () => {
  const claude = (nonce: string, userId: string): object => ({
    ...hello,
    metadata: { user_id: userId },
    system: [
      {
        type: 'text',
        text: `x-anthropic-billing-header: cc_version=2.1.330.${nonce}; cc_entrypoint=cli; cch=${nonce};`,
      },
      { type: 'text', text: 'You are' },
    ],
  })

  async function callsFor(
    bodies: readonly object[],
    options: { headers?: Record<string, string>[]; settings?: string[]; provider?: string } = {},
  ): Promise<number> {
    const { settings = [], headers = [], provider } = options
    const world = await startWorld({
      scripts: [{ default: { delayMs: 100 } }],
      settings,
      ...(provider === undefined ? {} : { provider }),
    })
    await Promise.all(
      bodies.map(async (body, index) => (await world.post(body, { headers: headers[index] ?? {} })).text()),
    )
    return world.mocks[0]?.requests.length ?? 0
  }

  test('not the nonce of Claude Code’s billing header, metadata, key order or spaces', async () => {
    const { max_tokens, model, messages } = hello
    expect(await callsFor([claude('abc', 'u1'), claude('def', 'u2')])).toBe(1)
    expect(await callsFor([hello, { messages, max_tokens, model }])).toBe(1)
  })

  test('not max_tokens, unless it is a probe or the setting says so', async () => {
    const other = { ...hello, max_tokens: 200 }
    expect(await callsFor([hello, other])).toBe(1)
    expect(await callsFor([hello, { ...hello, max_tokens: 1 }])).toBe(2)
    expect(
      await callsFor([hello, other], { settings: ['deduplication: { include_max_tokens_in_signature: true }'] }),
    ).toBe(2)
  })

  test.each<[string, object]>([
    ['temperature', { temperature: 0.5 }],
    ['tools', { tools: [] }],
    ['tool_choice', { tool_choice: { type: 'auto' } }],
    ['thinking', { thinking: { type: 'adaptive' } }],
    ['stop_sequences', { stop_sequences: ['x'] }],
    ['model', { model: 'claude-test-2' }],
    ['a text', { messages: [{ role: 'user', content: 'hello ' }] }],
  ])('%s does', async (_, change) => {
    expect(await callsFor([hello, { ...hello, ...change }])).toBe(2)
  })

  test('a beta header does, and the client’s own credential where it goes up', async () => {
    expect(await callsFor([hello, hello], { headers: [{ 'anthropic-beta': 'x' }, {}] })).toBe(2)
    const headers = [{ authorization: 'Bearer one' }, { authorization: 'Bearer two' }]
    expect(await callsFor([hello, hello], { headers, provider: 'auth_value: passthrough' })).toBe(2)
    expect(await callsFor([hello, hello], { headers })).toBe(1)
  })

  test('a client can keep a request to itself, and the operator can switch sharing off', async () => {
    expect(await callsFor([hello, hello], { headers: [{ 'x-lb-coalesce': 'no' }, {}] })).toBe(2)
    expect(await callsFor([hello, hello], { settings: ['deduplication: { enabled: false }'] })).toBe(2)
  })
})

describe('an upstream that fails', () => {
  test('in the middle: everybody gets the same truthful ending, and the next one a fresh call', async () => {
    const world = await startWorld({
      scripts: [{ rules: [{ answer: { fault: 'end-mid-text', delayMs: 50 }, repeat: 1 }], default: {} }],
    })
    const answers = await together(world, 5, streamed)
    expect(new Set(answers).size).toBe(1)
    expect(eventNames(answers[0] ?? '').at(-1)).toBe('error')
    const next = await (await world.post(streamed)).text()
    expect(eventNames(next).at(-1)).toBe('message_stop')
    expect(world.mocks[0]?.requests).toHaveLength(2)
  })

  test('at once: everybody gets its status', async () => {
    const world = await startWorld({ scripts: [{ fault: 'invalid-request', default: { delayMs: 50 } }] })
    const responses = await Promise.all([1, 2, 3].map(() => world.post(hello)))
    expect(responses.map(({ status }) => status)).toEqual([400, 400, 400])
    expect(new Set(await Promise.all(responses.map((response) => response.text()))).size).toBe(1)
  })
})

test('nothing is left behind', async () => {
  const world = await startWorld({ scripts: [{ default: { delayMs: 20 } }] })
  await together(world, 20, hello)
  const next = await world.post(hello)
  expect(next.headers.get('x-lb-coalesced')).toBe('leader')
})
