import { describe, expect, test } from 'vitest'
import { createChatRelay } from './chat-relay.ts'
import type { StreamStep } from './stream-reader.ts'

const chunk = (delta: object, more: object = {}, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`
const role = chunk({ role: 'assistant', content: '' })
const hi = chunk({ content: 'hi' })
const stop = chunk({}, {}, 'stop')
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } })}\n\n`
const done = 'data: [DONE]\n\n'

function read(...pieces: string[]): StreamStep[] {
  const relay = createChatRelay({ credential: 'key', maxEventBytes: 2000 })
  return [...pieces.flatMap((piece) => [...relay.push(Buffer.from(piece))]), ...relay.end()]
}

/** The bytes that the client gets. */
function shown(steps: readonly StreamStep[]): string {
  return steps.map((step) => ('bytes' in step ? Buffer.from(step.bytes).toString() : '')).join('')
}

/** Which piece of the answer is its first content. */
function contentAt(...pieces: string[]): number {
  const bodies = read(...pieces).filter((step) => step.step === 'body')
  return bodies.findIndex((step) => step.content)
}

describe('a whole answer', () => {
  test('passes byte for byte, with its end, its reason and its counts told', () => {
    const steps = read(role, hi, stop, usage, done)
    expect(shown(steps)).toBe(role + hi + stop + usage + done)
    expect(steps.at(-1)).toMatchObject({ step: 'ended', stopReason: 'stop' })
    expect(steps.at(-1)).toMatchObject({ usage: { input_tokens: 9, output_tokens: 2 } })
  })

  test('begins with its first content: the role and empty members are none', () => {
    const nothing = chunk({ content: null, tool_calls: [], reasoning_content: '', audio: {} })
    expect(contentAt(role, nothing, hi, done)).toBe(2)
    for (const delta of [
      { reasoning_content: 'x' },
      { tool_calls: [{ index: 0 }] },
      { refusal: 'no' },
      { novelty: { a: 1 } },
    ])
      expect(contentAt(role, chunk(delta), done)).toBe(1)
    expect(contentAt(role, stop, done)).toBe(1)
  })

  test('may have its counts inside of the choice, or say nothing of its reason', () => {
    const inChoice = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"","usage":{"prompt_tokens":4}}]}\n\n`
    expect(read(hi, inChoice, done).at(-1)).toMatchObject({ step: 'ended', stopReason: '', usage: { input_tokens: 4 } })
  })

  test('may come with comments, unknown events, odd line ends and text behind the reason', () => {
    const odd = `: x\n\n${hi}data: "text"\n\ndata:{"choices":[]}\r\n\r\n${stop}${hi}event: x\ndata: {"a":\ndata: 1}\n\n`
    expect(shown(read(odd + done))).toBe(odd + done)
  })

  test('that lacks only its end mark is one that can be ended', () => {
    const last = read(role, hi, stop).at(-1)
    expect(last).toMatchObject({ step: 'failed', failure: { kind: 'end-missing' } })
    expect(Buffer.from((last as { closing: Uint8Array }).closing).toString()).toBe(done)
  })

  test('whose last line has no blank line behind it is whole', () => {
    expect(read(hi, stop, 'data: [DONE]').at(-1)).toMatchObject({ step: 'ended' })
  })
})

describe('a broken answer', () => {
  test('that ends before its reason is cut', () => {
    expect(read(role, hi).at(-1)).toMatchObject({ step: 'failed', failure: { kind: 'stream-cut' } })
  })

  test('without a single choice is none, with or without an end mark', () => {
    for (const pieces of [[], [done], [usage, done]])
      expect(read(...pieces).at(-1)).toMatchObject({ step: 'failed', failure: { kind: 'bad-response' } })
  })

  test.each([
    ['data: {"error":{"message":"m","code":429}}\n\n', 'rate-limited'],
    ['event: error\ndata: {"message":"m"}\n\n', 'server-error'],
    ['event: error\ndata: no JSON\n\n', 'server-error'],
    [`data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"m"}}\n\n`, 'server-error'],
  ])('that says %j ends with these very bytes', (event, kind) => {
    const last = read(hi, event, hi).at(-1)
    expect(last).toMatchObject({ step: 'failed', failure: { kind } })
    expect(Buffer.from((last as { event: Uint8Array }).event).toString()).toBe(event)
  })

  test('with an endless event is given up', () => {
    expect(read(hi, `data: ${'x'.repeat(3000)}`).at(-1)).toMatchObject({ failure: { kind: 'response-too-large' } })
  })
})
