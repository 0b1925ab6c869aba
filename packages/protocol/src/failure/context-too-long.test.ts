import { expect, test } from 'vitest'
import { saysContextTooLong } from './context-too-long.ts'

test.each([
  'prompt is too long: 210000 tokens > 200000 maximum',
  'Input is too long for requested model.',
  "This model's maximum context length is 8192 tokens",
  "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
  'input length and `max_tokens` exceed context limit: 1 + 2 > 3',
  'Your input exceeds the context window of this model.',
  'the request exceeds the available context size. try increasing the context size',
  "Requested token count exceeds the model's maximum context length of 8192 tokens.",
  'invalid params, context window exceeds limit',
  'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  'prompt token count of 150,000 exceeds the limit of 128000',
  'too many tokens',
  'Your request exceeded model token limit: 262144 (requested: 300000)',
  'Prompt exceeds max length',
  'Prompt 超长',
  'InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]',
  "The input (12345 tokens) is longer than the model's context length (8192 tokens).",
  '`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4000 `inputs` tokens',
  'context_length_exceeded',
])('%s', (message) => {
  expect(saysContextTooLong(message)).toBe(true)
})

test.each(['max_tokens is too large', 'Rate limit reached for requests', 'the image is too long', 'context window'])(
  'not: %s',
  (message) => {
    expect(saysContextTooLong(message)).toBe(false)
  },
)
