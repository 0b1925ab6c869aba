import type { Json, Responses } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  ask,
  assistant,
  call,
  notToResponses,
  pdf,
  png,
  result,
  system,
  talk,
  text,
  tool,
  toResponses,
  user,
} from '../../testing/requests.ts'
import { encodeCarrier } from '../carrier.ts'

type Target = Parameters<typeof toResponses>[1]
const newest: Target = { options: { model: 'gpt-5.5' } }
const older: Target = { options: { model: 'gpt-4.1' } }
const sentFor = (more: object, target: Target = newest) => toResponses(ask({ ...more }), target).value
const itemsOf = (messages: readonly unknown[], target: Target = newest): readonly Responses.Item[] => {
  const { input } = toResponses(talk(messages), target).value
  if (typeof input === 'string') throw new Error('input is a list here')
  return input
}

describe('the request', () => {
  test('the shortest one: nothing is stored, and reasoning travels with the history', () => {
    expect(toResponses(ask(), newest)).toMatchObject({
      value: {
        model: 'gpt-5.5',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
        max_output_tokens: 100,
        reasoning: { summary: 'auto' },
        store: false,
        include: ['reasoning.encrypted_content'],
      },
      losses: [],
    })
    expect(sentFor({}, older)).not.toHaveProperty('include')
  })

  test('is refused like any other', () => {
    expect(notToResponses({ model: 'm' })).toMatchObject({ code: 'invalid_request', path: '/messages' })
    expect(notToResponses(talk([]))).toMatchObject({ code: 'empty_turn', path: '/messages' })
    expect(notToResponses(ask({ speed: 'fast' }), { options: { strict: true } })).toMatchObject({
      code: 'loss_refused',
      path: '/speed',
    })
    const thought = { type: 'thinking', thinking: 'hm', signature: 'x' }
    expect(notToResponses(talk([assistant(thought)], { system: 'x' }))).toMatchObject({
      code: 'empty_turn',
      path: '/messages',
    })
  })

  test('has at least the 16 tokens that the API demands', () => {
    expect(sentFor({ max_tokens: 16 })).toMatchObject({ max_output_tokens: 16 })
    expect(toResponses(ask({ max_tokens: 1 }), newest)).toMatchObject({
      value: { max_output_tokens: 16 },
      losses: ['max_tokens_clamped:1'],
    })
  })

  test('streams, samples and forbids parallel calls as it is told', () => {
    const wish = {
      stream: true,
      temperature: 0.5,
      tools: [tool()],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    }
    expect(sentFor(wish, older)).toMatchObject({
      stream: true,
      temperature: 0.5,
      parallel_tool_calls: false,
      tool_choice: 'required',
    })
    expect(sentFor(wish)).not.toHaveProperty('temperature')
    expect(sentFor({})).not.toHaveProperty('stream')
  })

  test('has no stop sequences: they are looked for in the answer', () => {
    const { value, context, losses } = toResponses(ask({ stop_sequences: ['X'] }), newest)
    expect(value).not.toHaveProperty('stop')
    expect(context).toMatchObject({ emulateStop: true, stopSequences: ['X'] })
    expect(losses).toEqual(['stop_emulated'])
  })

  test('has flat tools, which lose their cache marks', () => {
    const { value, losses } = toResponses(
      ask({ tools: [tool('Bash', { cache_control: { type: 'ephemeral' } })] }),
      newest,
    )
    expect(JSON.parse(JSON.stringify(value.tools))).toEqual([
      {
        type: 'function',
        name: 'Bash',
        description: 'Runs Bash.',
        parameters: { type: 'object', properties: { command: { type: 'string' } } },
        strict: false,
      },
    ])
    expect(losses).toEqual(['cache_control_dropped'])
    expect(sentFor({ tools: [{ name: 'a', input_schema: { type: 'object' } }] }).tools?.[0]).not.toHaveProperty(
      'description',
    )
  })

  test('has the format of its answer under text', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false }
    const value = sentFor({ output_config: { format: { type: 'json_schema', schema } } })
    expect(JSON.parse(JSON.stringify(value.text))).toEqual({
      format: { type: 'json_schema', name: 'output', schema, strict: true },
    })
    expect(
      sentFor({ output_config: { format: { type: 'json_schema', schema } } }, { set: { jsonOutput: 'json_object' } })
        .text,
    ).toEqual({
      format: { type: 'json_object' },
    })
  })

  test('has a tier, a user, and whatever the caller adds', () => {
    expect(sentFor({ service_tier: 'auto', metadata: { user_id: 'u-1' } })).toMatchObject({
      service_tier: 'auto',
      safety_identifier: 'u-1',
    })
    expect(sentFor({}, { options: { model: 'gpt-5.5', extra: { truncation: 'auto' } } })).toMatchObject({
      truncation: 'auto',
    })
    expect(sentFor({ metadata: { user_id: 'u-1' } }, { profile: 'deepseek-responses' })).not.toHaveProperty(
      'safety_identifier',
    )
  })

  test('uses the own tools of a target that has some', () => {
    const web = { type: 'web_search_20250305', name: 'web_search' }
    const target: Target = {
      set: { webSearch: { tools: [{ type: 'web_search' }] } },
      options: { model: 'gpt-5.5', serverTools: 'native' },
    }
    expect(sentFor({ tools: [web] }, target)).toMatchObject({ tools: [{ type: 'web_search' }] })
  })
})

