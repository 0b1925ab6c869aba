import type { Json, JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { brief, responsesStream } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'
import { namedProfiles } from '../index.ts'
import { createResponsesToAnthropicStream } from './responses-to-anthropic.ts'

const created = { type: 'response.created', response: { id: 'resp_1', model: 'gpt-up', status: 'in_progress' } }
const usage = {
  input_tokens: 10,
  output_tokens: 4,
  total_tokens: 14,
  input_tokens_details: { cached_tokens: 3 },
  output_tokens_details: { reasoning_tokens: 1 },
}
const completed = (output: readonly Json[] = [], more: JsonObject = {}): Json => ({
  type: 'response.completed',
  response: { id: 'resp_1', model: 'gpt-up', status: 'completed', output: [...output], usage, ...more },
})
const added = (output_index: number, item: JsonObject): Json => ({
  type: 'response.output_item.added',
  output_index,
  item,
})
const done = (output_index: number, item: JsonObject): Json => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
const text = (output_index: number, delta: string, content_index = 0): Json => ({
  type: 'response.output_text.delta',
  output_index,
  content_index,
  delta,
})
const summary = (output_index: number, delta: string, summary_index = 0): Json => ({
  type: 'response.reasoning_summary_text.delta',
  output_index,
  summary_index,
  delta,
})
const args = (output_index: number, delta: string): Json => ({
  type: 'response.function_call_arguments.delta',
  output_index,
  delta,
})
const message = (...texts: readonly string[]): JsonObject => ({
  type: 'message',
  id: 'm',
  role: 'assistant',
  content: texts.map((one) => ({ type: 'output_text', text: one, annotations: [] })),
})
const call = (said: string): JsonObject => ({
  type: 'function_call',
  id: 'fc',
  call_id: 'call_1',
  name: 'Bash',
  arguments: said,
})
const reasoning = (texts: readonly string[], more: JsonObject = {}): JsonObject => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: texts.map((one) => ({ type: 'summary_text', text: one })),
  ...more,
})

const signatures = (events: ReturnType<typeof responsesStream>['events']) =>
  events.flatMap((event) =>
    event.type === 'content_block_delta' && event.delta.type === 'signature_delta' ? [event.delta.signature] : [],
  )
const codes = (outcome: ReturnType<typeof responsesStream>) => outcome.report.losses.map(({ code }) => code)

test('reasoning, text and a call become blocks in their order', () => {
  const outcome = responsesStream([
    created,
    added(0, reasoning([])),
    summary(0, 'hm'),
    done(0, reasoning(['hm'], { encrypted_content: 'opaque' })),
    added(1, message()),
    text(1, 'Hel'),
    text(1, 'lo'),
    done(1, message('Hello')),
    added(2, call('')),
    args(2, '{"x"'),
    args(2, ':1}'),
    done(2, call('{"x":1}')),
    completed(),
  ])
  expect(brief(outcome.events)).toEqual([
    'start',
    '0 thinking',
    '0 + hm',
    '0 + signature lb1.',
    '0 .',
    '1 text',
    '1 + Hel',
    '1 + lo',
    '1 .',
    '2 tool_use call_1 Bash',
    '2 + {"x"',
    '2 + :1}',
    '2 .',
    'end tool_use',
    'stop',
  ])
  expect(outcome.events[0]).toMatchObject({ message: { id: 'msg_resp_1', model: 'claude-test-1' } })
  expect(outcome.report).toMatchObject({ phase: 'finished', losses: [], isSatisfied: false })
  expect(outcome.report.usage).toMatchObject({
    input_tokens: 7,
    cache_read_input_tokens: 3,
    output_tokens: 4,
    output_tokens_details: { thinking_tokens: 1 },
  })
  expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({
    v: 1,
    p: 'openai-responses',
    k: 'item',
    d: { id: 'rs_1', summary: [2], encrypted_content: 'opaque' },
  })
})

