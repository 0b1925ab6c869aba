import { describe, expect, test } from 'vitest'
import { billedOf, noTokens, promptOf, totalOf } from './token-counts.ts'

const counts = (usage: object): object[] => billedOf(usage as never).map(({ counts: found }) => found)

describe('every token is in one bucket', () => {
  test('of a Messages answer: input, cache read, both cache writes, output', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 70,
      cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 20 },
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 3 },
      server_tool_use: { web_search_requests: 2 },
    }
    const expected = {
      input: 10,
      cacheRead: 200,
      cacheWrite5m: 50,
      cacheWrite1h: 20,
      output: 5,
      thinking: 3,
      webSearches: 2,
    }
    expect(billedOf(usage)).toEqual([{ counts: expected }])
    expect(totalOf(expected)).toBe(285)
    expect(promptOf(expected)).toBe(280)
  })

  test('a cache write without details lives for five minutes', () => {
    expect(counts({ input_tokens: 1, cache_creation_input_tokens: 9, output_tokens: 1 })).toMatchObject([
      { cacheWrite5m: 9, cacheWrite1h: 0 },
    ])
  })

  test('of a sum that grew after its details were told, the rest is of the same kind', () => {
    const hourly = { cache_creation_input_tokens: 30, cache_creation: { ephemeral_1h_input_tokens: 20 } }
    expect(counts({ input_tokens: 1, ...hourly })).toMatchObject([{ cacheWrite5m: 0, cacheWrite1h: 30 }])
    const mixed = {
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 20 },
    }
    expect(counts({ input_tokens: 1, ...mixed })).toMatchObject([{ cacheWrite5m: 10, cacheWrite1h: 20 }])
  })

  test('of a Chat answer the cached part is taken out of the prompt', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 8 },
    }
    expect(counts(usage)).toEqual([
      { ...noTokens, input: 30, cacheRead: 60, cacheWrite5m: 10, output: 20, thinking: 8 },
    ])
  })

  test('a gateway that reports more cached tokens than there are does not make input negative', () => {
    const usage = { prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 50, cache_write_tokens: 50 } }
    expect(counts(usage)).toEqual([{ ...noTokens, cacheRead: 10 }])
  })

  test('of a Responses answer likewise', () => {
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 60 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 30 },
    }
    expect(counts(usage)).toEqual([{ ...noTokens, input: 40, cacheRead: 60, output: 20, thinking: 20 }])
  })
})

describe('an answer by several passes', () => {
  const passes = {
    input_tokens: 5,
    output_tokens: 5,
    iterations: [
      { type: 'compaction', input_tokens: 1000, output_tokens: 100 },
      { type: 'message', input_tokens: 5, output_tokens: 5 },
      { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 50, output_tokens: 7 },
    ],
    server_tool_use: { web_search_requests: 1 },
  }

  test('is charged for all of them, by model', () => {
    expect(billedOf(passes)).toEqual([
      { counts: { ...noTokens, input: 1005, output: 105, webSearches: 1 } },
      { model: 'claude-opus-5', counts: { ...noTokens, input: 50, output: 7 } },
    ])
  })

  test('a single pass is the answer itself', () => {
    const single = { input_tokens: 5, output_tokens: 5, iterations: [{ input_tokens: 5, output_tokens: 5 }] }
    expect(billedOf(single)).toEqual([{ counts: { ...noTokens, input: 5, output: 5 } }])
  })
})

describe('what an upstream gets wrong', () => {
  test.each([{}, { input_tokens: 'many' }, { iterations: [] }])('no counts are no counts: %j', (usage) => {
    expect(billedOf(usage as never)).toEqual([])
  })

  test.each([
    [-5, 0],
    [1.4, 1],
    [1e300, 1e10],
    [null, 0],
  ])('a count of %j is one of %j', (count, expected) => {
    expect(counts({ input_tokens: 0, output_tokens: 1, cache_read_input_tokens: count })).toMatchObject([
      { cacheRead: expected },
    ])
  })
})
