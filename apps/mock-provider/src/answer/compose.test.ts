import { createSseDecoder } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { Answer, Reply } from '../script/answer.ts'
import { QUESTION, requestOf, responseOf, SETTING } from '../testing/plan-of.ts'
import { eventsOf } from '../testing/raw-client.ts'
import { compose } from './compose.ts'

const MESSAGES = '/v1/messages'
const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'

const FULL: Reply = {
  thinking: 'Let me think.',
  text: 'Two words',
  toolCalls: [{ name: 'Bash', input: { command: 'ls', big: [1, '“ü”'] } }],
  usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 3, cacheWriteTokens: 4, thinkingTokens: 5 },
}

function whole(answer: Answer, path = MESSAGES) {
  return JSON.parse(responseOf(answer, path, false).body.toString())
}

function datas(answer: Answer, path = MESSAGES) {
  const { events } = createSseDecoder().push(responseOf(answer, path).body)
  return events.flatMap(({ data }) => (data === undefined || data === '[DONE]' ? [] : [JSON.parse(data)]))
}

test('an Anthropic message has every part of the reply', () => {
  expect(whole({ reply: FULL })).toMatchObject({
    type: 'message',
    role: 'assistant',
    model: QUESTION.model,
    content: [
      { type: 'thinking', thinking: 'Let me think.' },
      { type: 'text', text: 'Two words' },
      { type: 'tool_use', name: 'Bash', input: { command: 'ls', big: [1, '“ü”'] }, caller: { type: 'direct' } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: {
      input_tokens: 10,
      output_tokens: 20,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 4,
      output_tokens_details: { thinking_tokens: 5 },
    },
  })
})

test('an Anthropic stream puts together to the same message', () => {
  const message = whole({ reply: FULL })
  const [start, ...rest] = datas({ reply: FULL })
  const blocks = rest.filter((data) => data.type === 'content_block_start').map((data) => data.content_block)
  for (const { type, index, delta } of rest) {
    if (type !== 'content_block_delta') continue
    const block = blocks[index]
    if (delta.type === 'thinking_delta') block.thinking += delta.thinking
    if (delta.type === 'signature_delta') block.signature = delta.signature
    if (delta.type === 'text_delta') block.text += delta.text
    if (delta.type === 'input_json_delta') block.json = (block.json ?? '') + delta.partial_json
  }
  const content = blocks.map(({ json, ...block }) =>
    json === undefined ? block : { ...block, input: JSON.parse(json) },
  )
  const { delta, usage } = rest.find((data) => data.type === 'message_delta')
  expect({ ...start.message, ...delta, content, usage: { ...start.message.usage, ...usage } }).toEqual(message)
})

test('a Chat completion and its stream say the same', () => {
  const completion = whole({ reply: FULL }, CHAT)
  expect(completion.choices[0]).toMatchObject({
    message: {
      content: 'Two words',
      reasoning_content: 'Let me think.',
      tool_calls: [{ type: 'function', function: { name: 'Bash', arguments: '{"command":"ls","big":[1,"“ü”"]}' } }],
    },
    finish_reason: 'tool_calls',
  })
  expect(completion.usage).toMatchObject({
    prompt_tokens: 17,
    completion_tokens: 20,
    total_tokens: 37,
    prompt_tokens_details: { cached_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 5 },
  })
  const chunks = datas({ reply: FULL }, CHAT)
  const deltas = chunks.map((chunk) => chunk.choices[0].delta)
  const joined = (pick: (delta: (typeof deltas)[0]) => string | undefined) =>
    deltas.map((delta) => pick(delta) ?? '').join('')
  expect(joined((delta) => delta.content)).toBe('Two words')
  expect(joined((delta) => delta.reasoning_content)).toBe('Let me think.')
  expect(joined((delta) => delta.tool_calls?.[0].function.arguments)).toBe('{"command":"ls","big":[1,"“ü”"]}')
  expect(chunks.at(-1).choices[0].finish_reason).toBe('tool_calls')
  expect(new Set(chunks.map((chunk) => chunk.id))).toEqual(new Set([completion.id]))
})

test('usage comes in a chunk of its own when it was asked for, and not otherwise', () => {
  const chunks = (streamOptions: object) => {
    const json = JSON.parse(JSON.stringify({ ...QUESTION, stream: true, ...streamOptions }))
    const composed = compose({ kind: 'answer', answer: { reply: FULL }, by: 0 }, requestOf(CHAT, json), SETTING)
    if (!composed.ok || composed.value.body.kind !== 'stream') throw new Error('no stream')
    return composed.value.body.parts.flatMap((part) =>
      part.kind === 'event' && part.data !== '[DONE]' ? [JSON.parse(part.data)] : [],
    )
  }
  expect(chunks({}).some((chunk) => 'usage' in chunk)).toBe(false)
  const asked = chunks({ stream_options: { include_usage: true } })
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 37 } })
  expect(asked[0].usage).toBe(null)
})