describe('what the deltas left out is taken from the item', () => {
  test('text', () => {
    expect(
      brief(responsesStream([text(0, 'Hel'), done(0, message('Hello', 'again')), completed()]).events).slice(1, 8),
    ).toEqual(['0 text', '0 + Hel', '0 + lo', '0 .', '1 text', '1 + again', '1 .'])
  })

  test('arguments', () => {
    expect(
      brief(responsesStream([added(0, call('')), args(0, '{"x"'), done(0, call('{"x":1}')), completed()]).events).slice(
        1,
        5,
      ),
    ).toEqual(['0 tool_use call_1 Bash', '0 + {"x"', '0 + :1}', '0 .'])
  })

  test('reasoning', () => {
    expect(
      brief(responsesStream([summary(0, 'a'), done(0, reasoning(['abc', 'd'])), completed()]).events).slice(1, 5),
    ).toEqual(['0 thinking', '0 + a', '0 + bc', '0 + \n\nd'])
  })

  test('items that no event announced', () => {
    const outcome = responsesStream([completed([reasoning(['r']), message('x'), call('{}')])])
    expect(brief(outcome.events)).toEqual([
      'start',
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
      '1 .',
      '2 tool_use call_1 Bash',
      '2 + {}',
      '2 .',
      'end tool_use',
      'stop',
    ])
  })

  test('an item counts once, however often it is said', () => {
    expect(
      brief(responsesStream([done(0, message('x')), done(0, message('x')), completed([message('x')])]).events),
    ).toEqual(['start', '0 text', '0 + x', '0 .', 'end end_turn', 'stop'])
  })
})

