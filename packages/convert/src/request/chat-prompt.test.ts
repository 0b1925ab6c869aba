import { describe, expect, test } from 'vitest'
import { ask, assistant, call, notToChat, result, talk, text, toChat, tool, user } from '../../testing/requests.ts'

type Target = Parameters<typeof toChat>[1]
const lossesOf = (more: object, target: Target = {}): readonly string[] => toChat(ask({ ...more }), target).losses
const older: Target = { profile: 'openai', options: { model: 'gpt-4.1' } }

describe('the system prompt', () => {
  const first = (given: unknown, target: Target = {}) => toChat(ask({ system: given }), target).value.messages[0]

  test("is the first message, in the target's own role", () => {
    expect(first('be good')).toEqual({ role: 'system', content: 'be good' })
    expect(first('be good', { profile: 'openai', options: { model: 'o3' } })).toEqual({
      role: 'developer',
      content: 'be good',
    })
    expect(first('be good', { profile: 'openai', options: { model: 'o1-mini' } })).toEqual({
      role: 'user',
      content: 'be good',
    })
  })

  test('of blocks is one part each, or joined with a blank line', () => {
    expect(first([text('a'), text('b')], older)).toEqual({
      role: 'system',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    })
    expect(first([text('a'), text('b')])).toEqual({ role: 'system', content: 'a\n\nb' })
  })

  test('without text is no message', () => {
    for (const nothing of ['', [], [text('')]]) expect(first(nothing)).toEqual({ role: 'user', content: 'hi' })
    expect(lossesOf({ system: [text('')] })).toEqual(['empty_text_dropped'])
  })

  test("loses the client's billing line, and only there", () => {
    const line = text('x-anthropic-billing-header: cc_version=2; cch=1f;')
    expect(first([line, text('b')])).toEqual({ role: 'system', content: 'b' })
    expect(toChat(ask({ system: [line, text('b')] })).all).toEqual([
      { code: 'billing_header_dropped', path: '/system/0', count: 1 },
    ])
    expect(first([text('b'), line])).toMatchObject({ content: expect.stringContaining('x-anthropic-billing-header') })
  })
})

describe('a final assistant turn', () => {
  const turns = [user('a'), assistant('The answer is')]

  test('is marked as the beginning of the answer, each target in its own way', () => {
    expect(toChat(talk(turns), { profile: 'deepseek' }).value.messages.at(-1)).toEqual({
      role: 'assistant',
      content: 'The answer is',
      prefix: true,
    })
    expect(toChat(talk(turns), { profile: 'kimi' }).value.messages.at(-1)).toMatchObject({ partial: true })
    expect(toChat(talk(turns), { profile: 'vllm' }).value).toMatchObject({
      continue_final_message: true,
      add_generation_prompt: false,
    })
    for (const profile of ['deepseek', 'kimi', 'vllm']) expect(toChat(talk(turns), { profile }).losses).toEqual([])
  })

  test('is an ordinary message where there is no such mark', () => {
    const { value, all } = toChat(talk(turns))
    expect(value.messages.at(-1)).toEqual({ role: 'assistant', content: 'The answer is' })
    expect(all).toEqual([{ code: 'prefill_not_supported', path: '/messages', count: 1 }])
  })

  test('that came to nothing is no beginning', () => {
    const thought = { type: 'thinking', thinking: 'hm', signature: 'x' }
    expect(toChat(talk([user('a'), assistant(thought)])).losses).toEqual([
      'thinking_dropped',
      'empty_turn_dropped',
      'prefill_not_supported',
    ])
    expect(notToChat(talk([assistant(thought)]))).toMatchObject({ code: 'empty_turn', path: '/messages' })
  })
})

