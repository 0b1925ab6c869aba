import { expect, test } from 'vitest'
import { continuedAnthropicRequest } from './continued.ts'

test('a paused answer goes on as the last turn of the same request', () => {
  const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }], temperature: 1 } as const
  const content = [{ type: 'text', text: 'so', citations: null }] as const
  expect(continuedAnthropicRequest(request, { content })).toEqual({
    ...request,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
    ],
  })
})
