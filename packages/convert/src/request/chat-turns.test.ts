import { describe, expect, test } from 'vitest'
import { notToAnthropic, toAnthropic } from '../../testing/requests.ts'

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
/** Who speaks, and what kinds of blocks are said: the order at a glance. */
const order = (request: object, ...more: [Parameters<typeof toAnthropic>[1]?, string?]): readonly string[] =>
  turnsOf(request, ...more).map(({ role, content }: { role: string; content: readonly { type: string }[] }) =>
    [role, ...content.map(({ type }) => type)].join(' '),
  )

describe('instructions', () => {
  test('are text: what else stands in them is left out, and reported', () => {
    const image = { type: 'image_url', image_url: { url: 'https://host/a.png' } }
    const { value, losses } = toAnthropic(
      chat({ role: 'system', content: [{ type: 'text', text: 'be good' }, image] }, say('x')),
    )
    expect(value.system).toEqual([{ type: 'text', text: 'be good' }])
    expect(losses).toEqual(['block_dropped:instructions are text'])
  })

  test('at the start are the system prompt, one block each', () => {
    const { value, losses } = toAnthropic(
      chat(
        { role: 'system', content: 'one' },
        { role: 'developer', content: [{ type: 'text', text: 'two' }] },
        say('x'),
      ),
    )
    expect(value.system).toEqual([
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ])
    expect(value.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'x' }] }])
    expect(losses).toEqual([])
  })

  test('behind a user turn stay in their place (case 30)', () => {
    const { value, losses } = toAnthropic(chat(say('x'), { role: 'system', content: 'be brief' }))
    expect(value.messages[1]).toEqual({ role: 'system', content: [{ type: 'text', text: 'be brief' }] })
    expect(losses).toEqual([])
  })

  test('between two user messages become a reminder, in order', () => {
    const request = chat(say('x'), { role: 'system', content: 'be brief' }, say('y'))
    expect(turnsOf(request)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'text', text: '<system-reminder>\nbe brief\n</system-reminder>' },
          { type: 'text', text: 'y' },
        ],
      },
    ])
    expect(toAnthropic(request).all).toEqual([{ code: 'system_turn_moved', path: '/messages', count: 1 }])
  })

  test('between a call and its result wait for the result', () => {
    const request = chat(say('x'), calls('t1'), { role: 'system', content: 'be brief' }, answers('t1'))
    expect(order(request)).toEqual(['user text', 'assistant tool_use', 'user tool_result', 'system text'])
    expect(toAnthropic(request).losses).toEqual(['tool_result_moved'])
  })

  test('are reminders where the model knows no instructions in mid-conversation', () => {
    const request = chat(say('x'), { role: 'assistant', content: 'y' }, { role: 'system', content: 'be brief' })
    expect(order(request, { model: 'claude-sonnet-4-5' })).toEqual(['user text', 'assistant text', 'user text'])
    expect(toAnthropic(request, { model: 'claude-sonnet-4-5' }).all).toEqual([
      { code: 'system_turn_moved', path: '/messages/2', count: 1 },
    ])
  })

  test('of nothing are left out', () => {
    const request = chat(say('x'), { role: 'system', content: '' }, { role: 'assistant', content: 'y' }, say('z'))
    expect(order(request)).toEqual(['user text', 'assistant text', 'user text'])
    expect(toAnthropic(request).losses).toEqual([])
  })

  test('and nothing else: the last one is what there is to answer', () => {
    const { value, all } = toAnthropic(chat({ role: 'system', content: 'a' }, { role: 'developer', content: 'b' }))
    expect(value.system).toEqual([{ type: 'text', text: 'a' }])
    expect(value.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'b' }] }])
    expect(all).toEqual([{ code: 'role_changed', path: '/messages/1', count: 1 }])
  })

  test('hold text only', () => {
    const { code, path } = notToAnthropic(
      chat({ role: 'system', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] }, say('x')),
    )
    expect([code, path]).toEqual(['media_not_supported', '/messages/0/content/0'])
  })
})