test('a Responses answer and the last event of its stream are the same', () => {
  const answer = whole({ reply: FULL }, RESPONSES)
  expect(answer).toMatchObject({
    object: 'response',
    status: 'completed',
    output: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Let me think.' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'Two words' }] },
      { type: 'function_call', name: 'Bash', arguments: '{"command":"ls","big":[1,"“ü”"]}' },
    ],
    usage: { input_tokens: 17, output_tokens: 20, total_tokens: 37, input_tokens_details: { cached_tokens: 3 } },
  })
  const events = datas({ reply: FULL }, RESPONSES)
  expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: answer })
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
  const done = events.filter((event) => event.type === 'response.output_item.done').map((event) => event.item)
  expect(done).toEqual(answer.output)
  const cut = whole({ reply: { text: 'a', stopReason: 'max_tokens' } }, RESPONSES)
  expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
})

test('stop reasons are said in the words of the dialect', () => {
  const finish = (stopReason: string) => whole({ reply: { text: 'a', stopReason } }, CHAT).choices[0].finish_reason
  expect(['end_turn', 'max_tokens', 'refusal', 'stop_sequence'].map(finish)).toEqual([
    'stop',
    'length',
    'content_filter',
    'stop',
  ])
  expect(whole({ reply: { text: 'a', stopReason: 'refusal' } }).stop_reason).toBe('refusal')
})

