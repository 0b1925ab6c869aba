import { describe, expect, test } from 'vitest'
import { ask, notToChat, system, talk, text, toChat, tool, toResponses, user } from '../../testing/requests.ts'

type Target = Parameters<typeof toChat>[1]
const declared = (tools: readonly unknown[], target: Target = {}, more: object = {}) =>
  toChat(ask({ tools, ...more }), target)
const bash = {
  type: 'function',
  function: {
    name: 'Bash',
    description: 'Runs Bash.',
    parameters: { type: 'object', properties: { command: { type: 'string' } } },
  },
}
function propertiesOf(one: unknown): object {
  return (one as { function: { parameters: { properties: object } } }).function.parameters.properties
}

describe('declarations', () => {
  test('become functions', () => {
    const { json, losses } = declared([tool()])
    expect(JSON.parse(json).tools).toEqual([bash])
    expect(losses).toEqual([])
  })

  test('keep the text of their schema', () => {
    const request =
      '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"a","input_schema":{"type":"object","properties":{"b":{"default":1.0,"maximum":12345678901234567890},"a":{}}}}]}'
    const { json } = toChat(request)
    expect(json).toContain(
      '"parameters":{"type":"object","properties":{"b":{"default":1.0,"maximum":12345678901234567890},"a":{}}}',
    )
  })

  test('without a description get none', () => {
    const { value } = declared([{ type: 'custom', name: 'a', input_schema: { type: 'object' } }])
    expect(value.tools?.[0]).not.toHaveProperty('function.description')
  })

  test('lose what only Anthropic knows, and none of it gets into the schema (case 38)', () => {
    const extras = {
      cache_control: { type: 'ephemeral' },
      defer_loading: true,
      eager_input_streaming: true,
      allowed_callers: ['direct', 'code_execution_20250825'],
      strict: true,
      input_examples: [{ command: 'ls' }, { command: 'pwd' }],
    }
    const { json, losses } = declared([tool('Bash', extras)])
    expect(JSON.parse(json).tools).toEqual([
      {
        ...bash,
        function: {
          ...bash.function,
          description: 'Runs Bash.\nExamples of input:\n{"command":"ls"}\n{"command":"pwd"}',
        },
      },
    ])
    expect(losses).toEqual([
      'tools_deferred_sent',
      'tool_option_dropped:allowed_callers',
      'tool_option_dropped:eager_input_streaming',
      'tool_examples_described',
      'tool_strict_dropped',
      'cache_control_dropped',
    ])
  })

  test('examples stand alone where there is no description', () => {
    const { value } = declared(
      [tool('Bash', { description: null, input_examples: [{}] })].map((one) => ({ ...one, description: undefined })),
    )
    expect(value.tools?.[0]).toMatchObject({ function: { description: 'Examples of input:\n{}' } })
    expect(declared([tool('Bash', { input_examples: [] })]).losses).toEqual([])
  })

  test('that only code may call are left out', () => {
    const { value, losses } = declared([tool('Bash', { allowed_callers: ['code_execution_20250825'] }), tool('Read')])
    expect(value.tools).toHaveLength(1)
    expect(losses).toEqual(['tool_not_callable:Bash'])
  })

  test('of one name are refused, as Anthropic refuses them', () => {
    expect(notToChat(ask({ tools: [tool(), tool('Read'), tool()] }))).toMatchObject({
      code: 'tool_name_duplicate',
      path: '/tools/2/name',
      message: 'tools.2.name: there are two tools named Bash; rename one',
    })
  })

  test('that have no name of their own are named after their type', () => {
    expect(JSON.stringify(declared([{ type: 'bash_20250124' }]).value.tools)).toContain('"name":"bash_20250124"')
  })

  test('that the client runs and Anthropic knows are written out', () => {
    const tools = [
      { type: 'bash_20250124', name: 'bash' },
      { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
      { type: 'memory_20250818', name: 'memory', cache_control: { type: 'ephemeral' } },
    ]
    const { value, losses } = declared(tools)
    expect(
      value.tools?.map((one) => [one.type === 'function' && one.function.name, Object.keys(propertiesOf(one))]),
    ).toEqual([
      ['bash', ['command', 'restart']],
      [
        'str_replace_based_edit_tool',
        ['command', 'path', 'file_text', 'old_str', 'new_str', 'insert_line', 'insert_text', 'view_range'],
      ],
      [
        'memory',
        [
          'command',
          'path',
          'view_range',
          'file_text',
          'old_str',
          'new_str',
          'insert_line',
          'insert_text',
          'old_path',
          'new_path',
        ],
      ],
    ])
    expect(losses).toEqual([
      'provider_tool_declared:bash_20250124',
      'provider_tool_declared:text_editor_20250728',
      'provider_tool_declared:memory_20250818',
      'cache_control_dropped',
    ])
    expect(value.tools?.[0]).toMatchObject({
      function: { description: 'Runs a command in a persistent bash session.' },
    })
  })

  test('of toolsets are refused', () => {
    for (const type of ['computer_20250124', 'browser_toolset_20260301', 'computer_toolset_20260301']) {
      expect(notToChat(ask({ tools: [{ type, name: 'x' }] }))).toMatchObject({
        code: 'toolset_not_supported',
        path: '/tools/0',
      })
    }
  })

  test('of a search among deferred tools are pointless', () => {
    const search = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' }
    const { value, losses } = declared([search, tool('Bash', { defer_loading: true })])
    expect(value.tools).toHaveLength(1)
    expect(losses).toEqual(['server_tool_dropped:tool_search_tool_regex_20251119', 'tools_deferred_sent'])
  })

  test('that turns in mid-conversation add or remove are all there from the start', () => {
    const changes = system(
      { type: 'tool_addition', tool: { type: 'tool_reference', tool_name: 'Read' } },
      { type: 'tool_addition', tool: { type: 'tool_definition', definition: tool('Write') } },
      { type: 'tool_addition', tool: { definition: { type: 'bash_20250124', name: 'bash' } } },
      { type: 'tool_addition', tool: { definition: { name: 'half' } } },
      { type: 'tool_addition', tool: { definition: { name: 'half', input_schema: null } } },
      { type: 'tool_addition', tool: { definition: { type: 'custom' } } },
      { type: 'tool_addition', tool: { definition: 'x' } },
      { type: 'tool_addition', tool: { definition: null } },
      { type: 'tool_removal', tool: { type: 'tool_reference', tool_name: 'Bash' } },
      text('ok'),
    )
    const { value, losses } = toChat(
      talk([user('a'), changes, system('x'), { role: 'system' }], { tools: [tool(), tool('Read')] }),
    )
    expect(value.tools?.map((one) => one.type === 'function' && one.function.name)).toEqual([
      'Bash',
      'Read',
      'Write',
      'bash',
    ])
    expect(losses).toEqual([
      'tool_changes_flattened:tool_addition',
      'tool_changes_flattened:tool_removal',
      'provider_tool_declared:bash_20250124',
      'system_turn_moved',
    ])
  })
})

describe('strict tools (case 39)', () => {
  const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  const strictIn = (input_schema: object, set = { strictTools: true }) =>
    declared([tool('Bash', { strict: true, input_schema })], { set })

  test('stay strict where target and schema allow it', () => {
    expect(strictIn(closed).value.tools?.[0]).toMatchObject({ function: { strict: true } })
    expect(strictIn(closed).losses).toEqual([])
  })

  test('are not enforced elsewhere', () => {
    expect(strictIn(closed, { strictTools: false }).losses).toEqual(['tool_strict_dropped'])
    expect(strictIn({ ...closed, required: [] }).value.tools?.[0]).not.toHaveProperty('function.strict')
    expect(strictIn({ ...closed, required: [] }).losses).toEqual(['tool_strict_dropped'])
  })

  test('Responses is told of each whether it is strict: there, silence means yes', () => {
    const { value } = toResponses(ask({ tools: [tool('Bash', { strict: true, input_schema: closed }), tool('Read')] }))
    expect(value.tools).toMatchObject([
      { type: 'function', name: 'Bash', strict: true },
      { type: 'function', name: 'Read', strict: false },
    ])
  })
})

describe('tools that the provider runs (case 45)', () => {
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 5 }

  test('are refused by name', () => {
    expect(notToChat(ask({ tools: [tool(), search] }))).toMatchObject({
      code: 'server_tool_not_supported',
      path: '/tools/1',
      message:
        'tools.1: the tool web_search (web_search_20250305) runs at Anthropic only and cannot be sent to this model; leave it out',
    })
    expect(notToChat(ask({ tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] })).message).toContain(
      'the tool mcp_toolset (',
    )
  })

  test('are told by their type, never by their name', () => {
    const { value, losses } = declared([tool('web_search')])
    expect(value.tools).toHaveLength(1)
    expect(losses).toEqual([])
  })

  test('may be left out', () => {
    const { value, losses } = declared([search], { options: { serverTools: 'drop' } })
    expect(value).not.toHaveProperty('tools')
    expect(losses).toEqual(['server_tool_dropped:web_search_20250305'])
  })

  test('may become functions where their input is documented', () => {
    const known = ['web_search_20250305', 'web_fetch_20250910', 'code_execution_20250825']
    const target: Target = { options: { serverTools: 'function' } }
    const { value, losses } = declared(
      known.map((type) => ({ type, name: type.slice(0, -9) })),
      target,
    )
    expect(
      value.tools?.map((one) => [one.type === 'function' && one.function.name, Object.keys(propertiesOf(one))]),
    ).toEqual([
      ['web_search', ['query']],
      ['web_fetch', ['url']],
      ['code_execution', ['code']],
    ])
    expect(losses).toEqual(known.map((type) => `server_tool_declared:${type}`))
    expect(notToChat(ask({ tools: [{ type: 'advisor_20260301', name: 'advisor' }] }), target).code).toBe(
      'server_tool_not_supported',
    )
    expect(notToChat(ask({ tools: [{ type: 'brand_new_20300101', name: 'x' }] }), target).code).toBe(
      'server_tool_not_supported',
    )
  })

  test('may become the own ones of the target', () => {
    const target: Target = { profile: 'openrouter', options: { serverTools: 'native' } }
    const { value, losses } = declared([search, tool()], target)
    expect(value).toMatchObject({ plugins: [{ id: 'web' }] })
    expect(value.tools).toHaveLength(1)
    expect(losses).toEqual(['server_tool_native:web_search_20250305'])
    expect(declared([search], target).value).toMatchObject({ plugins: [{ id: 'web' }] })
    expect(notToChat(ask({ tools: [search] }), { options: { serverTools: 'native' } }).code).toBe(
      'server_tool_not_supported',
    )
    expect(notToChat(ask({ tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }), target).code).toBe(
      'server_tool_not_supported',
    )
  })
})