describe('roles alternate', () => {
  test('what one role says in several messages is one turn', () => {
    const request = chat(
      say('a'),
      say('b'),
      { role: 'assistant', content: 'c' },
      { role: 'assistant', content: 'd' },
      say('e'),
    )
    expect(order(request)).toEqual(['user text text', 'assistant text text', 'user text'])
  })

  test('a conversation may start with the assistant, but not at the clouds', () => {
    const request = chat({ role: 'assistant', content: 'hello' }, say('x'))
    expect(order(request)).toEqual(['assistant text', 'user text'])
    const { value, all } = toAnthropic(request, {}, 'bedrock')
    expect(value.messages[0]).toEqual({ role: 'user', content: '[start of the conversation]' })
    expect(all).toEqual([{ code: 'role_changed', path: '/messages/0', count: 1 }])
    expect(order(chat(say('x')), {}, 'bedrock')).toEqual(['user text'])
  })

  test('an assistant message without anything is left out', () => {
    const { value, all } = toAnthropic(chat(say('a'), { role: 'assistant', content: '' }, say('b')))
    expect(value.messages).toHaveLength(1)
    expect(all).toEqual([{ code: 'empty_turn_dropped', path: '/messages/1', count: 1 }])
  })

  test('a user message without anything is refused', () => {
    const { code, message } = notToAnthropic(chat(say('a'), say(' \n')))
    expect(code).toBe('empty_turn')
    expect(message).toBe('messages[1].content: a message without content cannot be sent; leave it out')
  })

  test('a text of white space is left out, and reported', () => {
    const { value, all } = toAnthropic(
      chat(
        say([
          { type: 'text', text: '\n' },
          { type: 'text', text: 'x' },
        ]),
      ),
    )
    expect(value.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'x' }] }])
    expect(all).toEqual([{ code: 'empty_text_dropped', path: '/messages/0/content/0', count: 1 }])
  })

  test("a speaker's name is lost", () => {
    const { all } = toAnthropic(
      chat({ role: 'system', content: 's', name: 'boss' }, { role: 'user', content: 'x', name: 'eve' }),
    )
    expect(all).toEqual([{ code: 'name_dropped', path: '/messages/0/name', count: 2 }])
  })

  test('no messages are refused', () => {
    expect(notToAnthropic(chat()).code).toBe('empty_turn')
  })
})

