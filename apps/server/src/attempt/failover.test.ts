import type { MockScript } from '@lb/mock-provider'
import { describe, expect, test } from 'vitest'
import { faultsBeforeAnswer, faultsInStream } from '../testing/faults.ts'
import { eventNames, hello, startWorld } from '../testing/world.ts'

const second: MockScript = { name: 'second' }

/** The text that a stream brings. */
function textOf(stream: string): string {
  return [...stream.matchAll(/"text_delta","text":"([^"]*)"/g)].map((match) => match[1]).join('')
}

describe.each(['anthropic', 'openai'] as const)('two providers of type %s, the first is broken', (type) => {
  test.concurrent.for([...faultsBeforeAnswer, ...faultsInStream])(
    '%s: a stream comes whole from the second',
    async (fault, { onTestFinished }) => {
      const { post, mocks } = await startWorld({ scripts: [{ fault }, second], types: [type] }, onTestFinished)
      const response = await post({ ...hello, stream: true })
      const text = await response.text()
      const names = eventNames(text)
      expect(response.status).toBe(200)
      expect(names.filter((name) => name === 'message_start')).toHaveLength(1)
      expect(names.at(-1)).toBe('message_stop')
      expect(textOf(text)).toContain('second')
      expect(mocks[1]?.requests).toHaveLength(1)
    },
  )

  test.concurrent.for(faultsBeforeAnswer)(
    '%s: a whole answer comes from the second',
    async (fault, { onTestFinished }) => {
      const { post, mocks } = await startWorld({ scripts: [{ fault }, second], types: [type] }, onTestFinished)
      const response = await post(hello)
      expect(response.status).toBe(200)
      expect(response.headers.get('x-lb-attempts')).toBe('2')
      expect(await response.json()).toMatchObject({
        type: 'message',
        content: [{ text: expect.stringContaining('second') }],
      })
      expect(mocks[1]?.requests).toHaveLength(1)
    },
  )
})

test('failover goes from one type of provider to the other, both ways', async () => {
  for (const types of [['anthropic', 'openai'] as const, ['openai', 'anthropic'] as const]) {
    const { post } = await startWorld({ scripts: [{ fault: 'error-529' }, second], types })
    const response = await post({ ...hello, stream: true })
    expect(response.headers.get('x-lb-provider')).toBe('b')
    expect(eventNames(await response.text()).at(-1)).toBe('message_stop')
  }
})

describe('a stream that breaks after its first content', () => {
  const faults = [
    'error-mid-text',
    'close-mid-text',
    'reset-mid-text',
    'end-mid-text',
    'error-mid-tool-use',
    'reset-mid-tool-use',
  ] as const

  test.concurrent.for(faults)(
    '%s: ends with one truthful error and no end of its own',
    async (fault, { onTestFinished }) => {
      const { post, mocks } = await startWorld({ scripts: [{ fault }, second] }, onTestFinished)
      const names = eventNames(await (await post({ ...hello, stream: true })).text())
      expect(names.filter((name) => name === 'error')).toHaveLength(1)
      expect(names.at(-1)).toBe('error')
      expect(names).not.toContain('message_stop')
      expect(names).not.toContain('message_delta')
      expect(mocks[1]?.requests).toHaveLength(0)
    },
  )

  test('is dropped for Claude Code, which then asks again by itself', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'reset-mid-text' }, second] })
    const response = await post(
      { ...hello, stream: true },
      { headers: { 'user-agent': 'claude-cli/2.1.330 (external, cli)' } },
    )
    await expect(response.text()).rejects.toThrow()
  })

  test('is not dropped once a block is whole: a tool must not run twice', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'error-after-block' }, second] })
    const response = await post(
      { ...hello, stream: true },
      { headers: { 'user-agent': 'claude-cli/2.1.330 (external, cli)' } },
    )
    expect(eventNames(await response.text()).at(-1)).toBe('error')
  })

  test('without its closing event is whole, and gets it', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'no-message-stop' }] })
    expect(eventNames(await (await post({ ...hello, stream: true })).text()).at(-1)).toBe('message_stop')
  })
})

describe('a provider that is silent', () => {
  const settings = [
    'timeouts: { streaming: { first_byte_timeout: 0.5, read_timeout: 0.5 }, non_streaming: { read_timeout: 0.5 } }',
    'streaming: { hold_back: 0.1, message_start_hold: 0.2, ping_interval: 1 }',
  ]

  test.concurrent.for(['silence', 'stall-after-head', 'silent-on-accept'] as const)(
    '%s: pings while the second is asked',
    async (fault, { onTestFinished }) => {
      const { post } = await startWorld({ scripts: [{ fault }, second], settings }, onTestFinished)
      const stream = await (await post({ ...hello, stream: true })).text()
      expect(stream.startsWith('event: ping\ndata: {"type":"ping"}\n\nevent: message_start')).toBe(true)
      expect(textOf(stream)).toContain('second')
    },
  )

  test('after its opening: the client keeps that opening, and the counts at the end are the second’s', async () => {
    const usage = { inputTokens: 4321, outputTokens: 5 }
    const scripts = [
      { fault: 'stall-after-message-start' as const },
      { default: { reply: { text: 'from the second', usage } } },
    ]
    const { post } = await startWorld({ scripts, settings })
    const stream = await (await post({ ...hello, stream: true })).text()
    const names = eventNames(stream)
    expect(names.filter((name) => name === 'message_start')).toHaveLength(1)
    expect(names.at(-1)).toBe('message_stop')
    expect(textOf(stream)).toBe('from the second')
    expect(stream).toMatch(/event: message_delta\ndata: .*"input_tokens":4321/)
  })
})

test('a connection that went stale is replaced on the same provider, without blame', async () => {
  const { post, mocks, lines } = await startWorld({ scripts: [{ fault: 'stale-keep-alive' }, second] })
  for (let request = 0; request < 3; request += 1) {
    const response = await post(hello)
    expect(response.headers.get('x-lb-provider')).toBe('a')
    await response.text()
  }
  expect(mocks[1]?.requests).toHaveLength(0)
  expect(lines.filter(({ event }) => event === 'provider_health_error_recorded')).toEqual([])
})

test('a whole JSON answer to a stream request becomes a stream', async () => {
  const { post } = await startWorld({ scripts: [{ fault: 'json-for-sse' }] })
  const response = await post({ ...hello, stream: true })
  const names = eventNames(await response.text())
  expect(names).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
})

test('an opening that comes twice is no answer', async () => {
  const { post } = await startWorld({ scripts: [{ fault: 'duplicate-message-start' }, second] })
  const response = await post({ ...hello, stream: true })
  expect(response.headers.get('x-lb-provider')).toBe('b')
})

test('damaged compression is no answer', async () => {
  const { post } = await startWorld({ scripts: [{ fault: 'gzip-corrupt' }, second] })
  expect((await post(hello)).headers.get('x-lb-provider')).toBe('b')
})

test('compression that nobody asked for is undone', async () => {
  for (const fault of ['gzip-unasked', 'br-unasked'] as const) {
    const { post } = await startWorld({ scripts: [{ fault }] })
    const response = await post(hello)
    expect(response.headers.get('content-encoding')).toBeNull()
    expect(await response.json()).toMatchObject({ type: 'message' })
  }
})
