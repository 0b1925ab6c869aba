import type { JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brief, chatStream } from '../../testing/streams.ts'
import { createChatChoices } from './chat-choices.ts'

const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'A', arguments: '{}' } }] }

describe('the answer is', () => {
  test.each<[string, readonly (readonly [number | undefined, object])[], readonly boolean[]]>([
    ['the first choice', [[0, { content: 'a' }]], [true]],
    ['a choice without a number', [[undefined, { content: 'a' }]], [true]],
    [
      'not a second text',
      [
        [0, { content: 'a' }],
        [1, { content: 'b' }],
        [1, {}],
      ],
      [true, false, false],
    ],
    ['not a second refusal', [[1, { refusal: 'b' }]], [false]],
    [
      'not what comes behind a second text',
      [
        [1, { content: 'b' }],
        [1, call],
      ],
      [false, false],
    ],
    [
      'the calls of a second choice',
      [
        [0, { content: 'a' }],
        [1, call],
        [1, {}],
      ],
      [true, true, true],
    ],
    ['the old call of a second choice', [[1, { function_call: { name: 'A' } }]], [true]],
    [
      'not the calls of a third one',
      [
        [1, call],
        [2, call],
      ],
      [true, false],
    ],
    [
      'not calls beside those of the first',
      [
        [0, call],
        [1, call],
        [1, call],
      ],
      [true, false, false],
    ],
    ['the reasoning of a second choice', [[1, { reasoning_content: 'hm', content: '', tool_calls: [] }]], [true]],
  ])('%s', (_what, pieces, expected) => {
    for (const place of ['delta', 'message']) {
      const choices = createChatChoices()
      const has = (index: number | undefined, said: object): boolean =>
        choices.has({ ...(index === undefined ? {} : { index }), [place]: said } as JsonObject)
      expect(pieces.map(([index, said]) => has(index, said))).toEqual(expected)
    }
  })
})

test('text in one choice and calls in the next are one answer, streamed, too (LiteLLM before a Responses model)', () => {
  const { events, report } = chatStream([
    { choices: [{ index: 0, delta: { content: 'so' }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { choices: [{ index: 1, delta: call, finish_reason: null }] },
    { choices: [{ index: 1, delta: {}, finish_reason: 'tool_calls' }], usage: { prompt_tokens: 1 } },
  ])
  expect(brief(events)).toEqual([
    'start',
    '0 text',
    '0 + so',
    '0 .',
    '1 tool_use a A',
    '1 + {}',
    '1 .',
    'end tool_use',
    'stop',
  ])
  expect(report.losses).toEqual([])
})
