import { describe, expect, test } from 'vitest'
import { convertAnthropicUsageToChat, noCounts, readAnthropicUsage } from './anthropic-to-chat.ts'
import { type ConvertedUsage, convertChatUsageToAnthropic, deltaUsage } from './chat-to-anthropic.ts'
import { convertResponsesUsageToAnthropic } from './responses-to-anthropic.ts'

/** Input, read, written, output, reasoning, and what was lost. */
function figures({ value, losses }: ConvertedUsage): readonly unknown[] {
  return [
    value.input_tokens,
    value.cache_read_input_tokens,
    value.cache_creation_input_tokens,
    value.output_tokens,
    value.output_tokens_details?.thinking_tokens,
    ...losses.map(({ detail, code }) => detail ?? code),
  ]
}

const none = undefined

describe('Chat counts caches into the prompt, Anthropic does not (case 27)', () => {
  test.each([
    ['plain', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, [10, 0, 0, 5, none]],
    [
      'cached',
      { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 } },
      [3, 4, 3, 5, none],
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 },
      [6, 4, 0, 5, none],
    ],
    ['Moonshot', { prompt_tokens: 10, completion_tokens: 5, cached_tokens: 4 }, [6, 4, 0, 5, none]],
    ['gateways', { prompt_tokens: 10, completion_tokens: 5, cache_creation_input_tokens: 4 }, [6, 0, 4, 5, none]],
    [
      'reasoning counted in',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, completion_tokens_details: { reasoning_tokens: 3 } },
      [10, 0, 0, 5, 3],
    ],
    ['reasoning at the top', { prompt_tokens: 10, completion_tokens: 5, reasoning_tokens: 3 }, [10, 0, 0, 5, 3]],
    [
      'xAI: reasoning left out',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 18, completion_tokens_details: { reasoning_tokens: 3 } },
      [10, 0, 0, 8, 3],
    ],
    [
      'Gemini: reasoning hidden in the total',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 18 },
      [10, 0, 0, 8, 3, 'hidden reasoning'],
    ],
    [
      'no reasoning, said plainly',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 18, completion_tokens_details: { reasoning_tokens: 0 } },
      [10, 0, 0, 5, 0],
    ],
    [
      'more reasoning than answer',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, completion_tokens_details: { reasoning_tokens: 9 } },
      [10, 0, 0, 5, 5, 'reasoning'],
    ],
    ['a total that is too small', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 3 }, [10, 0, 0, 5, none]],
    [
      'read and written overlap',
      {
        prompt_tokens: 2168,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 2161, cache_write_tokens: 2161 },
      },
      [0, 2161, 7, 1, none, 'cache'],
    ],
    [
      'more read than there was',
      { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 99 },
      [0, 10, 0, 1, none, 'cache'],
    ],
    [
      'negative numbers',
      { prompt_tokens: -1, completion_tokens: -1, prompt_tokens_details: { cached_tokens: -4 } },
      [0, 0, 0, 0, none, 'cache'],
    ],
    ['nothing', undefined, [0, 0, 0, 0, none, 'usage_missing']],
    ['null', null, [0, 0, 0, 0, none, 'usage_missing']],
    ['an empty object', {}, [0, 0, 0, 0, none, 'usage_missing']],
    ['counts under other names', { input_tokens: 7, output_tokens: 3 }, [7, 0, 0, 3, none]],
    [
      'counts under both names',
      { prompt_tokens: 7, completion_tokens: 3, input_tokens: 0, output_tokens: 0 },
      [7, 0, 0, 3, none],
    ],
  ])('%s', (_name, usage, expected) => {
    expect(figures(convertChatUsageToAnthropic(usage))).toEqual(expected)
  })

  test('what was brought into order is reported', () => {
    expect(convertChatUsageToAnthropic({ prompt_tokens: 1, completion_tokens: 1, cached_tokens: 2 }).losses).toEqual([
      { code: 'usage_adjusted', path: '/usage', detail: 'cache', count: 1 },
    ])
  })

  test('all members are there, also those that say nothing', () => {
    expect(
      convertChatUsageToAnthropic({ prompt_tokens: 3, completion_tokens: 1, cache_creation_input_tokens: 2 }).value,
    ).toEqual({
      input_tokens: 1,
      output_tokens: 1,
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 0 },
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: null,
      inference_geo: null,
      speed: null,
    })
    expect(convertChatUsageToAnthropic({}).value.cache_creation).toBeNull()
  })

  test('the end of a stream repeats what may have changed', () => {
    expect(deltaUsage(convertChatUsageToAnthropic({ prompt_tokens: 3, completion_tokens: 1 }).value)).toEqual({
      input_tokens: 3,
      output_tokens: 1,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens_details: null,
      server_tool_use: null,
    })
  })
})

describe('Responses does so, too', () => {
  test.each([
    ['plain', { input_tokens: 10, output_tokens: 5 }, [10, 0, 0, 5, none]],
    [
      'cached',
      { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 } },
      [3, 4, 3, 5, none],
    ],
    [
      'reasoning',
      { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 3 } },
      [10, 0, 0, 5, 3],
    ],
    [
      'more reasoning than answer',
      { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 9 } },
      [10, 0, 0, 5, 5],
    ],
    [
      'negative reasoning',
      { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: -9 } },
      [10, 0, 0, 5, 0],
    ],
    [
      'more cached than there was',
      { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 11 } },
      [0, 10, 0, 5, none, 'cache'],
    ],
    [
      'read and written overlap',
      { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 6, cache_write_tokens: 6 } },
      [0, 6, 4, 5, none, 'cache'],
    ],
    ['nothing', undefined, [0, 0, 0, 0, none, 'usage_missing']],
  ])('%s', (_name, usage, expected) => {
    expect(figures(convertResponsesUsageToAnthropic(usage))).toEqual(expected)
  })
})

describe('Anthropic to Chat', () => {
  test('the prompt is all that was read, and the total is their sum (case 27)', () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 5,
      output_tokens: 6,
      output_tokens_details: { thinking_tokens: 2 },
    }
    expect(convertAnthropicUsageToChat(usage)).toEqual({
      prompt_tokens: 12,
      completion_tokens: 6,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 2 },
    })
    expect(convertAnthropicUsageToChat(null)).toEqual({
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    })
  })

  test('null never overwrites a number, and numbers are never negative', () => {
    const known = { ...noCounts, input: 7, thinking: 2 }
    const usage = { input_tokens: null, output_tokens: -3, output_tokens_details: null }
    expect(readAnthropicUsage(usage, known)).toEqual({ input: 7, read: 0, written: 0, output: 0, thinking: 2 })
    expect(readAnthropicUsage(undefined, known)).toBe(known)
  })

  test('there and back the numbers are the same', () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 5,
      output_tokens: 6,
      output_tokens_details: { thinking_tokens: 2 },
    }
    const back = convertChatUsageToAnthropic(JSON.parse(JSON.stringify(convertAnthropicUsageToChat(usage))))
    expect(figures(back)).toEqual([3, 4, 5, 6, 2])
  })
})
