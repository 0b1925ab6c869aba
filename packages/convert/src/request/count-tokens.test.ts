import { expect, test } from 'vitest'
import { ask, named, read, tool } from '../../testing/requests.ts'
import { convertAnthropicCountToResponses, convertResponsesCountToAnthropic } from './count-tokens.ts'

const count = (request: object) =>
  convertAnthropicCountToResponses(read(request), named('openai-responses'), { model: 'gpt-5', seed: 's' })

test('a count asks with everything that is counted, and nothing else (case 47)', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
  const request = ask({ system: 's', tools: [tool()], messages: [{ role: 'user', content: [image] }], stream: true })
  const converted = count(request)
  if (!converted.ok) throw new Error(converted.error.message)
  const { value } = converted.value
  expect(Object.keys(value).sort()).toEqual(['input', 'instructions', 'model', 'reasoning', 'tools'])
  expect(JSON.stringify(value.input)).toContain('data:image/png;base64,AA==')
})

test('a count needs no limit, which a request does', () => {
  const converted = count(ask({ max_tokens: undefined }))
  expect(converted).toMatchObject({ ok: true, value: { losses: [] } })
  expect(JSON.stringify(converted)).not.toContain('max_output_tokens')
})

test('what cannot be sent cannot be counted', () => {
  expect(count(ask({ messages: 'x' })).ok).toBe(false)
})

test('the answer is a count, or none', () => {
  expect(convertResponsesCountToAnthropic({ object: 'response.input_tokens', input_tokens: 12 })).toEqual({
    input_tokens: 12,
  })
  expect(convertResponsesCountToAnthropic({ error: {} })).toBeUndefined()
})
