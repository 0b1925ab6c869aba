import { RawJson, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import {
  assistant,
  call,
  named,
  notToChat,
  png,
  result,
  system,
  talk,
  text,
  toChat,
  user,
} from '../../testing/requests.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'

/** The roles of the messages, and of tool messages the call they answer: the order at a glance. */
function order(messages: readonly unknown[], more: Parameters<typeof toChat>[1] = {}): readonly string[] {
  return toChat(talk(messages), more).value.messages.map((message) => {
    if (message.role === 'tool') return `tool ${message.tool_call_id}`
    const calls = message.role === 'assistant' ? (message.tool_calls ?? []).map(({ id }) => id) : []
    return [message.role, ...calls].join(' ')
  })
}

describe('results of calls (case 29)', () => {
  test('stand directly behind the call, before what the user says with them', () => {
    const turns = [
      user('go'),
      assistant(call('t1'), call('t2')),
      user(result('t1', 'a'), result('t2', 'b'), text('and?')),
    ]
    expect(order(turns)).toEqual(['user', 'assistant t1 t2', 'tool t1', 'tool t2', 'user'])
    expect(toChat(talk(turns)).losses).toEqual([])
  })

  test('are moved before text that was written before them', () => {
    const turns = [user('go'), assistant(call('t1')), user(text('look:'), result('t1', 'a'))]
    expect(order(turns)).toEqual(['user', 'assistant t1', 'tool t1', 'user'])
    expect(toChat(talk(turns)).all).toEqual([{ code: 'tool_result_moved', path: '/messages/2/content/1', count: 1 }])
  })

  test('of parallel calls may come in two user turns', () => {
    const turns = [user('go'), assistant(call('t1'), call('t2')), user(result('t1', 'a')), user(result('t2', 'b'))]
    expect(order(turns)).toEqual(['user', 'assistant t1 t2', 'tool t1', 'tool t2'])
    expect(toChat(talk(turns)).losses).toEqual([])
  })

  test('keep the order in which they came, not that of the calls', () => {
    const turns = [user('go'), assistant(call('t1'), call('t2')), user(result('t2', 'b'), result('t1', 'a'))]
    expect(order(turns)).toEqual(['user', 'assistant t1 t2', 'tool t2', 'tool t1'])
  })

  test('are moved up to their call when something was said in between', () => {
    const turns = [user('go'), assistant(call('t1')), user('wait'), user(result('t1', 'a'))]
    expect(order(turns)).toEqual(['user', 'assistant t1', 'tool t1', 'user'])
    expect(toChat(talk(turns)).losses).toEqual(['tool_result_moved'])
  })

  test('of a call that was never answered say so', () => {
    const { value, losses } = toChat(talk([user('go'), assistant(call('t1')), user('stop')]))
    expect(value.messages[2]).toEqual({
      role: 'tool',
      tool_call_id: 't1',
      content: '[no result: the call was interrupted]',
    })
    expect(losses).toEqual(['tool_result_missing'])
  })

  test('of calls that share an id answer them in their order, and every call has an id of its own', () => {
    const shared = [user('go'), assistant(call('t1', 'A'), call('t1', 'B')), user(result('t1', 'a'), result('t1', 'b'))]
    const { value, losses } = toChat(talk([...shared, assistant(call('t1', 'C')), user(result('t1', 'c'))]))
    const answers = value.messages.flatMap((message) => (message.role === 'tool' ? [message] : []))
    const calls = value.messages.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
    expect(answers.map(({ content }) => content)).toEqual(['a', 'b', 'c'])
    expect(answers.map(({ tool_call_id }) => tool_call_id)).toEqual(calls.map(({ id }) => id))
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3)
    expect(losses).toEqual([])
  })

  test('that answer one call twice: the last one counts', () => {
    const { value, all } = toChat(
      talk([user('go'), assistant(call('t1')), user(result('t1', 'old'), result('t1', 'new'))]),
    )
    expect(value.messages.filter(({ role }) => role === 'tool')).toEqual([
      { role: 'tool', tool_call_id: 't1', content: 'new' },
    ])
    expect(all).toEqual([{ code: 'tool_result_duplicate', path: '/messages/2/content/1', count: 1 }])
  })

  test('that answer nothing are refused, as Anthropic refuses them', () => {
    const refusal = notToChat(talk([user(text('hm'), result('t9', 'a'))]))
    expect(refusal).toMatchObject({ code: 'tool_result_without_call', path: '/messages/0/content/1', status: 400 })
    expect(refusal.body).toEqual({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'messages.0.content.1: the result of t9 answers no call; leave it out',
      },
      request_id: null,
    })
  })

  test('that answer nothing become text for who is lenient', () => {
    const { value, losses } = toChat(talk([user(result('t9', 'a'), result('t8'))]), { options: { lenient: true } })
    expect(value.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: '[result of the unknown call t9]' },
          { type: 'text', text: 'a' },
          { type: 'text', text: '[result of the unknown call t8]' },
        ],
      },
    ])
    expect(losses).toEqual(['tool_result_orphaned'])
  })

  test('that never came stand behind those that did, each where its call can find it', () => {
    const turns = [user('go'), assistant(call('t1'), call('t2'), call('t3')), user(result('t3'), result('t2'))]
    expect(order(turns)).toEqual(['user', 'assistant t1 t2 t3', 'tool t3', 'tool t2', 'tool t1'])
    expect(order([user('go'), assistant(call('t1'), call('t2')), user('never mind')])).toEqual([
      'user',
      'assistant t1 t2',
      'tool t1',
      'tool t2',
      'user',
    ])
  })

  test('stay contiguous when calls and text come in two assistant turns', () => {
    const turns = [user('go'), assistant(call('t1')), assistant('more', call('t2')), user(result('t1'), result('t2'))]
    expect(order(turns)).toEqual(['user', 'assistant t1 t2', 'tool t1', 'tool t2'])
  })
})

