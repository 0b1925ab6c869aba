import { describe, expect, test } from 'vitest'
import { tokenCounts } from './token-counts.ts'

describe('Anthropic', () => {
  test('cache reads and writes stand beside the input', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 70,
      cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 20 },
      output_tokens: 5,
    }
    expect(tokenCounts(usage)).toEqual({ input: 10, cacheRead: 200, cacheWrite5m: 50, cacheWrite1h: 20, output: 5 })
  })

  test('without the lifetimes, what was written lives five minutes', () => {
    const usage = { input_tokens: 1, cache_creation_input_tokens: 70, cache_creation: null, output_tokens: 2 }
    expect(tokenCounts(usage)).toMatchObject({ cacheWrite5m: 70, cacheWrite1h: 0 })
  })

  test('lifetimes that contradict the total do not make more of it', () => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_1h_input_tokens: 900 },
      output_tokens: 2,
    }
    expect(tokenCounts(usage)).toMatchObject({ cacheWrite5m: 0, cacheWrite1h: 30 })
  })

  test('a stream that broke tells what it told', () => {
    expect(tokenCounts({ input_tokens: 10 })).toEqual({
      input: 10,
      cacheRead: 0,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      output: 0,
    })
  })
})

describe('OpenAI', () => {
  test('Chat counts cached tokens into the prompt', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 40 } }
    expect(tokenCounts(usage)).toEqual({ input: 60, cacheRead: 40, cacheWrite5m: 0, cacheWrite1h: 0, output: 7 })
  })

  test('DeepSeek names its cache hits differently', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 7,
      prompt_cache_hit_tokens: 90,
      prompt_cache_miss_tokens: 10,
    }
    expect(tokenCounts(usage)).toMatchObject({ input: 10, cacheRead: 90 })
  })

  test('Responses uses Anthropic’s names for OpenAI’s way of counting', () => {
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 30 },
      output_tokens: 9,
      total_tokens: 109,
    }
    expect(tokenCounts(usage)).toMatchObject({ input: 70, cacheRead: 30, output: 9 })
  })

  test('more cached than there was is all there was', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 99 } }
    expect(tokenCounts(usage)).toMatchObject({ input: 0, cacheRead: 10 })
  })
})

test('nothing told is nothing known', () => {
  expect(tokenCounts({})).toBeUndefined()
  expect(tokenCounts({ service_tier: 'standard' })).toBeUndefined()
})