describe('the system prompt', () => {
  test('is the instructions, joined with a blank line', () => {
    expect(sentFor({ system: 'be good' })).toMatchObject({ instructions: 'be good' })
    const { value, losses } = toResponses(
      ask({ system: [text('a', { cache_control: { type: 'ephemeral' } }), text('b')] }),
      newest,
    )
    expect(value.instructions).toBe('a\n\nb')
    expect(losses).toEqual(['cache_control_dropped', 'block_boundaries_joined'])
    expect(sentFor({})).not.toHaveProperty('instructions')
  })

  test('is an item where it bears a cache breakpoint', () => {
    const { value, losses } = toResponses(
      ask({ system: [text('a', { cache_control: { type: 'ephemeral' } }), text('b')] }),
      {
        options: { model: 'gpt-6' },
      },
    )
    expect(value).not.toHaveProperty('instructions')
    expect(value.input[0]).toEqual({
      type: 'message',
      role: 'developer',
      content: [
        { type: 'input_text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'input_text', text: 'b' },
      ],
    })
    expect(value).toMatchObject({ prompt_cache_options: { mode: 'explicit' } })
    expect(losses).toEqual(['cache_ttl_changed:5m'])
    expect(
      toResponses(ask({ system: [text('a'), text('b')] }), { options: { model: 'gpt-6' } }).value.instructions,
    ).toBe('a\n\nb')
  })

  test('in mid-conversation stays where it is', () => {
    expect(itemsOf([user('a'), system('be brief'), assistant('ok'), user('b')])[1]).toEqual({
      type: 'message',
      role: 'developer',
      content: [{ type: 'input_text', text: 'be brief' }],
    })
  })
})

describe('what the user says', () => {
  test('keeps its parts, images and files', () => {
    expect(
      itemsOf([user('a', png(), pdf(), { type: 'image', source: { type: 'url', url: 'https://x.example/i.png' } })]),
    ).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
          { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
          { type: 'input_image', image_url: 'https://x.example/i.png', detail: 'auto' },
        ],
      },
    ])
  })

  test('loses cache marks where there are none', () => {
    expect(toResponses(talk([user(text('a', { cache_control: { type: 'ephemeral' } }))]), newest).losses).toEqual([
      'cache_control_dropped',
    ])
  })
})

describe('what the model said', () => {
  test('keeps its order: texts, calls and texts', () => {
    const turns = [
      user('go'),
      assistant('one', 'two', call('t1', 'Bash', { b: 1, a: 2 }), 'three'),
      user(result('t1', 'x')),
    ]
    expect(itemsOf(turns).slice(1)).toEqual([
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'one', annotations: [] },
          { type: 'output_text', text: 'two', annotations: [] },
        ],
      },
      { type: 'function_call', call_id: 't1', name: 'Bash', arguments: '{"b":1,"a":2}' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'three', annotations: [] }] },
      { type: 'function_call_output', call_id: 't1', output: 'x' },
    ])
    expect(toResponses(talk(turns), newest).losses).toEqual([])
  })

  test('loses cache marks', () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const turns = [user('go'), assistant(text('one', mark), call('t1', 'Bash', {}, mark)), user(result('t1', 'x'))]
    expect(toResponses(talk(turns), newest).all).toEqual([
      { code: 'cache_control_dropped', path: '/messages/1/content/0', count: 2 },
    ])
  })

  test('came in phases, which travel in a signature and go back', () => {
    const phase = (d: Json) => ({
      type: 'thinking',
      thinking: '',
      signature: encodeCarrier({ v: 1, p: 'openai-responses', k: 'sig', d }),
    })
    const turn = assistant(
      phase({ phase: 'commentary' }),
      'one',
      'two',
      phase({ phase: 'final_answer' }),
      'three',
      phase({ phase: 'x' }),
      'four',
    )
    const items = itemsOf([user('go'), turn, user('b')])
    const part = (said: string) => ({ type: 'output_text', text: said, annotations: [] })
    expect(items.slice(1, -1)).toEqual([
      { type: 'message', role: 'assistant', content: [part('one'), part('two')], phase: 'commentary' },
      { type: 'message', role: 'assistant', content: [part('three'), part('four')], phase: 'final_answer' },
    ])
  })

  test('with a signature that belongs to nothing is not disturbed by it', () => {
    const lost = { type: 'thinking', thinking: '', signature: encodeCarrier({ v: 1, p: 'openai-responses', k: 'sig' }) }
    expect(itemsOf([user('go'), assistant(lost, 'one', lost), user('b')]).slice(1, -1)).toEqual([
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'one', annotations: [] }] },
    ])
  })

  test('with calls that alternate with their outputs, where the target wants that', () => {
    const turns = [user('go'), assistant('x', call('t1'), call('t2')), user(result('t2', 'b'), result('t1', 'a'))]
    const kinds = itemsOf(turns, { profile: 'deepseek-responses' }).map((item) =>
      item.type === 'function_call' || item.type === 'function_call_output'
        ? `${item.type} ${item.call_id}`
        : item.type,
    )
    expect(kinds).toEqual([
      'message',
      'message',
      'function_call t1',
      'function_call_output t1',
      'function_call t2',
      'function_call_output t2',
    ])
  })
})

