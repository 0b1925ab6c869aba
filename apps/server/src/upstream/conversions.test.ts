import { convertAnthropicRequestToChat, namedProfiles } from '@lb/convert'
import { expect, test } from 'vitest'
import { openAiForAnthropic } from './conversions.ts'
import { convertingAdapter } from './converting-adapter.ts'

function chatAdapter() {
  const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
  const profile = namedProfiles['ollama']
  if (profile === undefined) throw new Error('never here')
  const converted = convertAnthropicRequestToChat(request, profile, { model: 'm', seed: 's' })
  if (!converted.ok) throw new Error(converted.error.message)
  return convertingAdapter(openAiForAnthropic('chat', converted.value.context))
}

test('data with nothing in it is a sign of life', () => {
  const reader = chatAdapter().createReader('key', 1 << 20)
  reader.push(Buffer.from('data:\n\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n'))
  const last = 'data: \n\ndata: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
  expect(reader.push(Buffer.from(last)).at(-1)).toMatchObject({ step: 'ended', stopReason: 'end_turn' })
})

test('an error event says what its text says', () => {
  const reader = chatAdapter().createReader('key', 1 << 20)
  const steps = reader.push(
    Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\nevent: error\ndata: busy\n\n'),
  )
  const failed = steps.at(-1)
  expect(failed?.step === 'failed' && String(failed.event)).toContain('busy')
})

test('arguments that an upstream sends as the value itself keep their spelling, streamed and not', () => {
  const adapter = chatAdapter()
  const raw = '{"b":12345678901234567890,"a":1.0}'
  const call = `{"index":0,"id":"a","function":{"name":"A","arguments":${raw}}}`
  const whole = `{"choices":[{"message":{"tool_calls":[${call}]},"finish_reason":"stop"}]}`
  expect(String(answerOf(adapter.readWhole(Buffer.from(whole), 'key')).body)).toContain(`"input":${raw}`)
  expect(String(answerOf(adapter.explode(Buffer.from(whole), 'key')))).toContain(raw)
  const reader = adapter.createReader('key', 1 << 20)
  const steps = reader.push(Buffer.from(`data: {"choices":[{"delta":{"tool_calls":[${call}]}}]}\n\ndata: [DONE]\n\n`))
  const written = steps.map((step) => ('bytes' in step ? Buffer.from(step.bytes).toString() : '')).join('')
  expect(written).toContain(JSON.stringify(raw))
})

function answerOf<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) throw new Error('no answer')
  return result.value
}
