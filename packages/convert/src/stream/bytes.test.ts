import { describe, expect, test } from 'vitest'
import { chatContext } from '../../testing/chat-streams.ts'
import { contextFor } from '../../testing/context.ts'
import { chunk, plainProfile } from '../../testing/streams.ts'
import { namedProfiles } from '../index.ts'
import { createAnthropicToChatByteStream } from './anthropic-to-chat-bytes.ts'
import { createChatToAnthropicByteStream } from './chat-to-anthropic-bytes.ts'
import { createResponsesToAnthropicByteStream } from './responses-to-anthropic-bytes.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (out: Uint8Array): string => new TextDecoder().decode(out)
const data = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`
const hello = data(chunk({ content: 'hé' }))
const stop = data(chunk({}, 'stop'))
const mark = 'data: [DONE]\n\n'
const chat = () => createChatToAnthropicByteStream(contextFor(plainProfile))

test('one piece goes out for each piece that comes in', () => {
  const stream = chat()
  expect(text(stream.push(bytes(hello)))).toBe(
    [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"claude-test-1","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":null,"output_tokens_details":null,"server_tool_use":null,"service_tier":null,"inference_geo":null,"speed":null}}}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":null}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hé"}}\n\n',
    ].join(''),
  )
  expect(stream.push(bytes('data: {'))).toHaveLength(0)
  expect(text(stream.push(bytes(`"choices":[{"delta":{"content":"x"}}]}\n\n${stop}${mark}`)))).toContain(
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  )
  expect(stream.end()).toHaveLength(0)
  expect(stream.report()).toMatchObject({ phase: 'finished', signsOfLife: 0 })
})

test('19: characters and line ends that the network cut are whole again', () => {
  const all = bytes(hello.replaceAll('\n', '\r\n') + stop + mark)
  const once = chat()
  const expected = text(once.push(all)) + text(once.end())
  for (let at = 0; at <= all.length; at += 1) {
    const stream = chat()
    expect(text(stream.push(all.subarray(0, at))) + text(stream.push(all.subarray(at))) + text(stream.end())).toBe(
      expected,
    )
  }
})

test('comments are signs of life', () => {
  const stream = chat()
  stream.push(bytes(`: OPENROUTER PROCESSING\n\n: again\n\n${hello}`))
  expect(stream.report().signsOfLife).toBe(2)
})

test('the end mark may have spaces, and what follows it is reported', () => {
  const stream = chat()
  stream.push(bytes(`${hello}${stop}data:  [DONE] \n\n${hello}`))
  expect(stream.report()).toMatchObject({
    phase: 'finished',
    losses: [{ code: 'usage_missing' }, { code: 'data_after_end' }],
  })
})

describe('the last event without its blank line', () => {
  test.each([
    ['counts when its JSON is whole', stop.trimEnd(), 'finished'],
    ['counts when it is the end mark', `${stop}data: [DONE]`, 'finished'],
    ['does not when it is cut', 'data: {"choices":[{"finish_reason":"stop"', 'failed'],
  ])('%s', (_what, last, phase) => {
    const stream = chat()
    stream.push(bytes(hello + last))
    stream.end()
    expect(stream.report().phase).toBe(phase)
  })

  test('data with nothing in it is a sign of life', () => {
    const stream = chat()
    stream.push(bytes(`data:\n\n${hello}data: \n\n${stop}data:`))
    stream.end()
    expect(stream.report()).toMatchObject({ phase: 'finished', signsOfLife: 3 })
  })

  test('a comment there is no event', () => {
    const stream = chat()
    stream.push(bytes(`${hello}${stop}: bye`))
    stream.end()
    expect(stream.report()).toMatchObject({ phase: 'finished', signsOfLife: 1 })
  })
})

describe('what ends a stream badly', () => {
  test('an event that is no JSON', () => {
    const stream = chat()
    expect(text(stream.push(bytes(`${hello}data: {broken\n\n${stop}`)))).toContain(
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"upstream sent an event that is not JSON"},"request_id":null}\n\n',
    )
  })

  test.each([
    ['with a body of any shape', 'event: error\ndata: {"message":"busy"}\n\n'],
    ['of text', 'event: error\ndata: busy\n\n'],
    ['with an error in it', 'event: error\ndata: {"error":{"message":"busy"}}\n\n'],
  ])('an error event %s', (_what, event) => {
    const stream = chat()
    const written = text(stream.push(bytes(hello + event)))
    expect(stream.report()).toMatchObject({ phase: 'failed' })
    expect(written).toContain('busy')
  })

  test('an event that is too long', () => {
    const stream = createChatToAnthropicByteStream(contextFor(plainProfile), { maxEventLength: 200 })
    expect(text(stream.push(bytes(hello + data({ junk: 'x'.repeat(300) }))))).toContain(
      'upstream sent an event that is too long',
    )
  })

  test('a failure that the host saw', () => {
    const stream = chat()
    stream.push(bytes(hello))
    expect(text(stream.fail({ message: 'connection reset' }))).toContain('connection reset')
  })
})

describe('a body where a stream was promised', () => {
  const whole = {
    id: 'c',
    choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  }

  test('a whole answer becomes a stream, however it is cut, with a byte order mark or spaces before it', () => {
    for (const before of ['', ' \n', '\ufeff']) {
      const all = bytes(before + JSON.stringify(whole))
      const once = chat()
      expect(once.push(all)).toHaveLength(0)
      const expected = text(once.end())
      expect(expected).toContain('"text":"hi"')
      expect(once.report().phase).toBe('finished')
      for (const at of [1, 2, 3, 4, 20]) {
        const stream = chat()
        stream.push(all.subarray(0, at))
        stream.push(all.subarray(at))
        expect(text(stream.end())).toBe(expected)
      }
    }
  })

  test.each([
    ['an error', '{"error":{"message":"no","code":429}}', 'no', 429],
    ['a web page', '<!doctype html><p>Bad gateway', 'upstream sent a web page instead of an answer', 500],
    ['a broken body', '{"choices":', 'upstream sent a body that is neither a stream nor JSON', 500],
    ['a list', '[]', 'upstream sent an empty stream', 500],
  ])('%s is an error before the stream', (_what, body, message, status) => {
    const stream = chat()
    stream.push(bytes(body))
    expect(stream.end()).toHaveLength(0)
    expect(stream.report().error).toMatchObject({ isPreStream: true, status, body: { error: { message } } })
  })

  test('a body that never ends is given up', () => {
    const stream = chat()
    stream.push(bytes('{"a":"'))
    const much = new Uint8Array(9 * 1024 * 1024).fill(0x78)
    stream.push(much)
    expect(stream.report().phase).toBe('waiting')
    stream.push(much)
    expect(stream.report().error?.body).toMatchObject({ error: { message: 'upstream sent a body that is too long' } })
    expect(stream.end()).toHaveLength(0)
  })

  test('a whole response, and a whole message, in the other dialects', () => {
    const responses = createResponsesToAnthropicByteStream(
      contextFor(namedProfiles['openai-responses'] ?? plainProfile),
    )
    responses.push(
      bytes(
        JSON.stringify({
          object: 'response',
          status: 'completed',
          error: null,
          output: [{ type: 'message', content: [{ type: 'output_text', text: 'hi' }] }],
        }),
      ),
    )
    expect(text(responses.end())).toContain('"text":"hi"')
    const messages = createAnthropicToChatByteStream(chatContext())
    messages.push(
      bytes(
        JSON.stringify({
          type: 'message',
          id: 'm',
          content: [{ type: 'text', text: 'hi' }],
          stop_reason: 'end_turn',
          usage: { input_tokens: 1, output_tokens: 1 },
        }),
      ),
    )
    expect(text(messages.end())).toMatch(/"content":"hi"[\s\S]*data: \[DONE\]\n\n$/)
    const failed = createAnthropicToChatByteStream(chatContext())
    failed.push(bytes('{"type":"error","error":{"type":"overloaded_error","message":"busy"}}'))
    failed.end()
    expect(failed.report().error).toMatchObject({ status: 503 })
  })
})

test('arguments that come whole with a call keep their text on the way to a Chat client', () => {
  const stream = createAnthropicToChatByteStream(chatContext())
  const start =
    '{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}'
  const call =
    '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"A","input":{"x":1.0,"y":12345678901234567890}}}'
  const out = text(
    stream.push(bytes(`data: ${start}\n\ndata: ${call}\n\ndata: {"type":"content_block_stop","index":0}\n\n`)),
  )
  expect(out).toContain('{\\"x\\":1.0,\\"y\\":12345678901234567890}')
  const whole = createAnthropicToChatByteStream(chatContext())
  whole.push(bytes('{"type":"message","content":[{"type":"tool_use","id":"a","name":"A","input":{"x":1.0}}]}'))
  expect(text(whole.end())).toContain('{\\"x\\":1.0}')
  stream.push(bytes('data: {"tool_use" broken\n\n'))
  expect(stream.report().phase).toBe('failed')
})
