import { expect, test } from 'vitest'
import { readTurn } from './turn.ts'

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

test('the last user text is the last one that is no reminder', () => {
  const messages = [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'well' },
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nbe kind\n</system-reminder>' },
        { type: 'text', text: '<system-reminder>again</system-reminder> run `date`' },
        { type: 'image', source: {} },
      ],
    },
    { role: 'system', content: [{ type: 'text', text: 'Environment …' }] },
  ]
  expect(readTurn({ messages }, 'anthropic').userText).toBe('run `date`')
})

test('tool results count only when they came after the last words of the model', () => {
  const call = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }] }
  const result = {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'ok' }], is_error: true }],
  }
  const asked = { role: 'user', content: 'go' }
  expect(readTurn({ messages: [asked, call, result] }, 'anthropic').toolResults).toEqual([
    { name: 'Bash', text: 'ok', isError: true },
  ])
  const answered = { role: 'assistant', content: 'done' }
  expect(readTurn({ messages: [asked, call, result, answered, asked] }, 'anthropic').toolResults).toEqual([])
})

test('tools, choice, schema and thinking are read from an Anthropic request', () => {
  const turn = readTurn(
    {
      messages: [],
      tools: [
        { name: 'get_weather', input_schema: SCHEMA },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
      tool_choice: { type: 'tool', name: 'get_weather' },
      output_config: { format: { type: 'json_schema', schema: SCHEMA } },
      thinking: { type: 'enabled', budget_tokens: 1024 },
    },
    'anthropic',
  )
  expect(turn).toMatchObject({
    tools: [{ name: 'get_weather', schema: SCHEMA }],
    toolChoice: { name: 'get_weather' },
    answerSchema: SCHEMA,
    thinking: true,
  })
  expect(readTurn({ thinking: { type: 'adaptive', display: 'omitted' } }, 'anthropic').thinking).toBe(false)
  expect(readTurn({ tool_choice: { type: 'any' } }, 'anthropic').toolChoice).toBe('required')
})

test('the same is read from a Chat request', () => {
  const turn = readTurn(
    {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'weather?' }] },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1', function: { name: 'get_weather' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: SCHEMA } }],
      tool_choice: 'required',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } },
      reasoning_effort: 'low',
    },
    'openai-chat',
  )
  expect(turn).toEqual({
    userText: 'weather?',
    toolResults: [{ name: 'get_weather', text: 'sunny', isError: false }],
    tools: [{ name: 'get_weather', schema: SCHEMA }],
    toolChoice: 'required',
    answerSchema: SCHEMA,
    thinking: true,
  })
  expect(readTurn({ response_format: { type: 'json_object' } }, 'openai-chat').answerSchema).toEqual({ type: 'object' })
})

test('the same is read from a Responses request', () => {
  const turn = readTurn(
    {
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'weather?' }] },
        { type: 'function_call', call_id: 'c1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
      ],
      tools: [{ type: 'function', name: 'get_weather', parameters: SCHEMA }, { type: 'web_search' }],
      tool_choice: { type: 'function', name: 'get_weather' },
      text: { format: { type: 'json_schema', name: 'x', schema: SCHEMA } },
      reasoning: { effort: 'low' },
    },
    'openai-responses',
  )
  expect(turn).toEqual({
    userText: 'weather?',
    toolResults: [{ name: 'get_weather', text: 'sunny', isError: false }],
    tools: [{ name: 'get_weather', schema: SCHEMA }],
    toolChoice: { name: 'get_weather' },
    answerSchema: SCHEMA,
    thinking: true,
  })
  expect(readTurn({ input: 'hello' }, 'openai-responses').userText).toBe('hello')
  expect(readTurn({ reasoning: { effort: 'none' } }, 'openai-responses').thinking).toBe(false)
  expect(readTurn({ reasoning_effort: 'none' }, 'openai-chat').thinking).toBe(false)
})

test('a body of any shape gives a turn', () => {
  for (const body of [undefined, null, 7, 'text', [], { messages: 'x', tools: [1, null], input: [3] }]) {
    for (const dialect of ['anthropic', 'openai-chat', 'openai-responses'] as const) {
      expect(readTurn(body, dialect).tools).toEqual([])
    }
  }
})
