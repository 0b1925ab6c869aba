import { describe, expect, test } from 'vitest'
import { anthropicNamed, notToAnthropic, toAnthropic } from '../../testing/requests.ts'
import { encodeCarrier } from '../carrier.ts'

const chat = (...messages: readonly object[]): object => ({ model: 'gpt', max_tokens: 100, messages })
const say = (content: unknown): object => ({ role: 'user', content })
const calls = (...ids: readonly string[]): object => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'Bash', arguments: '{"a":1}' } })),
})
const answers = (tool_call_id: string, content: unknown = `of ${tool_call_id}`): object => ({
  role: 'tool',
  tool_call_id,
  content,
})
const turnsOf = (request: object, ...more: [Parameters<typeof toAnthropic>[1]?, string?]) =>
  JSON.parse(toAnthropic(request, ...more).json).messages

describe('a final assistant message', () => {
  const prefilled = chat(say('x'), { role: 'assistant', content: 'The answer: ' })

  test('is refused by models that do not go on from it', () => {
    const { code, body } = notToAnthropic(prefilled)
    expect(code).toBe('prefill_not_supported')
    expect(body).toEqual({
      error: {
        message: 'messages: the conversation must end with a user message for this model',
        type: 'invalid_request_error',
        param: 'messages',
        code: null,
      },
    })
  })

  test('is followed by a user turn when asked to be lenient', () => {
    const { value, losses } = toAnthropic(prefilled, { lenient: true })
    expect(value.messages.at(-1)).toEqual({ role: 'user', content: 'Continue.' })
    expect(losses).toEqual(['prefill_continued'])
  })

  test('is the beginning of the answer for older models, without white space at its end', () => {
    const { value, losses } = toAnthropic(prefilled, { model: 'claude-3-haiku' })
    expect(value.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'The answer:' }] })
    expect(losses).toEqual(['prefill_trimmed'])
    const bare = toAnthropic(chat(say('x'), { role: 'assistant', content: '{' }), { model: 'claude-3-haiku' })
    expect(bare.value.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: '{' }] })
    expect(bare.losses).toEqual([])
  })

  test('that calls a tool gets a result that says nobody answered', () => {
    const { value, all } = toAnthropic(chat(say('x'), calls('t1')))
    expect(value.messages.at(-1)).toEqual({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't1', content: '[no result: the call was interrupted]' }],
    })
    expect(all).toEqual([{ code: 'tool_result_missing', path: '/messages/1/tool_calls/0', count: 1 }])
  })
})

