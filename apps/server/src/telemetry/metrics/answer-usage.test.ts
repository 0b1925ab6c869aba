import type { CachedAnswer } from '@lb/dedup'
import { expect, test } from 'vitest'
import { tokensOfAnswer } from './answer-usage.ts'

function answer(type: string, text: string): CachedAnswer {
  // Cut where it hurts: bytes of one event come in two pieces.
  const bytes = Buffer.from(text)
  const chunks = [bytes.subarray(0, 25), bytes.subarray(25)]
  return { status: 200, headers: [['content-type', type]], chunks, storedEpochMs: 0 }
}

const none = { cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }

test('a whole answer says what it used', () => {
  const text = '{"id":"msg_1","usage":{"input_tokens":11,"output_tokens":7,"cache_read_input_tokens":3}}'
  expect(tokensOfAnswer(answer('application/json', text))).toEqual({ ...none, input: 11, cacheRead: 3, output: 7 })
})

test('a stream says it at its beginning and at its end', () => {
  const text = [
    'data: {"type":"message_start","message":{"usage":{"input_tokens":11,"output_tokens":1}}}\n\n',
    'data: {"type":"content_block_delta","delta":{"text":"\\"usage\\""}}\n\n',
    'data: {"type":"message_delta","usage":{"output_tokens":7}}\n\n',
  ].join('')
  const kept = answer('text/event-stream; charset=utf-8', text)
  expect(tokensOfAnswer(kept)).toEqual({ ...none, input: 11, output: 7 })
  expect(tokensOfAnswer(kept)).toBe(tokensOfAnswer(kept))
})

test('so do the streams of OpenAI', () => {
  const chat = 'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
  const responses = 'data: {"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":2}}}\n\n'
  for (const text of [chat, responses])
    expect(tokensOfAnswer(answer('text/event-stream', text))).toEqual({ ...none, input: 5, output: 2 })
})

test('what says nothing, or is no JSON, is not counted', () => {
  expect(tokensOfAnswer(answer('application/json', '{"id":"msg_1"}'))).toBeUndefined()
  expect(tokensOfAnswer(answer('application/json', '<html>"usage"</html>'))).toBeUndefined()
})