describe('reasoning', () => {
  test('parts are a blank line apart, and their lengths are carried', () => {
    const outcome = responsesStream([
      summary(0, 'ab'),
      summary(0, 'c', 1),
      done(0, reasoning(['ab', 'c'], { encrypted_content: 'x' })),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 4)).toEqual(['0 thinking', '0 + ab', '0 + \n\nc'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({
      id: 'rs_1',
      summary: [2, 1],
      encrypted_content: 'x',
    })
  })

  test('a reasoning without a word still is a block when it has to come back', () => {
    const outcome = responsesStream([
      done(0, reasoning([], { encrypted_content: 'x' })),
      done(1, message('t')),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 6)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 text', '1 + t'])
    expect(brief(responsesStream([done(0, reasoning([])), done(1, message('t')), completed()]).events)[1]).toBe(
      '0 text',
    )
    expect(brief(responsesStream([done(0, reasoning([], { encrypted_content: '' })), completed()]).events)).toEqual([
      'start',
      'end end_turn',
      'stop',
    ])
  })

  test('of two forms of one reasoning the first is read', () => {
    const full = { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'full' }
    const both = reasoning(['short'], { content: [{ type: 'reasoning_text', text: 'full' }] })
    expect(brief(responsesStream([full, summary(0, 'short'), done(0, both), completed()]).events).slice(1, 4)).toEqual([
      '0 thinking',
      '0 + full',
      '0 + signature lb1.',
    ])
    expect(brief(responsesStream([done(0, both), completed()]).events)[2]).toBe('0 + short')
  })

  test('plain reasoning of open models is carried as an item with its content', () => {
    const outcome = responsesStream([
      done(0, reasoning([], { content: [{ type: 'reasoning_text', text: 'full' }] })),
      completed(),
    ])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({ id: 'rs_1', content: [4] })
  })

  test('without anything to carry, the signature says whose text it is', () => {
    const outcome = responsesStream([done(0, reasoning(['r'])), completed()])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({ v: 1, p: 'openai-responses', k: 'text' })
    const nameless = responsesStream([done(0, { ...reasoning(['r'], { encrypted_content: 'x' }), id: 3 }), completed()])
    expect(decodeCarrier(signatures(nameless.events)[0] ?? '')?.k).toBe('text')
  })

  test('a client that does not see it carries the texts', () => {
    const outcome = responsesStream([done(0, reasoning(['ab'], { encrypted_content: 'x' })), completed()], {
      showThinking: false,
    })
    expect(brief(outcome.events).slice(1, 4)).toEqual(['0 thinking', '0 + signature lb1.', '0 .'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({
      id: 'rs_1',
      summary: ['ab'],
      encrypted_content: 'x',
    })
  })

  test('a message that begins while a reasoning is open waits for its end, where its signature is', () => {
    const outcome = responsesStream([
      summary(0, 'r'),
      text(1, 'x'),
      done(0, reasoning(['r'], { encrypted_content: 'e' })),
      done(1, message('x')),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 7)).toEqual([
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
    ])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.k).toBe('item')
  })

  test('a reasoning that is never done ends with the answer', () => {
    expect(brief(responsesStream([summary(0, 'r'), text(1, 'x'), completed()]).events).slice(1, 6)).toEqual([
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
    ])
  })
})

describe('items', () => {
  test('items that interleave come out one behind the other', () => {
    const outcome = responsesStream([
      added(0, call('')),
      added(1, { ...call(''), call_id: 'call_2', name: 'Read' }),
      args(0, '{"a"'),
      args(1, '{"b":'),
      args(0, ':1}'),
      args(1, '2}'),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, -2)).toEqual([
      '0 tool_use call_1 Bash',
      '0 + {"a"',
      '0 + :1}',
      '0 .',
      '1 tool_use call_2 Read',
      '1 + {"b":',
      '1 + 2}',
      '1 .',
    ])
  })

  test('a refusal is text and the reason', () => {
    const refusal = { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'No.' }
    expect(brief(responsesStream([refusal, completed()]).events)).toEqual([
      'start',
      '0 text',
      '0 + No.',
      '0 .',
      'end refusal',
      'stop',
    ])
    const whole = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }
    expect(brief(responsesStream([done(0, whole), completed()]).events)).toEqual([
      'start',
      '0 text',
      '0 + No.',
      '0 .',
      'end refusal',
      'stop',
    ])
  })

  test('a free-text call is a call with one string', () => {
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'Patch', input: 'a "b"' }
    expect(brief(responsesStream([added(0, custom), done(0, custom), completed()]).events).slice(1, 4)).toEqual([
      '0 tool_use c Patch',
      '0 + {"input":"a \\"b\\""}',
      '0 .',
    ])
  })

  test('a call without arguments, and one that is no JSON', () => {
    expect(brief(responsesStream([done(0, call('')), completed()]).events)[2]).toBe('0 + ')
    const broken = responsesStream([done(0, call('x=1')), completed()])
    expect(brief(broken.events)[2]).toBe('0 + {"_raw":"x=1"}')
    expect(codes(broken)).toEqual(['tool_arguments_invalid'])
    const cut = responsesStream([added(0, call('')), args(0, '{"x"'), completed()])
    expect(brief(cut.events).at(-1)).toBe('error api_error: the arguments of a tool call ended early')
  })

  test('the phase of a message is carried by an empty block before it', () => {
    const phased = { ...message('x'), phase: 'commentary' }
    const outcome = responsesStream([added(0, phased), text(0, 'x'), done(0, phased), completed()])
    expect(brief(outcome.events).slice(1, 6)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 text', '1 + x'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({
      v: 1,
      p: 'openai-responses',
      k: 'sig',
      d: { phase: 'commentary' },
    })
    expect(brief(responsesStream([done(0, phased), completed()]).events)[1]).toBe('0 thinking')
    expect(brief(responsesStream([done(0, phased), completed()], { carrier: 'text-only' }).events)[1]).toBe('0 text')
  })

  test('calls that the provider ran are kept aside and reported', () => {
    const search = { type: 'web_search_call', id: 'w', action: { query: 'q' } }
    const outcome = responsesStream([
      added(0, search),
      done(0, search),
      { type: 'response.web_search_call.completed' },
      done(1, message('x')),
      completed(),
    ])
    expect(brief(outcome.events)[1]).toBe('0 text')
    expect(outcome.report.aside).toEqual({ web_search_call: search })
    expect(outcome.report.losses).toEqual([
      { code: 'hosted_call_dropped', path: '/output/0', detail: 'web_search_call', count: 1 },
    ])
  })

  test('sources are kept aside and reported', () => {
    const annotations = [{ type: 'url_citation', url: 'u' }]
    const outcome = responsesStream([
      done(0, { type: 'message', content: [{ type: 'output_text', text: 'x', annotations }] }),
      completed(),
    ])
    expect(outcome.report.aside).toEqual({ annotations })
    expect(codes(outcome)).toEqual(['annotations_dropped'])
  })

  test('a call that code made is a call, with a loss', () => {
    expect(
      codes(responsesStream([done(0, { ...call('{}'), caller: { type: 'program', caller_id: 'p' } }), completed()])),
    ).toEqual(['tool_caller_dropped'])
  })
})

describe('how it ends', () => {
  const incomplete = (reason: string): Json => ({
    type: 'response.incomplete',
    response: { status: 'incomplete', incomplete_details: { reason }, usage },
  })

  test.each([
    ['max_output_tokens', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['weird', 'max_tokens'],
  ])('incomplete because of %s is %s', (reason, expected) => {
    const outcome = responsesStream([added(0, call('')), args(0, '{"x'), incomplete(reason)])
    expect(brief(outcome.events).slice(1)).toEqual([
      '0 tool_use call_1 Bash',
      '0 + {"x',
      '0 .',
      `end ${expected}`,
      'stop',
    ])
    expect(codes(outcome)).toEqual(reason === 'weird' ? ['finish_unknown'] : [])
  })

  test('failed is an error, before or after content', () => {
    const failed = {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } },
    }
    expect(responsesStream([created, failed])).toMatchObject({
      events: [],
      report: { error: { isPreStream: true, status: 429 } },
    })
    expect(brief(responsesStream([text(0, 'x'), failed]).events).at(-1)).toBe('error rate_limit_error: slow')
  })

  test('a status that is no end is an error', () => {
    expect(responsesStream([completed([], { status: 'queued' })]).report.error?.body).toMatchObject({
      error: { message: 'the response ended as queued' },
    })
    expect(brief(responsesStream([completed([message('x')], { status: 'complete' })]).events).at(-2)).toBe(
      'end end_turn',
    )
  })

  test('an end without a response is an error', () => {
    expect(responsesStream([{ type: 'response.completed' }]).report.error?.body).toMatchObject({
      error: { message: 'upstream ended without a response' },
    })
  })

  test('an error event is an error, in either form', () => {
    expect(
      brief(responsesStream([text(0, 'x'), { type: 'error', code: 'server_error', message: 'broke' }]).events).at(-1),
    ).toBe('error api_error: broke')
    expect(brief(responsesStream([text(0, 'x'), { error: { message: 'broke' } }]).events).at(-1)).toBe(
      'error api_error: broke',
    )
  })

  test('a stream that is cut is an error', () => {
    expect(brief(responsesStream([text(0, 'x')]).events)).toEqual([
      'start',
      '0 text',
      '0 + x',
      'error api_error: upstream stream ended early',
    ])
  })

  test('an end mark is no end, and behind the end it means nothing', () => {
    const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    stream.push(completed([message('x')]))
    expect([stream.done(), stream.end()]).toEqual([[], []])
    expect(stream.report().losses).toEqual([])
    const cut = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    expect([cut.done(), cut.report().phase]).toEqual([[], 'failed'])
  })

  test('what comes behind the end is reported', () => {
    expect(codes(responsesStream([completed([message('x')]), text(1, 'late')]))).toEqual(['data_after_end'])
  })

  test('the host can end it', () => {
    const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    stream.push(text(0, 'x'))
    expect(brief(stream.fail({ message: 'reset' }))).toEqual(['error api_error: reset'])
  })

  test('no usage is a loss', () => {
    expect(codes(responsesStream([completed([message('x')], { usage: null })]))).toEqual(['usage_missing'])
  })

  test('the service tier is translated', () => {
    const tier = (service_tier: string) =>
      responsesStream([completed([message('x')], { service_tier })]).report.usage?.service_tier
    expect([tier('default'), tier('priority'), tier('flex')]).toEqual(['standard', 'priority', null])
  })
})