test('an error is said in the words of the dialect, with the status its type stands for', () => {
  expect(whole({ error: { type: 'overloaded_error' } })).toMatchObject({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
    request_id: expect.stringMatching(/^req_01/),
  })
  const status = (type: string) => responseOf({ error: { type } }).status
  expect(['overloaded_error', 'timeout_error', 'api_error', 'rate_limit_error', 'unheard_of'].map(status)).toEqual([
    529, 504, 500, 429, 500,
  ])
  expect(whole({ error: { status: 401, message: 'no' } }, CHAT)).toEqual({
    error: { message: 'no', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
  })
  expect(responseOf({ error: { status: 418 } }).status).toBe(418)
})

test('an error inside a stream has the form of its dialect', () => {
  const answer: Answer = {
    reply: { text: 'a b' },
    edits: [{ at: 'mid-text', insert: [{ error: 'api_error', message: 'oh' }] }],
  }
  const errorIn = (path: string) =>
    datas(answer, path).find((data) => data.error !== undefined || data.type === 'error')
  expect(errorIn(MESSAGES)).toEqual({ type: 'error', error: { details: null, type: 'api_error', message: 'oh' } })
  expect(errorIn(CHAT)).toEqual({ error: { message: 'oh', type: 'server_error', param: null, code: null } })
  expect(errorIn(RESPONSES)).toEqual({ type: 'error', code: null, message: 'oh', param: null })
})

test('headers are set, replaced, removed and repeated; moments are filled in', () => {
  const { headers } = responseOf({
    reply: {},
    headers: {
      'Request-Id': 'mine',
      'anthropic-organization-id': null,
      'set-cookie': ['a=1', 'b=2'],
      'x-at': '{iso+60}/{unix}',
    },
  })
  expect(headers['request-id']).toBe('mine')
  expect(headers['anthropic-organization-id']).toBeUndefined()
  expect(headers['set-cookie']).toBe('b=2')
  expect(headers['x-at']).toBe('2026-01-15T12:01:00Z/1768478400')
})

test('a body is sent as it is; text that is no JSON is labelled as text', () => {
  const text = responseOf({ body: 'plain' })
  expect([text.headers['content-type'], text.body.toString()]).toEqual(['text/plain; charset=utf-8', 'plain'])
  const odd = responseOf({ body: '{ "a" : 1e400 }' })
  expect([odd.headers['content-type'], odd.body.toString()]).toEqual(['application/json', '{ "a" : 1e400 }'])
  expect(responseOf({ bodyBase64: 'AP8=' }).body).toEqual(Buffer.from([0, 255]))
})

test('events of the script are the whole stream', () => {
  const { headers, body } = responseOf(
    {
      events: [
        { event: 'a', data: { n: 1 }, id: '7' },
        { data: 'text\nof two lines' },
        { comment: 'alive' },
        { raw: 'data: x\n\n' },
        { base64: 'ZGF0YTogeQoK' },
        { ping: true },
        { done: true },
        { fill: 'z', bytes: 3 },
      ],
    },
    MESSAGES,
    false,
  )
  expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
  const text = body.toString()
  expect(
    text.startsWith(
      'event: a\nid: 7\ndata: {"n":1}\n\ndata: text\ndata: of two lines\n\n: alive\n\ndata: x\n\ndata: y\n\n',
    ),
  ).toBe(true)
  expect(text).toContain('event: ping\ndata: {"type":"ping"}\n\ndata: [DONE]\n\nzzz')
})

test('the answer repeats in every byte for the same seed and number, and differs for another', () => {
  const bytes = (seed: number, number: number) => {
    const request = { ...requestOf(MESSAGES, JSON.parse(JSON.stringify({ ...QUESTION, stream: true }))), number }
    const composed = compose({ kind: 'answer', answer: { reply: FULL }, by: 0 }, request, { ...SETTING, seed })
    return composed.ok ? JSON.stringify(composed.value) : ''
  }
  expect(bytes(1, 1)).toBe(bytes(1, 1))
  expect(bytes(1, 1)).not.toBe(bytes(1, 2))
  expect(bytes(1, 1)).not.toBe(bytes(2, 1))
})

test('the forms of vendors: where reasoning, usage, ids and the end are', () => {
  const reply: Reply = { ...FULL, text: ['a', 'b'] }
  const message = (chat: Answer['chat']) => whole({ reply, chat: { ...chat } }, CHAT).choices[0].message
  expect(message({ thinkingField: 'reasoning' }).reasoning).toBe('Let me think.')
  expect(message({ thinkingField: 'reasoning_details' }).reasoning_details).toHaveLength(1)
  expect(message({ thinkingField: 'content-parts' }).content).toMatchObject([
    { type: 'thinking' },
    { type: 'text', text: 'ab' },
  ])
  expect(message({ thinkingField: 'think-tags' }).content).toBe('<think>Let me think.</think>ab')
  expect(message({ thinkingField: 'none' })).not.toHaveProperty('reasoning_content')
  const id = (toolIds: 'mistral9' | 'kimi' | 'empty' | 'constant' | 'openai') => message({ toolIds }).tool_calls[0].id
  expect(id('mistral9')).toMatch(/^[A-Za-z0-9]{9}$/)
  expect([id('kimi'), id('empty'), id('constant')]).toEqual(['functions.Bash:0', '', 'call_0'])
  expect(id('openai')).toMatch(/^call_01/)

  const chunks = (chat: Answer['chat']) => datas({ reply, chat: { ...chat } }, CHAT)
  expect(chunks({ emptyFirstChunk: true })[0]).toMatchObject({ id: '', choices: [] })
  expect(chunks({ usage: 'every-chunk' }).every((chunk) => chunk.usage.total_tokens === 37)).toBe(true)
  expect(chunks({ usage: 'in-choice' }).at(-1).choices[0].usage.total_tokens).toBe(37)
  expect(chunks({ usage: 'always' }).at(-1).usage.total_tokens).toBe(37)
  expect(chunks({ finish: 'missing' }).every((chunk) => chunk.choices[0].finish_reason === null)).toBe(true)
  expect(chunks({ finish: 'with-content' }).at(-1).choices[0]).toMatchObject({ finish_reason: 'tool_calls' })
  const arguments_ = chunks({ wholeArguments: true }).flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? [])
  expect(arguments_.map((call) => call.function.arguments)).toEqual(['{"command":"ls","big":[1,"“ü”"]}'])
  expect(whole({ reply, chat: { usage: 'none' } }, CHAT)).not.toHaveProperty('usage')
})

