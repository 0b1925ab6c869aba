import type { Anthropic, Json, JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk, plainProfile, toolDelta } from '../../testing/streams.ts'
import type { ConversionContext } from '../context.ts'
import { convertAnthropicRequestToChat } from '../request/anthropic-to-chat.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'

const stop = chunk({}, 'stop')

/** What is said of the reasoning and the text, and what was lost beside the usage. */
function said(delta: Json): readonly string[] {
  const { events, report } = chatStream([chunk(delta), stop])
  const lines = brief(events).filter((line) => line.includes(' + ') && !line.includes('signature'))
  return [...lines, ...report.losses.map(({ code }) => code).filter((code) => code !== 'usage_missing')]
}

describe('reasoning that is no plain text', () => {
  test.each<[string, JsonObject]>([
    ['an object', { reasoning: { content: 'hm' } }],
    ['an object with a text', { reasoning_content: { text: 'hm', other: 1 } }],
    ['a list of parts', { reasoning_content: [{ type: 'text', text: 'h' }, { text: 'm' }] }],
    ['a list of texts', { reasoning: ['h', 'm'] }],
    ['a summary in parts', { reasoning: { summary: [{ text: 'h' }, { text: 'm' }] } }],
    ['an object of Copilot', { reasoning_text: { text: 'hm' } }],
  ])('%s says it', (_, reasoning) => {
    expect(said({ ...reasoning, content: 'x' })).toEqual(['0 + hm', '1 + x'])
  })

  test('what holds no text is kept for the caller, and does not hide the reasoning', () => {
    const { events, report } = chatStream([chunk({ reasoning: { effort: 'high' }, reasoning_content: 'hm' }), stop])
    expect(brief(events)[2]).toBe('0 + hm')
    expect(report.aside).toEqual({ reasoning: { effort: 'high' } })
  })

  test("a part of the content (Mistral's list, Databricks's summary) is reasoning", () => {
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'h' }, { text: 'm' }] }
    const text = { type: 'text', text: 'x' }
    expect(said({ content: [thinking, text] })).toEqual(['0 + hm', '1 + x'])
    expect(said({ content: [{ type: 'thinking', thinking: 'hm' }, text] })).toEqual(['0 + hm', '1 + x'])
    expect(said({ content: [{ type: 'thinking' }, text] })).toEqual(['0 + x'])
    const summary = { type: 'summary_text', text: 'hm', signature: 'sig' }
    expect(said({ content: [{ type: 'reasoning', summary: [summary] }, text] })).toEqual([
      '0 + hm',
      '1 + x',
      'signature_dropped',
    ])
    expect(said({ reasoning: 'hm', content: [{ type: 'reasoning', summary: [{ text: 'hm' }] }, text] })).toEqual([
      '0 + hm',
      '1 + x',
    ])
  })
})

describe('entries of reasoning_details beside another source', () => {
  test('what only the vendor can read is carried, the text is not said twice', () => {
    const encrypted = { type: 'reasoning.encrypted', data: 'ENC' }
    const { events, report } = chatStream([
      chunk({ reasoning: 'hm' }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'hm' }, encrypted] }),
      chunk({ content: 'x' }),
      stop,
    ])
    expect(brief(events).filter((line) => !line.includes('signature'))).toEqual(
      ['start', '0 thinking', '0 + hm', '0 .', '1 redacted_thinking', '1 .'].concat([
        '2 text',
        '2 + x',
        '2 .',
        'end end_turn',
        'stop',
      ]),
    )
    expect(report.losses.map(({ code }) => code)).toEqual(['usage_missing'])
  })

  test('a signature that belongs to a text that was said without it is reported', () => {
    const { report } = chatStream([
      chunk({ reasoning: 'hm' }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', signature: 'sig' }, 'odd'] }),
      stop,
    ])
    expect(report.losses.map(({ code }) => code)).toContain('signature_dropped')
  })

  test('behind a stop sequence nothing is said any more', () => {
    const encrypted = chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'ENC' }] })
    const { events } = chatStream([chunk({ content: 'a END' }), encrypted, stop], {
      stopSequences: ['END'],
      emulateStop: true,
    })
    expect(brief(events).slice(1)).toEqual(['0 text', '0 + a ', '0 .', 'end stop_sequence END', 'stop'])
  })
})

describe("GitHub Copilot's reasoning goes back in the members in which it came", () => {
  const call = chunk({ ...(toolDelta(0, 'a', 'A', '{}') as JsonObject), reasoning_opaque: 'OPQ' })
  /** The assistant message of the next request. */
  function replayed(chunks: readonly Json[], changes: Partial<ConversionContext> = {}, id = 'openai-compatible'): Json {
    const answer = foldAnthropicEvents(chatStream([...chunks, chunk({}, 'tool_calls')], changes).events)
    const result: Anthropic.ToolResultBlock = { type: 'tool_result', tool_use_id: 'a', content: 'r' }
    const messages = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: answer.content },
      { role: 'user', content: [result] },
    ]
    const request = { model: 'm', max_tokens: 9, messages }
    const converted = convertAnthropicRequestToChat(request, { ...plainProfile, id }, { model: 'm', seed: 's' })
    return converted.ok ? (converted.value.value.messages[1] as unknown as Json) : null
  }
  const pieces = [chunk({ reasoning_text: 'h' }), chunk({ reasoning_text: 'm' })]

  test('text and opaque data, in pieces and before the call', () => {
    expect(replayed([...pieces, call])).toMatchObject({ reasoning_text: 'hm', reasoning_opaque: 'OPQ' })
    expect(replayed([...pieces, chunk({ reasoning_opaque: 'OPQ' }), chunk({ content: 'x' }), call])).toMatchObject({
      reasoning_text: 'hm',
      reasoning_opaque: 'OPQ',
      content: 'x',
    })
  })

  test('data without a text, text without data, and a text that the client does not see', () => {
    expect(replayed([call])).toMatchObject({ reasoning_opaque: 'OPQ' })
    expect(replayed([call])).not.toHaveProperty('reasoning_text')
    const bare = replayed([...pieces, chunk(toolDelta(0, 'a', 'A', '{}'))])
    expect(bare).toMatchObject({ reasoning_text: 'hm' })
    expect(bare).not.toHaveProperty('reasoning_opaque')
    expect(replayed([...pieces, call], { showThinking: false })).toMatchObject({
      reasoning_text: 'hm',
      reasoning_opaque: 'OPQ',
    })
  })

  test('an empty text, or one beside another source, says nothing', () => {
    expect(said({ reasoning_text: '', content: 'x' })).toEqual(['0 + x'])
    expect(said({ reasoning: 'hm', reasoning_text: 'hm', content: 'x' })).toEqual(['0 + hm', '1 + x'])
  })

  test('data beside a text that came in another member', () => {
    expect(replayed([chunk({ reasoning: 'hm' }), call])).toMatchObject({
      reasoning_text: 'hm',
      reasoning_opaque: 'OPQ',
    })
  })

  test('not to another vendor', () => {
    expect(replayed([...pieces, call], {}, 'another')).not.toHaveProperty('reasoning_opaque')
  })
})
