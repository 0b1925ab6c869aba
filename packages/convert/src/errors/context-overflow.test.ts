import { describe, expect, test } from 'vitest'
import { convertOpenAiErrorToAnthropic } from './openai-to-anthropic.ts'

const said = (message: string, more: object = {}, status = 400): string => {
  const body = JSON.stringify({ error: { message, ...more } })
  const answer = convertOpenAiErrorToAnthropic({ status, headers: {}, body, epochMs: 0 })
  return `${answer.status} ${answer.body.error.message}`
}

describe('a prompt that is too long is said in the words on which Claude Code compacts (case 46)', () => {
  test.each([
    [
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130456 tokens. Please reduce the length of the messages.",
      '130456 tokens > 128000 maximum',
    ],
    [
      "This model's maximum context length is 4,097 tokens, however you requested 5,000 tokens",
      '5000 tokens > 4097 maximum',
    ],
    [
      'The input token count (1234567) exceeds the maximum number of tokens allowed (1048576).',
      '1234567 tokens > 1048576 maximum',
    ],
    [
      'request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it',
      '9000 tokens > 8192 maximum',
    ],
    ['The prompt has 9000 tokens, which exceeds the context length of 8192', '9000 tokens > 8192 maximum'],
    [
      "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens (39000 of text input, 1000 in the output).",
      '40000 tokens > 32768 maximum',
    ],
    [
      "This model's maximum context length is 100 tokens. However, you requested 140 tokens (120 in the messages, 20 in the completion).",
      '120 tokens > 100 maximum',
    ],
    [
      'Invalid request: Your request exceeded model token limit: 262144 (requested: 300000)',
      '300000 tokens > 262144 maximum',
    ],
    [
      "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
      '140000 tokens > 131072 maximum',
    ],
    ['prompt token count of 150000 exceeds the limit of 128000', '150000 tokens > 128000 maximum'],
    [
      'Prompt contains 150000 tokens and 0 draft tokens, too large for model with 131072 maximum context length',
      '150000 tokens > 131072 maximum',
    ],
    [
      "The input (12345 tokens) is longer than the model's context length (8192 tokens).",
      '12345 tokens > 8192 maximum',
    ],
    ['The prompt is too long: 200000, model maximum context length: 131071', '200000 tokens > 131071 maximum'],
  ])('%s', (message, figures) => {
    expect(said(message)).toBe(`400 prompt is too long: ${figures} (${message})`)
  })

  test('by its code, with the numbers of the message', () => {
    const message = 'Please reduce the length. Current length is 9000 while limit is 8192'
    expect(said(message, { code: 'context_length_exceeded' })).toBe(
      `400 prompt is too long: 9000 tokens > 8192 maximum (${message})`,
    )
  })

  test.each([
    'Prompt exceeds max length',
    'Range of input length should be [1, 129024]',
    'Input is too long for requested model.',
    'invalid params, context window exceeds limit',
  ])('%s', (message) => {
    expect(said(message)).toBe(`400 prompt is too long (${message})`)
  })

  test('without numbers where the upstream names none', () => {
    expect(said('Your input exceeds the context window of this model.')).toBe(
      '400 prompt is too long (Your input exceeds the context window of this model.)',
    )
    expect(said('x', { code: 'context_length_exceeded' })).toBe('400 prompt is too long (x)')
    expect(said('x', { type: 'exceed_context_size_error' })).toBe('400 prompt is too long (x)')
    expect(said('too many tokens', {}, 422)).toBe('400 prompt is too long (too many tokens)')
    expect(said('exceeds the context window', {}, 413)).toBe('400 prompt is too long (exceeds the context window)')
  })

  test('as it is where the upstream has the same words', () => {
    const message = 'prompt is too long: 200001 tokens > 200000 maximum'
    expect(said(message)).toBe(`400 ${message}`)
  })

  test('not when somebody else is to blame', () => {
    expect(said('too many tokens', {}, 429)).toBe('429 too many tokens')
    expect(said('maximum context length', {}, 500)).toBe('500 maximum context length')
  })
})

describe('an answer that would not fit behind the prompt', () => {
  test.each([
    [
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the completion).",
      '8000 + 1000 > 8192',
    ],
    [
      "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 8192 tokens and your request has 4000 input tokens",
      '4000 + 5000 > 8192',
    ],
    [
      "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of 9000 tokens: 4000 tokens from the input messages and 5000 tokens for the completion.",
      '4000 + 5000 > 8192',
    ],
    [
      '`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4000 `inputs` tokens and 5000 `max_new_tokens`',
      '4000 + 5000 > 4097',
    ],
    [
      'exceeds the context window: 4000 tokens from the input messages and 5000 tokens for the completion, but the limit is 8192',
      '4000 + 5000 > 8192',
    ],
  ])('asks for a shorter one: %s', (message, figures) => {
    expect(said(message)).toBe(
      `400 input length and \`max_tokens\` exceed context limit: ${figures}, decrease input length or \`max_tokens\` and try again (${message})`,
    )
  })

  test('helps nothing where the prompt alone is too long; a prompt that just fits does', () => {
    const message = (prompt: number): string =>
      `This model's maximum context length is 100 tokens. However, you requested 140 tokens (${prompt} in the messages, 20 in the completion).`
    expect(said(message(101))).toContain('prompt is too long: 101 tokens > 100')
    expect(said(message(100))).toContain('100 + 20 > 100')
  })
})
