import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { brief, chatStream, chunk, feed, plainProfile, usageChunk } from '../../testing/streams.ts'
import { namedProfiles } from '../index.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'

const stop = chunk({}, 'stop')

test('text is written as it comes, in one block', () => {
  const { events, report } = chatStream([
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'Hel' }),
    chunk({ content: 'lo' }),
    stop,
    usageChunk(7, 2),
  ])
  expect(events).toEqual([
    {
      type: 'message_start',
      message: {
        id: 'msg_chatcmpl-1',
        type: 'message',
        role: 'assistant',
        model: 'claude-test-1',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        container: null,
        diagnostics: null,
        usage: {
          input_tokens: 0,
          output_tokens: 0,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          cache_creation: null,
          output_tokens_details: null,
          server_tool_use: null,
          service_tier: null,
          inference_geo: null,
          speed: null,
        },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null, container: null },
      usage: {
        input_tokens: 7,
        output_tokens: 2,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens_details: null,
        server_tool_use: null,
      },
    },
    { type: 'message_stop' },
  ])
  expect(report).toMatchObject({
    phase: 'finished',
    sawContent: true,
    error: undefined,
    losses: [],
    aside: {},
    isSatisfied: false,
  })
  expect(report.usage).toMatchObject({ input_tokens: 7, output_tokens: 2 })
})

describe('how a stream begins', () => {
  test('nothing is written before the first content, so that a failure can still become another attempt', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile))
    expect(stream.push(chunk({ role: 'assistant', content: '' }))).toEqual([])
    expect(stream.report().phase).toBe('waiting')
    expect(brief(stream.push(chunk({ content: 'x' })))).toEqual(['start', '0 text', '0 + x'])
    expect(stream.report().phase).toBe('started')
  })

  test('startOn first-chunk begins with the first choice, content or not', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile), { startOn: 'first-chunk' })
    expect(stream.push({ id: '', choices: [], prompt_filter_results: [] })).toEqual([])
    expect(brief(stream.push(chunk({ role: 'assistant' })))).toEqual(['start'])
    expect(stream.report()).toMatchObject({ phase: 'started', sawContent: false })
  })

  test("Azure's empty first chunk does not fix the id", () => {
    const { events } = chatStream([{ id: '', model: '', choices: [] }, chunk({ content: 'x' }), stop])
    expect(events[0]).toMatchObject({ message: { id: 'msg_chatcmpl-1' } })
  })

  test('without an id one is made from the seed, and it is the same for the same seed', () => {
    const chunks = [{ choices: [{ delta: { content: 'x' } }] }, stop]
    const [first] = chatStream(chunks).events
    expect(first).toMatchObject({ message: { id: expect.stringMatching(/^msg_lb[\w-]{22}$/) } })
    expect(chatStream(chunks).events[0]).toEqual(first)
    expect(chatStream(chunks, { seed: 'other' }).events[0]).not.toEqual(first)
  })

  test('ids that are the same in every answer are not used', () => {
    const profile = { ...plainProfile, constantIds: true }
    const { events } = chatStream([chunk({ content: 'x' }), stop], { profile })
    expect(events[0]).toMatchObject({ message: { id: expect.stringMatching(/^msg_lb/) } })
  })

  test('the requested model is shown, or on request the one that answered', () => {
    const chunks = [chunk({ content: 'x' }), stop]
    expect(chatStream(chunks, {}, { showModel: 'upstream' }).events[0]).toMatchObject({ message: { model: 'up' } })
    expect(
      chatStream([{ choices: [{ delta: { content: 'x' } }] }, stop], {}, { showModel: 'upstream' }).events[0],
    ).toMatchObject({
      message: { model: 'claude-test-1' },
    })
  })

  test('an estimate of the input stands in the start', () => {
    const { events } = chatStream([chunk({ content: 'x' }), stop], { inputTokensEstimate: 123 })
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 123 } } })
  })
})

describe('what is beside the answer', () => {
  test('only the first choice is read', () => {
    const { events, report } = chatStream([
      {
        choices: [
          { index: 1, delta: { content: 'no' } },
          { index: 0, delta: { content: 'yes' } },
        ],
      },
      stop,
    ])
    expect(brief(events)[2]).toBe('0 + yes')
    expect(report.losses).toContainEqual({ code: 'extra_choices', path: '/choices', count: 1 })
  })

  test('members that nobody knows are kept aside', () => {
    const { report } = chatStream([
      chunk({ content: 'x', channel: 'final', empty: null }, null, {
        provider: 'Azure',
        nothing: null,
        obfuscation: 'zz',
      }),
      stop,
    ])
    expect(report.aside).toEqual({ provider: 'Azure', channel: 'final' })
  })

  test('sources are kept aside and reported', () => {
    const annotations = [{ type: 'url_citation', url_citation: { url: 'u' } }]
    const { report } = chatStream([chunk({ content: 'x', annotations }), stop])
    expect(report.aside).toEqual({ annotations })
    expect(report.losses.map(({ code }) => code)).toContain('annotations_dropped')
  })

  test('media of the answer is reported', () => {
    expect(
      chatStream([chunk({ content: 'x', audio: { data: 'AAAA' } }), stop]).report.losses.map(({ code }) => code),
    ).toContain('media_dropped')
    expect(chatStream([chunk({ content: 'x', images: [{}] }), stop]).report.losses.map(({ code }) => code)).toContain(
      'media_dropped',
    )
  })

  test('a message behind deltas repeats them, and is not read', () => {
    const { events } = chatStream([
      chunk({ content: 'x' }),
      { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] },
    ])
    expect(brief(events).slice(2, 4)).toEqual(['0 + x', '0 .'])
  })

  test('the service tier is translated', () => {
    const tier = (service_tier: string) =>
      chatStream([chunk({ content: 'x' }, 'stop', { service_tier }), usageChunk(1, 1)]).report.usage?.service_tier
    expect([tier('default'), tier('priority'), tier('flex')]).toEqual(['standard', 'priority', null])
  })

  test('what is no chunk at all is reported and passed over', () => {
    const { events, report } = chatStream([3, null, 'x', [], chunk({ content: 'x' }), stop])
    expect(brief(events)[2]).toBe('0 + x')
    expect(report.losses).toContainEqual({ code: 'event_unexpected', path: '', count: 4 })
  })

  test('a failure that the host saw ends the stream', () => {
    const stream = createChatToAnthropicStream(contextFor(plainProfile))
    stream.push(chunk({ content: 'x' }))
    expect(brief(stream.fail({ message: 'connection reset' }))).toEqual(['error api_error: connection reset'])
    expect(stream.end()).toEqual([])
    expect(stream.report().losses).toEqual([])
  })
})

test('every named profile reads a plain answer', () => {
  for (const [name, profile] of Object.entries(namedProfiles)) {
    const { events } = feed(createChatToAnthropicStream(contextFor(profile)), [chunk({ content: 'x' }), stop])
    expect(brief(events), name).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
  }
})