test('startOn first-chunk begins with the first event', () => {
  const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()), {
    startOn: 'first-chunk',
  })
  expect(brief(stream.push(created))).toEqual(['start'])
})

test('stop sequences are looked for in the text, and nothing behind counts', () => {
  const emulated = { stopSequences: ['END'], emulateStop: true }
  const outcome = responsesStream(
    [
      text(0, 'a E'),
      text(0, 'ND b'),
      done(0, message('a END b')),
      added(1, call('')),
      args(1, '{}'),
      done(1, call('{}')),
      summary(2, 'r'),
      done(2, reasoning(['r'], { encrypted_content: 'x' })),
      completed(),
    ],
    emulated,
  )
  expect(brief(outcome.events)).toEqual(['start', '0 text', '0 + a ', '0 .', 'end stop_sequence END', 'stop'])
  expect(outcome.report.isSatisfied).toBe(true)
  const cancelled = responsesStream([text(0, 'aEND')], emulated)
  expect(brief(cancelled.events).at(-2)).toBe('end stop_sequence END')
})

test('gaps in the numbers are reported, and unknown events outside the API', () => {
  const outcome = responsesStream([
    { type: 'response.created', sequence_number: 0, response: {} },
    { type: 'response.some_new_event', sequence_number: 1 },
    { type: 'keepalive', sequence_number: 3 },
    3,
    completed([message('x')]),
  ])
  expect(outcome.report.losses).toEqual([
    { code: 'event_missing', path: '', count: 1 },
    { code: 'event_unexpected', path: '', detail: 'keepalive', count: 1 },
    { code: 'event_unexpected', path: '', detail: '', count: 1 },
  ])
})

test('events whose parts are missing or of the wrong kind are taken for empty ones', () => {
  const odd: readonly Json[] = [
    { type: 'response.output_item.added', item: 'x' },
    { type: 'response.output_item.done', output_index: 5, item: { type: 'message', content: 'x' } },
    { type: 'response.output_item.done', output_index: 6, item: { type: 'message', content: [3, { text: 4 }] } },
    { type: 'response.output_item.done', output_index: 7, item: { type: 'function_call' } },
    { type: 'response.output_text.delta' },
    { type: 'response.completed', response: { output: [3], usage: 4 } },
  ]
  expect(brief(responsesStream(odd).events)).toEqual(['start', 'end end_turn', 'stop'])
})

function never(): never {
  throw new Error('the profile is there')
}
