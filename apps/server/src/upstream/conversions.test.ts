import { convertAnthropicRequestToChat, namedProfiles } from '@lb/convert'
import { expect, test } from 'vitest'
import { openAiForAnthropic } from './conversions.ts'
import { convertingAdapter } from './converting-adapter.ts'

test('arguments that an upstream sends as the value itself keep their spelling, streamed and not', () => {
  const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
  const profile = namedProfiles['ollama']
  if (profile === undefined) throw new Error('never here')
  const converted = convertAnthropicRequestToChat(request, profile, { model: 'm', seed: 's' })
  if (!converted.ok) throw new Error(converted.error.message)
  const adapter = convertingAdapter(openAiForAnthropic('chat', converted.value.context), 1 << 20)
  const raw = '{"b":12345678901234567890,"a":1.0}'
  const call = `{"index":0,"id":"a","function":{"name":"A","arguments":${raw}}}`
  const whole = `{"choices":[{"message":{"tool_calls":[${call}]},"finish_reason":"stop"}]}`
  expect(String(answerOf(adapter.readWhole(Buffer.from(whole), 'key')).body)).toContain(`"input":${raw}`)
  expect(String(answerOf(adapter.explode(Buffer.from(whole), 'key')))).toContain(raw)
  const reader = adapter.createReader('key')
  const steps = reader.push(Buffer.from(`data: {"choices":[{"delta":{"tool_calls":[${call}]}}]}\n\ndata: [DONE]\n\n`))
  const written = steps.map((step) => ('bytes' in step ? Buffer.from(step.bytes).toString() : '')).join('')
  expect(written).toContain(JSON.stringify(raw))
})

function answerOf<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) throw new Error('no answer')
  return result.value
}