describe('calls', () => {
  test('that nobody answered have their results behind those that came', () => {
    const [, , results] = turnsOf(chat(say('x'), calls('t1', 't2', 't3'), answers('t3'), answers('t2'), say('y')))
    expect(results.content.map((block: { tool_use_id?: string }) => block.tool_use_id)).toEqual([
      't3',
      't2',
      't1',
      undefined,
    ])
  })

  test('of one answer that share an id are answered in their order, each under an id of its own (case 34)', () => {
    const asked = chat(say('x'), calls('c', 'c'), answers('c', 'first'), answers('c', 'second'))
    const { json, losses } = toAnthropic(asked)
    const [, assistant, results]: { content: { id?: string; tool_use_id?: string; content: string }[] }[] =
      JSON.parse(json).messages
    const ids = assistant?.content.map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
    expect(results?.content.map(({ tool_use_id }) => tool_use_id)).toEqual(ids)
    expect(results?.content.map(({ content }) => content)).toEqual(['first', 'second'])
    expect(losses).toEqual([])
  })

  const called = (arguments_: string, options = {}) => {
    const call = { id: 't1', type: 'function', function: { name: 'Bash', arguments: arguments_ } }
    const sent = toAnthropic(chat(say('x'), { role: 'assistant', tool_calls: [call] }, answers('t1')), options)
    const [, input] = /"input":(.*?),?"?\}\],?"?/.exec(sent.json.slice(sent.json.indexOf('"tool_use"'))) ?? []
    return { input: input?.replace(/\}\]$/, ''), losses: sent.losses }
  }

  test.each([
    '{"n":12345678901234567890}',
    '{"n":1e400}',
    '{"n":1.0,"m":-0}',
    '{"b":1,"a":2}',
    '{"a":1,"a":2}',
    '{"s":"\\ud800"}',
    '{"s":"\\u0041"}',
    '{"__proto__":{"x":1}}',
    '{"a" : [ ]}',
  ])('say their arguments word for word: %s (case 48)', (text) => {
    expect(called(text)).toEqual({ input: text, losses: [] })
  })

  test.each(['', '  '])('without arguments have an empty object: %j (case 22)', (text) => {
    expect(called(text)).toEqual({ input: '{}', losses: [] })
  })

  test.each(['[1]', '1e400', '"x"', 'null'])('with other JSON than an object wrap it: %s', (text) => {
    expect(called(text)).toEqual({ input: `{"value":${text}}`, losses: ['tool_arguments_wrapped'] })
  })

  test('with arguments that are no JSON are refused: repaired arguments are invented ones', () => {
    const call = { id: 't1', type: 'function', function: { name: 'Bash', arguments: '{"a":' } }
    const request = chat(say('x'), { role: 'assistant', tool_calls: [call] }, answers('t1'))
    expect(notToAnthropic(request)).toMatchObject({
      code: 'tool_arguments_invalid',
      path: '/messages/1/tool_calls/0/function/arguments',
    })
    expect(called('{"a":', { lenient: true })).toEqual({
      input: '{"_raw":"{\\"a\\":"}',
      losses: ['tool_arguments_wrapped'],
    })
  })

  test('of free text are functions of one string', () => {
    const call = { id: 't1', type: 'custom', custom: { name: 'Shell', input: 'ls "x"' } }
    const [, assistant] = turnsOf(chat(say('x'), { role: 'assistant', tool_calls: [call] }, answers('t1')))
    expect(assistant.content).toEqual([{ type: 'tool_use', id: 't1', name: 'Shell', input: { input: 'ls "x"' } }])
  })

  test('in the old form get an id that is the same in every request', () => {
    const request = chat(
      say('x'),
      { role: 'assistant', content: 'so', function_call: { name: 'Old', arguments: '{"a":1}' } },
      { role: 'function', name: 'Old', content: 'done' },
    )
    const [, assistant, user] = turnsOf(request)
    expect(assistant.content[0]).toEqual({ type: 'text', text: 'so' })
    expect(assistant.content[1]).toMatchObject({ type: 'tool_use', name: 'Old', input: { a: 1 } })
    expect(assistant.content[1].id).toMatch(/^lb_[\w-]{24}$/)
    expect(user.content).toEqual([{ type: 'tool_result', tool_use_id: assistant.content[1].id, content: 'done' }])
    expect(turnsOf(request)[1].content[1].id).toBe(assistant.content[1].id)
  })

  test('with illegal ids and names get legal ones, the same in calls and results (cases 34, 35)', () => {
    const name = `mcp__${'x'.repeat(130)}`
    const call = { id: 'functions.Bash:0', type: 'function', function: { name, arguments: '{}' } }
    const request = chat(say('x'), { role: 'assistant', tool_calls: [call] }, answers('functions.Bash:0'))
    const { value, context } = toAnthropic(request)
    const [, assistant, user] = JSON.parse(JSON.stringify(value.messages))
    expect(assistant.content[0].id).toMatch(/^[\w-]{1,64}$/)
    expect(user.content[0].tool_use_id).toBe(assistant.content[0].id)
    expect(assistant.content[0].name).toHaveLength(128)
    expect(context.renamedTools).toEqual({ [assistant.content[0].name]: name })
  })
})

