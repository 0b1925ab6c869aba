import type { Chat } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  anthropicStream,
  blockDelta,
  blockStart,
  blockStop,
  briefChat,
  chatContext,
  messageEnd,
  messageStart,
  messageStop,
  textBlock,
} from '../../testing/chat-streams.ts'
import { chatGrammarProblems } from '../../testing/grammar.ts'
import { createAnthropicToChatStream } from './anthropic-to-chat.ts'

const role = '{"role":"assistant","content":""}'
const call = (index: number, id: string, name: string) => blockStart(index, { type: 'tool_use', id, name, input: {} })
const codes = (outcome: ReturnType<typeof anthropicStream>) => outcome.report.losses.map(({ code }) => code)
/** An answer of one block between the usual beginning and end. */
const answer = (...events: Parameters<typeof anthropicStream>[0]) => [
  messageStart(),
  ...events,
  messageEnd('end_turn'),
  messageStop,
]

test('text is handed on as it comes; usage and the end mark stand at the end', () => {
  const { events, report } = anthropicStream([
    messageStart(),
    { type: 'ping' },
    ...textBlock(0, 'Hel', 'lo'),
    messageEnd('end_turn'),
    messageStop,
  ])
  const head = { id: 'chatcmpl-msg_1', object: 'chat.completion.chunk', created: 7, model: 'gpt-test-1' }
  const choice = (delta: object, finish_reason: string | null = null) => ({
    type: 'chunk',
    chunk: { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null },
  })
  expect(events).toEqual([
    choice({ role: 'assistant', content: '' }),
    choice({ content: 'Hel' }),
    choice({ content: 'lo' }),
    choice({}, 'stop'),
    {
      type: 'chunk',
      chunk: {
        ...head,
        choices: [],
        usage: {
          prompt_tokens: 7,
          completion_tokens: 9,
          total_tokens: 16,
          prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
        },
      },
    },
    { type: 'done' },
  ])
  expect(report).toMatchObject({
    phase: 'finished',
    sawContent: true,
    error: undefined,
    losses: [],
    aside: {},
    isSatisfied: false,
  })
  expect(report.usage).toMatchObject({ input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 9 })
})

test('usage is not mentioned when nobody asked for it', () => {
  const { events } = anthropicStream(answer(...textBlock(0, 'x')), { includeUsage: false })
  expect(briefChat(events)).toEqual([role, '{"content":"x"}', 'finish stop', 'done'])
  expect(chatGrammarProblems(events, false)).toEqual([])
})

describe('how it begins', () => {
  test('nothing is written before the first content; a ping then is no reason either', () => {
    const stream = createAnthropicToChatStream(chatContext())
    expect([...stream.push(messageStart()), ...stream.push({ type: 'ping' })]).toEqual([])
    expect(stream.report().phase).toBe('waiting')
    expect(stream.push(blockStart(0, { type: 'text', text: '' }))).toEqual([])
    expect(briefChat(stream.push(blockDelta(0, { type: 'text_delta', text: 'x' })))).toEqual([role, '{"content":"x"}'])
    expect(briefChat(stream.push({ type: 'ping' }))).toEqual([': ping'])
  })

  test('startOn first-chunk begins with message_start', () => {
    const stream = createAnthropicToChatStream(chatContext(), { startOn: 'first-chunk' })
    expect(briefChat(stream.push(messageStart()))).toEqual([role])
    expect(stream.report()).toMatchObject({ phase: 'started', sawContent: false })
  })
})

describe('reasoning', () => {
  test('text goes out in both forms that clients read, the signature in the one that can hold it', () => {
    const { events } = anthropicStream(
      answer(
        blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
        blockDelta(0, { type: 'thinking_delta', thinking: 'hm' }),
        blockDelta(0, { type: 'signature_delta', signature: 'Sig==' }),
        blockStop(0),
      ),
    )
    expect(briefChat(events).slice(1, 3)).toEqual([
      '{"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0}]}',
      '{"reasoning_details":[{"type":"reasoning.text","signature":"Sig==","format":"anthropic-claude-v1","index":0}]}',
    ])
  })

  test('what came with the beginning counts, and what is empty does not', () => {
    const { events } = anthropicStream(
      answer(
        blockStart(2, { type: 'thinking', thinking: 'hm', signature: 'S' }),
        blockDelta(2, { type: 'thinking_delta', thinking: '' }),
        blockStop(2),
      ),
    )
    expect(briefChat(events).slice(1, 4)).toEqual([
      expect.stringContaining('"reasoning_content":"hm"'),
      expect.stringContaining('"signature":"S"'),
      'finish stop',
    ])
  })

  test('redacted reasoning is an encrypted detail', () => {
    expect(
      briefChat(
        anthropicStream(answer(blockStart(0, { type: 'redacted_thinking', data: 'opaque' }), blockStop(0))).events,
      )[1],
    ).toBe(
      '{"reasoning_details":[{"type":"reasoning.encrypted","data":"opaque","format":"anthropic-claude-v1","index":0}]}',
    )
  })
})