describe('results (case 29)', () => {
  test('of parallel calls are one user turn, before what the user says', () => {
    const request = chat(say('x'), calls('t1', 't2'), answers('t2'), answers('t1'), say('y'))
    expect(order(request)).toEqual(['user text', 'assistant tool_use tool_use', 'user tool_result tool_result text'])
    expect(turnsOf(request)[2].content[0].tool_use_id).toBe('t2')
    expect(toAnthropic(request).losses).toEqual([])
  })

  test('are moved up to their call', () => {
    const request = chat(say('x'), calls('t1'), say('wait'), answers('t1'))
    expect(order(request)).toEqual(['user text', 'assistant tool_use', 'user tool_result text'])
    expect(toAnthropic(request).all).toEqual([{ code: 'tool_result_moved', path: '/messages/3', count: 1 }])
  })

  test('without content are whole results all the same', () => {
    const request = chat(
      say('x'),
      calls('t1', 't2', 't3'),
      answers('t1', ''),
      answers('t2', []),
      answers('t3', [{ type: 'text', text: 'r' }]),
    )
    expect(turnsOf(request)[2].content).toEqual([
      { type: 'tool_result', tool_use_id: 't1' },
      { type: 'tool_result', tool_use_id: 't2' },
      { type: 'tool_result', tool_use_id: 't3', content: [{ type: 'text', text: 'r' }] },
    ])
  })

  test('for one call: the last one counts', () => {
    const request = chat(say('x'), calls('t1'), answers('t1', 'old'), answers('t1', 'new'))
    expect(turnsOf(request)[2].content).toEqual([{ type: 'tool_result', tool_use_id: 't1', content: 'new' }])
    expect(toAnthropic(request).all).toEqual([{ code: 'tool_result_duplicate', path: '/messages/3', count: 1 }])
  })

  test('without a call are refused, or kept as text', () => {
    const request = chat(say('x'), answers('t9', 'lost'))
    const { code, path, message } = notToAnthropic(request)
    expect([code, path]).toEqual(['tool_result_without_call', '/messages/1'])
    expect(message).toBe('messages[1]: the result of t9 answers no call; leave it out')
    const { value, all } = toAnthropic(request, { lenient: true })
    expect(value.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'text', text: '[result of the unknown call t9]' },
          { type: 'text', text: 'lost' },
        ],
      },
    ])
    expect(all).toEqual([{ code: 'tool_result_orphaned', path: '/messages/1', count: 1 }])
    const legacy = chat(say('x'), { role: 'function', name: 'Old', content: 'lost' })
    expect(notToAnthropic(legacy).message).toContain('the result of Old')
  })

  test('of an upstream that counts its calls anew in each answer find their own call (case 34)', () => {
    const request = chat(say('x'), calls('call_0'), answers('call_0', 'a'), calls('call_0'), answers('call_0', 'b'))
    const turns = turnsOf(request)
    const [first, second] = [turns[1].content[0].id, turns[3].content[0].id]
    expect(first).toBe('call_0')
    expect(second).toMatch(/^lb_[\w-]{43}$/)
    expect(turns[2].content[0]).toMatchObject({ tool_use_id: first, content: 'a' })
    expect(turns[4].content[0]).toMatchObject({ tool_use_id: second, content: 'b' })
  })
})

describe('a cache mark on a message (LiteLLM, OpenRouter)', () => {
  const cache_control = { type: 'ephemeral', ttl: '1h' }
  const marks = (message: object): unknown =>
    turnsOf(chat(say('x'), calls('a'), message, say('z'))).map(({ content }: { content: readonly object[] }) =>
      content.map((block) => ('cache_control' in block ? block.cache_control : null)),
    )

  test('stands on its last block', () => {
    expect(marks({ ...answers('a'), cache_control })).toEqual([[null], [null], [cache_control, null]])
    expect(marks({ ...answers('a', ''), cache_control })).toEqual([[null], [null], [cache_control, null]])
    const { value, losses } = toAnthropic(
      chat(
        { role: 'system', content: 'be good', cache_control },
        {
          ...say([
            { type: 'text', text: 'x' },
            { type: 'text', text: 'y' },
          ]),
          cache_control,
        },
        { role: 'assistant', content: 'so', cache_control },
        say('z'),
      ),
    )
    expect(value.system).toEqual([{ type: 'text', text: 'be good', cache_control }])
    expect(value.messages[0]?.content).toEqual([
      { type: 'text', text: 'x' },
      { type: 'text', text: 'y', cache_control },
    ])
    expect(value.messages[1]?.content).toEqual([{ type: 'text', text: 'so', cache_control }])
    expect(losses).toEqual([])
  })

  test('is nothing where the block has one of its own, may have none, or is not there', () => {
    const own = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }
    const details = [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1', index: 0 }]
    const { value } = toAnthropic(
      chat(
        { ...say([own]), cache_control },
        { role: 'assistant', content: null, reasoning_details: details, cache_control },
        { role: 'assistant', content: '', cache_control },
        say('z'),
      ),
    )
    expect(value.messages[0]?.content).toEqual([own])
    expect(value.messages[1]?.content).toEqual([{ type: 'thinking', thinking: 'hm', signature: 's' }])
  })

  test('on the request is one on the request', () => {
    expect(toAnthropic({ ...chat(say('x')), cache_control })).toMatchObject({ value: { cache_control }, losses: [] })
  })
})