describe('turns', () => {
  test('of one role are kept apart where the target takes that, and joined where it does not', () => {
    const turns = [user('one'), user('two')]
    expect(toChat(talk(turns)).value.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'user', content: 'two' },
    ])
    expect(toChat(talk(turns), { set: { alternateRoles: true } }).value.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
    ])
    expect(toChat(talk(turns), { set: { alternateRoles: true, contentArrays: [] } }).value.messages).toEqual([
      { role: 'user', content: 'one\n\ntwo' },
    ])
  })

  test('of media and text are joined part by part', () => {
    const { value } = toChat(talk([user(png()), user('two')]), { set: { alternateRoles: true } })
    expect(value.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'text', text: 'two' },
        ],
      },
    ])
  })

  test('without content: of the user refused, of the assistant left out', () => {
    expect(notToChat(talk([user()]))).toMatchObject({ code: 'empty_turn', path: '/messages/0/content' })
    expect(notToChat(talk([user('')]))).toMatchObject({ code: 'empty_turn', path: '/messages/0/content' })
    expect(notToChat(talk([]))).toMatchObject({ code: 'empty_turn', path: '/messages' })
    const { value, losses } = toChat(talk([user('a'), assistant(), user('b')]))
    expect(value.messages.map(({ role }) => role)).toEqual(['user', 'user'])
    expect(losses).toEqual(['empty_turn_dropped'])
  })

  test('an assistant turn whose only thing is reasoning that stays behind is left out', () => {
    const thought = { type: 'thinking', thinking: 'hm', signature: 'abc' }
    const { value, losses } = toChat(talk([user('a'), assistant(thought), user('b')]))
    expect(value.messages.map(({ role }) => role)).toEqual(['user', 'user'])
    expect(losses).toEqual(['thinking_dropped', 'empty_turn_dropped'])
  })

  test('empty texts are left out', () => {
    const { value, losses } = toChat(talk([user(text(''), text('a'))]))
    expect(value.messages).toEqual([{ role: 'user', content: 'a' }])
    expect(losses).toEqual(['empty_text_dropped'])
  })
})