describe('text', () => {
  test('texts next to each other are one; between others stands a blank line', () => {
    const joined = anthropicStream(answer(...textBlock(0, 'a'), ...textBlock(1, 'b')))
    expect(briefChat(joined.events).slice(1, 3)).toEqual(['{"content":"a"}', '{"content":"b"}'])
    expect(codes(joined)).toEqual([])
    const apart = anthropicStream(
      answer(...textBlock(0, 'a'), call(1, 'x', 'X'), blockStop(1), ...textBlock(2, '', 'b', 'c')),
    )
    expect(briefChat(apart.events).slice(4, 6)).toEqual(['{"content":"\\n\\nb"}', '{"content":"c"}'])
    expect(codes(apart)).toEqual(['block_boundaries_joined'])
    expect(briefChat(anthropicStream(answer(call(0, 'x', 'X'), blockStop(0), ...textBlock(1, 'a'))).events)[3]).toBe(
      '{"content":"a"}',
    )
  })

  test('text that came with the beginning of its block counts', () => {
    expect(briefChat(anthropicStream(answer(blockStart(0, { type: 'text', text: 'a' }), blockStop(0))).events)[1]).toBe(
      '{"content":"a"}',
    )
  })

  test('sources from the web become annotations of the content, by code points; others are kept aside', () => {
    const web = { type: 'web_search_result_location', url: 'https://u', title: 'T', cited_text: 'c' }
    const { events, report } = anthropicStream(
      answer(
        ...textBlock(0, 'a\u{1f600}'),
        blockStart(1, { type: 'text', text: '', citations: [web] }),
        blockDelta(1, { type: 'text_delta', text: 'bcd' }),
        blockDelta(1, { type: 'citations_delta', citation: { type: 'page_location' } }),
        blockDelta(1, { type: 'citations_delta', citation: { type: 'char_location' } }),
        blockStop(1),
      ),
    )
    expect(briefChat(events).at(-4)).toBe(
      '{"annotations":[{"type":"url_citation","url_citation":{"url":"https://u","title":"T","start_index":2,"end_index":5}}]}',
    )
    expect(report.aside).toEqual({ citations: [{ type: 'page_location' }, { type: 'char_location' }] })
    expect(report.losses).toEqual([{ code: 'annotations_dropped', path: '/content/1/citations', count: 2 }])
  })

  test('a source begins with the text that it belongs to, not with the line between', () => {
    const web = { type: 'web_search_result_location', url: 'u', title: 't' }
    const { events } = anthropicStream(
      answer(
        ...textBlock(0, 'Let me see.'),
        blockStart(1, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
        blockStop(1),
        blockStart(2, { type: 'text', text: '', citations: [web] }),
        blockDelta(2, { type: 'text_delta', text: 'It ' }),
        blockDelta(2, { type: 'text_delta', text: 'rains.' }),
        blockStop(2),
      ),
    )
    const lines = briefChat(events).map((line) => JSON.parse(line.startsWith('{') ? line : '{}') as Chat.Delta)
    const content = lines.map((line) => line.content ?? '').join('')
    const { start_index, end_index } = lines.flatMap((line) => line.annotations ?? [])[0]?.url_citation ?? {}
    expect(content.slice(start_index, end_index)).toBe('It rains.')
  })

  test('a source without its members, or without a block, has empty ones', () => {
    const bare = { type: 'web_search_result_location' }
    const { events } = anthropicStream(
      answer(
        ...textBlock(0, 'x'),
        blockDelta(1, { type: 'citations_delta', citation: bare }),
        blockDelta(1, { type: 'citations_delta' }),
        blockStop(1),
      ),
    )
    expect(briefChat(events)[2]).toBe(
      '{"annotations":[{"type":"url_citation","url_citation":{"url":"","title":"","start_index":1,"end_index":1}}]}',
    )
  })
})