describe('what the model said', () => {
  const said = (message: object) => {
    const sent = toAnthropic(chat(say('x'), { role: 'assistant', ...message }, say('y')))
    return { content: sent.value.messages[1]?.content, losses: sent.losses }
  }

  test('a refusal is text, whichever form it has', () => {
    const block = { type: 'text', text: 'no' }
    expect(said({ content: null, refusal: 'no' })).toEqual({ content: [block], losses: ['refusal_as_text'] })
    expect(said({ content: [{ type: 'refusal', refusal: 'no' }] })).toEqual({
      content: [block],
      losses: ['refusal_as_text'],
    })
    expect(said({ content: 'yes', refusal: '' })).toEqual({ content: [{ type: 'text', text: 'yes' }], losses: [] })
  })

  test('reasoning that Anthropic signed goes back as it came, also in pieces', () => {
    const format = 'anthropic-claude-v1'
    const details = [
      { type: 'reasoning.text', format, index: 0 },
      { type: 'reasoning.text', text: 'Let ', format, index: 0 },
      { type: 'reasoning.text', text: 'me see', format, index: 0 },
      { type: 'reasoning.text', signature: 'EqQB', format, index: 0 },
      { type: 'reasoning.encrypted', data: 'Emwk', format, index: 1 },
      { type: 'reasoning.text', signature: 'EqQC', format, index: 2 },
    ]
    expect(said({ content: 'hm', reasoning_content: 'Let me see', reasoning_details: details })).toEqual({
      content: [
        { type: 'thinking', thinking: 'Let me see', signature: 'EqQB' },
        { type: 'redacted_thinking', data: 'Emwk' },
        { type: 'thinking', thinking: '', signature: 'EqQC' },
        { type: 'text', text: 'hm' },
      ],
      losses: [],
    })
  })

  test.each([
    { reasoning_content: 'hm' },
    { reasoning_text: 'hm' },
    { reasoning_opaque: 'OPQ' },
    { reasoning: 'hm' },
    { reasoning_details: [{ type: 'reasoning.text', text: 'hm', format: 'anthropic-claude-v1' }] },
    { reasoning_details: [{ type: 'reasoning.encrypted', format: 'anthropic-claude-v1' }] },
    { reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'x', format: 'google-gemini-v1' }] },
    { reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'x' }] },
    {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'a' },
      ],
    },
  ])('reasoning of anybody else is dropped, never faked: %j (case 32)', (message) => {
    expect(said({ content: 'a', ...message })).toEqual({
      content: [{ type: 'text', text: 'a' }],
      losses: ['thinking_dropped'],
    })
  })

  test('a part that nobody knows is reported as what it is', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'server_tool_use', id: 't', name: 'A', input: {} },
    ]
    const losses = ['unknown_block:server_tool_use']
    expect(said({ content })).toEqual({ content: [{ type: 'text', text: 'a' }], losses })
    expect(
      said({
        content: [
          { type: 'new_text', text: 'a' },
          { type: 'reasoning', text: 'hm' },
        ],
      }),
    ).toEqual({
      content: [{ type: 'text', text: 'a' }],
      losses: ['block_as_text:new_text', 'thinking_dropped'],
    })
  })

  test('reasoning that we carried for another vendor never reaches Anthropic, whatever its form says (case 32)', () => {
    const carried = encodeCarrier({ v: 1, p: 'openai-responses', k: 'item', d: { id: 'rs_1' } })
    const format = 'anthropic-claude-v1'
    const details = [
      { type: 'reasoning.text', text: 'genuine', signature: 'EqQB', format, index: 0 },
      { type: 'reasoning.text', text: 'ours', signature: carried, format, index: 1 },
      { type: 'reasoning.encrypted', data: carried, format, index: 2 },
    ]
    const genuine = { type: 'thinking', thinking: 'genuine', signature: 'EqQB' }
    const hm = { type: 'text', text: 'hm' }
    const message = { content: 'hm', reasoning_details: details }
    expect(said(message)).toEqual({ content: [genuine, hm], losses: ['thinking_dropped'] })
    const target = { ...anthropicNamed('anthropic'), signatures: 'carried' } as const
    const ours = { type: 'thinking', thinking: 'ours', signature: carried }
    const { value } = toAnthropic(chat(say('x'), { role: 'assistant', ...message }, say('y')), {}, target)
    expect(value.messages[1]?.content).toEqual([genuine, ours, { type: 'redacted_thinking', data: carried }, hm])
  })

  test('redacted reasoning is no block for an imitation of Anthropic', () => {
    const entry = { type: 'reasoning.encrypted', data: 'Emwk', format: 'anthropic-claude-v1', index: 0 }
    const asked = chat(say('x'), { role: 'assistant', content: 'hm', reasoning_details: [entry] }, say('y'))
    const { value, losses } = toAnthropic(asked, {}, 'deepseek')
    expect(value.messages[1]?.content).toEqual([{ type: 'text', text: 'hm' }])
    expect(losses).toEqual(['thinking_dropped'])
  })

  test('parts keep their cache marks', () => {
    const parts = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit' } },
    ]
    expect(said({ content: parts }).content).toEqual([
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
    ])
  })
})