describe('instructions in mid-conversation (case 30)', () => {
  const turns = [user('a'), system('be brief'), assistant('ok'), user('b')]

  test('stay where they are', () => {
    const { value, losses } = toChat(talk(turns), { set: { systemPlacement: 'anywhere' } })
    expect(value.messages[1]).toEqual({ role: 'system', content: 'be brief' })
    expect(losses).toEqual([])
  })

  test('become reminders in the user turn before, where only the first message may be one', () => {
    const { value, losses } = toChat(talk(turns))
    expect(value.messages[0]).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: '<system-reminder>\nbe brief\n</system-reminder>' },
      ],
    })
    expect(value.messages).toHaveLength(3)
    expect(losses).toEqual(['system_turn_moved'])
  })

  test('between a call and its result, they come behind the result', () => {
    const between = [user('go'), assistant(call('t1')), system('quick'), user(result('t1', 'a'))]
    expect(order(between)).toEqual(['user', 'assistant t1', 'tool t1', 'user'])
    expect(
      toChat(talk(between), { set: { systemPlacement: 'anywhere' } }).value.messages.map(({ role }) => role),
    ).toEqual(['user', 'assistant', 'tool', 'system'])
  })

  test('their options are reported', () => {
    const turn = { role: 'system', content: 'be brief', clear_at: 'next_turn', output_config: { effort: 'low' } }
    const { losses } = toChat(talk([user('a'), turn]), { set: { systemPlacement: 'anywhere' } })
    expect(losses).toEqual(['system_turn_option_dropped:clear_at', 'system_turn_option_dropped:effort'])
  })

  test('without text they are no message', () => {
    const turn = system({ type: 'tool_removal', tool: { type: 'tool_reference', tool_name: 'Bash' } }, { type: 'new' })
    const { value, losses } = toChat(talk([user('a'), turn, { role: 'system' }]))
    expect(value.messages).toHaveLength(1)
    expect(losses).toEqual(['tool_changes_flattened:tool_removal', 'unknown_block:new'])
  })
})

describe('a compaction', () => {
  const compaction = { type: 'compaction', content: 'They built a ship.' }

  test('stands for everything before it', () => {
    const { value, losses } = toChat(talk([user('long ago'), assistant('before', compaction, 'after'), user('go on')]))
    expect(value.messages).toEqual([
      { role: 'user', content: '[summary of the earlier conversation]\nThey built a ship.' },
      { role: 'assistant', content: 'after' },
      { role: 'user', content: 'go on' },
    ])
    expect(losses).toEqual(['compaction_as_text'])
  })

  test('that only Anthropic can read is refused', () => {
    const closed = { type: 'compaction', content: null, encrypted_content: 'x' }
    expect(notToChat(talk([user('a'), assistant(closed), user('b')]))).toMatchObject({
      code: 'compaction_unreadable',
      path: '/messages/1/content/0',
    })
  })
})