describe('prompt caching', () => {
  const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const request = ask({
    system: [text('a', mark)],
    tools: [tool('Bash', mark)],
    messages: [
      user(text('b', mark)),
      assistant(text('c', mark), call('t1', 'Bash', {}, mark)),
      user(result('t1', [text('d')], mark)),
    ],
  })

  test('is left to targets that cache by themselves', () => {
    const { json, all } = toChat(request)
    expect(json).not.toContain('cache')
    expect(all).toEqual([{ code: 'cache_control_dropped', path: '/messages/0/content/0', count: 6 }])
  })

  test("goes to gateways with Anthropic's own marks", () => {
    const { value, losses } = toChat(request, { profile: 'openrouter' })
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    expect(value.messages[0]).toEqual({ role: 'system', content: [{ type: 'text', text: 'a', cache_control }] })
    expect(value.messages[1]).toEqual({ role: 'user', content: [{ type: 'text', text: 'b', cache_control }] })
    expect(value.messages[2]).toMatchObject({ content: [{ type: 'text', text: 'c', cache_control }] })
    expect(value.messages[3]).toMatchObject({ content: [{ type: 'text', text: 'd', cache_control }] })
    expect(value.tools?.[0]).toMatchObject({ cache_control })
    expect(losses).toEqual(['cache_control_dropped'])
    expect(value).not.toHaveProperty('prompt_cache_options')
  })

  test('goes to gateways without what only Anthropic knows of a mark', () => {
    const scoped = { type: 'ephemeral', ttl: null, scope: 'global' }
    const { value, losses } = toChat(ask({ system: [text('a', { cache_control: scoped })] }), { profile: 'openrouter' })
    expect(value.messages[0]).toMatchObject({
      content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }],
    })
    expect(JSON.stringify(value)).not.toMatch(/scope|ttl/)
    expect(losses).toEqual(['feature_dropped'])
  })

  test("goes to OpenAI's newest models as breakpoints, which have one lifetime", () => {
    const target: Target = { profile: 'openai', options: { model: 'gpt-5.6', preferResponses: false } }
    const { value, losses } = toChat(request, target)
    expect(value.messages[0]).toEqual({
      role: 'developer',
      content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } }],
    })
    expect(value).toMatchObject({ prompt_cache_options: { mode: 'explicit' } })
    expect(losses).toEqual(['thinking_disabled:tools', 'cache_ttl_changed:1h', 'cache_control_dropped'])
    expect(toChat(ask(), target).value).not.toHaveProperty('prompt_cache_options')
    expect(toChat(ask({ system: [text('a', { cache_control: { type: 'ephemeral' } })] }), target).losses).toEqual([
      'cache_ttl_changed:5m',
    ])
  })

  test('that is automatic marks the end of the last turn', () => {
    const cache_control = { type: 'ephemeral' }
    const auto = (messages: readonly unknown[]) =>
      toChat(talk(messages, { cache_control }), { profile: 'openrouter' }).value.messages.at(-1)
    expect(auto([user('a', 'b')])).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache_control },
      ],
    })
    expect(
      auto([user('a'), assistant(call('t1'), call('t2')), user(result('t1', 'x'), result('t2', 'y'))]),
    ).toMatchObject({
      role: 'tool',
      tool_call_id: 't2',
      content: [{ text: 'y', cache_control }],
    })
    const prefilled = toChat(talk([user('a'), assistant('b')], mark), { profile: 'openrouter' })
    expect(JSON.stringify(prefilled.value)).not.toContain('cache_control')
    expect(prefilled.losses).toContain('cache_control_dropped')
    expect(
      JSON.stringify(toChat(talk([user('a')], { cache_control: null }), { profile: 'openrouter' }).value),
    ).not.toContain('cache_control')
  })

  test('of a result covers its last part, which may have a mark of its own', () => {
    const own = { type: 'ephemeral', ttl: '5m' }
    const turns = [
      user('a'),
      assistant(call('t1')),
      user(result('t1', [text('x'), text('y', { cache_control: own })], mark)),
    ]
    expect(toChat(talk(turns), { profile: 'openrouter' }).value.messages.at(-1)).toEqual({
      role: 'tool',
      tool_call_id: 't1',
      content: [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'y', cache_control: own },
      ],
    })
    const empty = toChat(talk([user('a'), assistant(call('t1')), user(result('t1', '', mark))]), {
      profile: 'openrouter',
    })
    expect(empty.value.messages.at(-1)).toEqual({ role: 'tool', tool_call_id: 't1', content: '' })
  })
})