describe('results', () => {
  const output = (content: unknown, more: object = {}, target: Target = newest) =>
    toResponses(talk([user('a'), assistant(call('t1')), user(result('t1', content, more))]), target).value.input.at(-1)

  test('are text, or parts in their place', () => {
    expect(output('x')).toEqual({ type: 'function_call_output', call_id: 't1', output: 'x' })
    expect(output([])).toEqual({ type: 'function_call_output', call_id: 't1', output: '' })
    expect(output([text('x'), text('y')])).toMatchObject({
      output: [
        { type: 'input_text', text: 'x' },
        { type: 'input_text', text: 'y' },
      ],
    })
    expect(output([png()])).toMatchObject({ output: [{ type: 'input_image' }] })
    expect(output('no', { is_error: true })).toMatchObject({ output: '[tool error] no' })
  })

  test('bear cache breakpoints where the target has them', () => {
    expect(output('x', { cache_control: { type: 'ephemeral' } }, { options: { model: 'gpt-6' } })).toMatchObject({
      output: [{ type: 'input_text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit' } }],
    })
  })

  test('are paired with ids of up to 64 characters', () => {
    const id = 'x'.repeat(64)
    const items = itemsOf([
      user('a'),
      assistant(call(id), call('functions.Bash:0')),
      user(result(id), result('functions.Bash:0')),
    ])
    const ids = items.map((item) => ('call_id' in item ? item.call_id : ''))
    expect(ids.slice(1)).toEqual([id, ids[2], id, ids[2]])
    expect(ids[2]).toMatch(/^lb_[\w-]{43}$/)
  })
})

describe('past reasoning', () => {
  const item = { id: 'rs_1', encrypted_content: 'enc', summary: [3, 2] }
  const thought = (thinking: string, d: object, p = 'openai-responses') => ({
    type: 'thinking',
    thinking,
    signature: encodeCarrier({ v: 1, p, k: 'item', d: JSON.parse(JSON.stringify(d)) }),
  })

  test('goes back as the item that it was, directly before what it led to', () => {
    const items = itemsOf([user('a'), assistant(thought('one\n\nab', item), call('t1')), user(result('t1'))])
    expect(items[1]).toEqual({
      type: 'reasoning',
      id: 'rs_1',
      summary: [
        { type: 'summary_text', text: 'one' },
        { type: 'summary_text', text: 'ab' },
      ],
      encrypted_content: 'enc',
    })
  })

  test('in other forms', () => {
    const of = (thinking: string, d: object) => itemsOf([user('a'), assistant(thought(thinking, d), 'x'), user('b')])[1]
    expect(of('abc', { id: 'rs_1', content: [3], summary: [] })).toEqual({
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'abc' }],
    })
    expect(of('', { encrypted_content: 'enc', summary: [0, 'whole'] })).toEqual({
      type: 'reasoning',
      id: '',
      summary: [
        { type: 'summary_text', text: '' },
        { type: 'summary_text', text: 'whole' },
      ],
      encrypted_content: 'enc',
    })
  })

  test('that led to nothing stays behind: the API refuses it alone', () => {
    const { value, losses } = toResponses(talk([user('a'), assistant('x', thought('so', item)), user('b')]), newest)
    expect(value.input).toHaveLength(3)
    expect(losses).toEqual(['thinking_dropped'])
  })

  test('of somebody else stays behind, and with it a turn that had nothing else', () => {
    const foreign = thought('so', item, 'azure-responses')
    expect(toResponses(talk([user('a'), assistant(foreign), user('b')]), newest).losses).toEqual([
      'thinking_dropped',
      'empty_turn_dropped',
    ])
  })
})

test('a final assistant turn is no beginning of the answer', () => {
  expect(toResponses(talk([user('a'), assistant('b')]), newest).losses).toEqual(['prefill_not_supported'])
})