describe('calls that the provider ran itself (case 45)', () => {
  const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'ships' } }
  const found = {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_1',
    content: [{ type: 'web_search_result', title: 'Ships', url: 'https://ships.example', encrypted_content: 'secret' }],
  }

  test('become ordinary calls with results, without what only the provider can read', () => {
    const { value, losses } = toChat(talk([user('a'), assistant(text('one'), search, found, text('two'))]))
    expect(value.messages).toEqual([
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: 'one',
        tool_calls: [
          { id: 'srvtoolu_1', type: 'function', function: { name: 'web_search', arguments: '{"query":"ships"}' } },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 'srvtoolu_1',
        content: '[{"type":"web_search_result","title":"Ships","url":"https://ships.example"}]',
      },
      { role: 'assistant', content: 'two' },
    ])
    expect(losses).toEqual(['server_tool_flattened:web_search', 'prefill_not_supported'])
  })

  test('have what was kept as text in their results stay the text it is', () => {
    const kept = {
      ...found,
      content: { n: new RawJson('1e400'), gone: undefined, deep: [{ encrypted_index: 'x', a: 1 }] },
    }
    const request = talk([user('a'), assistant(search, kept), user('b')])
    const converted = convertAnthropicRequestToChat(request, named('openai-compatible'), { model: 'm', seed: 's' })
    expect(converted.ok && stringifyJson(converted.value.value)).toContain(
      String.raw`"{\"n\":1e400,\"deep\":[{\"a\":1}]}"`,
    )
  })

  test('become ordinary calls, too, where the tool was made after this was written', () => {
    const made = { type: 'server_tool_use', id: 's1', name: 'weigh', input: {} }
    const weighed = { type: 'weigh_tool_result', tool_use_id: 's1', content: { grams: 7 } }
    const { value, losses } = toChat(talk([user('a'), assistant(made, weighed), user('b')]))
    expect(value.messages[2]).toEqual({ role: 'tool', tool_call_id: 's1', content: '{"grams":7}' })
    expect(losses).toEqual(['server_tool_flattened:weigh'])
    const { content, ...unlike } = { ...weighed, tool_use_id: 7 }
    expect(toChat(talk([user('a'), assistant(text('x'), unlike), user('b')])).losses).toEqual([
      'unknown_block:weigh_tool_result',
    ])
  })

  test('whose turn paused before the result are left out', () => {
    const { value, losses } = toChat(talk([user('a'), assistant(text('one'), search), user('b')]))
    expect(value.messages).toHaveLength(3)
    expect(value.messages[1]).toEqual({ role: 'assistant', content: 'one' })
    expect(losses).toEqual(['server_tool_unpaired:web_search'])
  })

  test('whose result has lost its call are left out', () => {
    const { value, losses } = toChat(talk([user('a'), assistant(text('one'), found), user('b')]))
    expect(value.messages).toHaveLength(3)
    expect(losses).toEqual(['server_tool_unpaired:web_search_tool_result'])
  })

  test('on an MCP server answer with their text', () => {
    const used = { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'echo', server_name: 'demo', input: {} }
    const answered = (content: unknown) => ({
      type: 'mcp_tool_result',
      tool_use_id: 'mcptoolu_1',
      is_error: false,
      content,
    })
    const contentOf = (content: unknown) =>
      toChat(talk([user('a'), assistant(used, answered(content)), user('b')])).value.messages[2]?.content
    expect(contentOf([{ type: 'text', text: 'hello' }])).toBe('hello')
    expect(contentOf('hello')).toBe('hello')
    expect(contentOf([{ type: 'image' }])).toBe('[{"type":"image"}]')
    expect(contentOf(undefined)).toBe('null')
  })

  test('two results in one turn do not split the answer twice', () => {
    const second = { ...search, id: 'srvtoolu_2' }
    const turns = [
      user('a'),
      assistant(search, second, found, { ...found, tool_use_id: 'srvtoolu_2' }, text('two')),
      user('b'),
    ]
    expect(order(turns)).toEqual([
      'user',
      'assistant srvtoolu_1 srvtoolu_2',
      'tool srvtoolu_1',
      'tool srvtoolu_2',
      'assistant',
      'user',
    ])
  })
})

test('calls that code made say so no more', () => {
  const made = call('t1', 'Bash', {}, { caller: { type: 'code_execution_20250825', tool_id: 'srvtoolu_1' } })
  const { losses } = toChat(talk([user('a'), assistant(made), user(result('t1', 'x'))]))
  expect(losses).toEqual(['tool_caller_dropped'])
  const direct = call('t1', 'Bash', {}, { caller: { type: 'direct' } })
  expect(toChat(talk([user('a'), assistant(direct), user(result('t1', 'x'))])).losses).toEqual([])
})

test('blocks that mean nothing to the model are left out, known or not', () => {
  const blocks = [
    { type: 'fallback' },
    { type: 'container_upload', file_id: 'f' },
    { type: 'mcp_tool_listing' },
    { type: 'hologram' },
  ]
  const { losses } = toChat(talk([user('a'), assistant(text('b'), ...blocks), user('c')]))
  expect(losses).toEqual([
    'block_dropped:fallback',
    'block_dropped:container_upload',
    'block_dropped:mcp_tool_listing',
    'unknown_block:hologram',
  ])
})
