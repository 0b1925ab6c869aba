import { expect, test } from 'vitest'
import { countedTokens, estimatedTokens } from './counted-tokens.ts'

test('input, cache writes and output count; what was read from a cache does not', () => {
  const usage = { input_tokens: 1, cache_creation_input_tokens: 20, output_tokens: 300, cache_read_input_tokens: 4000 }
  expect(countedTokens(usage)).toBe(321)
  expect(countedTokens({ prompt_tokens: 5, completion_tokens: 6 })).toBe(11)
  expect(countedTokens({})).toBeUndefined()
  expect(countedTokens(undefined)).toBeUndefined()
})

test('a body has about a token in four bytes', () => {
  expect(estimatedTokens(new Uint8Array(401))).toBe(101)
})