type ThinkingField = NonNullable<NonNullable<Answer['chat']>['thinkingField']>

test('a stream has its reasoning where the vendor puts it', () => {
  const reply: Reply = { thinking: 'Hm, well.', text: 'a' }
  const deltas = (thinkingField: ThinkingField) =>
    datas({ reply, chat: { thinkingField } }, CHAT).map((chunk) => chunk.choices[0].delta)
  const joined = (field: ThinkingField, key: string) =>
    deltas(field)
      .map((delta) => delta[key] ?? '')
      .join('')
  expect(joined('reasoning_content', 'reasoning_content')).toBe('Hm, well.')
  expect(joined('reasoning', 'reasoning')).toBe('Hm, well.')
  expect(deltas('reasoning_details').flatMap((delta) => delta.reasoning_details ?? [])).toHaveLength(2)
  expect(deltas('content-parts')[1].content[0].thinking[0].text).toBe('Hm,')
  expect(joined('think-tags', 'content')).toBe('<think>Hm, well.</think>a')
  expect(JSON.stringify(deltas('none'))).not.toContain('Hm')
})

test('arguments that are no JSON are streamed as they are, and left out of a whole Anthropic answer', () => {
  const reply: Reply = { toolCalls: [{ name: 'Bash', input: '{"command": 1e400, "cut' }] }
  expect(
    datas({ reply })
      .map((data) => data.delta?.partial_json ?? '')
      .join(''),
  ).toBe('{"command": 1e400, "cut')
  expect(whole({ reply }).content[0].input).toEqual({})
  expect(whole({ reply }, CHAT).choices[0].message.tool_calls[0].function.arguments).toBe('{"command": 1e400, "cut')
})

test('edits at one place happen in their order; places count in the unedited answer', () => {
  const events = eventsOf(
    responseOf({
      reply: { text: 'a b' },
      edits: [
        { at: 'last', insert: [{ event: 'after', data: 0 }] },
        { at: 1, insert: [{ event: 'one', data: 0 }], remove: 2 },
        { at: 1, insert: [{ event: 'two', data: 0 }] },
        { at: 'after-block', again: true },
      ],
    }).body,
  )
  expect(events).toEqual([
    'message_start',
    'one',
    'two',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'content_block_stop',
    'message_delta',
    'message_stop',
    'after',
  ])
})

test('a place that an answer does not have is a problem of the script', () => {
  for (const at of ['mid-thinking', 'mid-tool', 99] as const) {
    expect(() => responseOf({ reply: { text: 'a b' }, edits: [{ at, end: 'clean' }] })).toThrow(`no place \`${at}\``)
  }
})
