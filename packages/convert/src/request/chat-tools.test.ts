import { describe, expect, test } from 'vitest'
import { notToAnthropic, toAnthropic } from '../../testing/requests.ts'

const fn = (name: string, more: object = {}): object => ({ type: 'function', function: { name, ...more } })
const withTools = (tools: readonly unknown[], more: object = {}): object => ({
  model: 'gpt',
  messages: [{ role: 'user', content: 'x' }],
  tools,
  ...more,
})
const sent = (request: object, ...more: [Parameters<typeof toAnthropic>[1]?, string?]) => {
  const { json, losses, context } = toAnthropic(request, ...more)
  const { tools, tool_choice } = JSON.parse(json)
  return { tools, tool_choice, losses, custom: context.customTools, json }
}

describe('declarations', () => {
  test('pass with their schema word for word', () => {
    const parameters = '{"type":"object","properties":{"n":{"maximum":1e400}, "default":{"type":"string"}}}'
    const request = `{"model":"g","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"A","description":"d","parameters":${parameters},"strict":true}}]}`
    expect(toAnthropic(request).json).toContain(
      `"tools":[{"name":"A","description":"d","input_schema":${parameters},"strict":true}]`,
    )
  })

  test('without a type, a description or parameters are whole all the same', () => {
    expect(sent(withTools([{ function: { name: 'A' } }]))).toMatchObject({
      tools: [{ name: 'A', input_schema: { type: 'object', properties: {} } }],
      losses: [],
    })
    expect(sent(withTools([fn('A', { parameters: {} })])).tools).toEqual([
      { name: 'A', input_schema: { type: 'object', properties: {} } },
    ])
  })

  test('in the old form are the same', () => {
    const request = {
      model: 'g',
      messages: [{ role: 'user', content: 'x' }],
      functions: [{ name: 'A' }],
      function_call: { name: 'A' },
    }
    expect(sent(request)).toMatchObject({
      tools: [{ name: 'A', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'tool', name: 'A' },
    })
    expect(sent({ ...request, function_call: 'none' }).tool_choice).toEqual({ type: 'none' })
    expect(sent({ ...request, function_call: null }).tool_choice).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    })
    expect(toAnthropic(request).context).toMatchObject({ legacyFunctions: true })
    const both = { ...request, tools: [fn('B')], function_call: null }
    expect(sent(both).tool_choice).toBeUndefined()
    expect(toAnthropic(both).context).not.toHaveProperty('legacyFunctions')
    expect(toAnthropic({ ...request, functions: [], function_call: null }).context).not.toHaveProperty(
      'legacyFunctions',
    )
  })

  test('get the type that Anthropic demands at the root, their text kept', () => {
    const schema = '{ "properties":{"a":{"const":1.0}}}'
    const request = `{"model":"g","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"A","parameters":${schema}}}]}`
    const { json, all } = toAnthropic(request)
    expect(json).toContain('"input_schema":{"type":"object", "properties":{"a":{"const":1.0}}}')
    expect(all).toEqual([{ code: 'schema_adapted', path: '/tools/0/function/parameters', count: 1 }])
    expect(sent(withTools([fn('A', { parameters: { type: ['object', 'null'] } })]))).toMatchObject({
      tools: [{ input_schema: { type: 'object' } }],
      losses: ['schema_adapted'],
    })
  })

  test.each(['oneOf', 'anyOf', 'allOf'])('with %s at the root are refused', (keyword) => {
    const { code, path } = notToAnthropic(withTools([fn('A', { parameters: { type: 'object', [keyword]: [] } })]))
    expect([code, path]).toEqual(['tool_schema_not_supported', `/tools/0/function/parameters/${keyword}`])
  })

  test('whose schema is no object are refused', () => {
    const { code, path } = notToAnthropic(withTools([fn('A', { parameters: [] })]))
    expect([code, path]).toEqual(['invalid_request', '/tools/0/function/parameters'])
  })

  test('are strict only where the target can enforce it', () => {
    expect(sent(withTools([fn('A', { strict: true })]), {}, 'kimi')).toMatchObject({ losses: ['tool_strict_dropped'] })
    expect(sent(withTools([fn('A', { strict: true })]), {}, 'kimi').tools[0]).not.toHaveProperty('strict')
    expect(sent(withTools([fn('A', { strict: false })])).tools[0]).not.toHaveProperty('strict')
  })

  test('keep a cache mark that gateways know', () => {
    const tool = { ...fn('A'), cache_control: { type: 'ephemeral' } }
    expect(sent(withTools([tool])).tools[0]).toMatchObject({ cache_control: { type: 'ephemeral' } })
  })

  test('of free text become functions of one string', () => {
    const format = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } }
    const result = sent(
      withTools([
        { type: 'custom', custom: { name: 'Shell', description: 'Runs.', format } },
        { type: 'custom', custom: { name: 'Bare' } },
      ]),
    )
    const input_schema = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
    expect(result.tools).toEqual([
      { name: 'Shell', description: `Runs.\nThe input follows this format: ${JSON.stringify(format)}`, input_schema },
      { name: 'Bare', input_schema },
    ])
    expect(result.losses).toEqual(['custom_tool_as_function:Shell', 'custom_tool_as_function:Bare'])
    expect(result.custom).toEqual(['Shell', 'Bare'])
  })

  test('of tools that OpenAI runs are left out', () => {
    expect(sent(withTools([{ type: 'web_search' }, fn('A')]))).toMatchObject({
      losses: ['server_tool_dropped:web_search'],
    })
  })

  test('of one name twice are refused', () => {
    const { code, message } = notToAnthropic(withTools([fn('A'), fn('A')]))
    expect([code, message]).toEqual(['tool_name_duplicate', 'tools: there are two tools named A; rename one'])
  })

  test('of web search become the own one where asked for', () => {
    const request = withTools([], { web_search_options: {} })
    expect(sent(request)).toMatchObject({ tools: undefined, losses: ['server_tool_dropped:web_search_options'] })
    expect(sent(request, { serverTools: 'native' })).toMatchObject({
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      losses: ['server_tool_native'],
    })
    expect(sent(request, { serverTools: 'native' }, 'kimi').losses).toEqual(['server_tool_dropped:web_search_options'])
  })
})

describe('the choice (case 36)', () => {
  const choose = (tool_choice: unknown, ...more: [Parameters<typeof toAnthropic>[1]?, string?]) =>
    sent(withTools([fn('A'), fn('B'), { type: 'custom', custom: { name: 'C' } }], { tool_choice }), ...more)

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    ['any', { type: 'any' }],
    [
      { type: 'function', function: { name: 'B' } },
      { type: 'tool', name: 'B' },
    ],
    [
      { type: 'custom', custom: { name: 'C' } },
      { type: 'tool', name: 'C' },
    ],
    [null, undefined],
  ])('%j is %j', (wanted, choice) => {
    expect(choose(wanted).tool_choice).toEqual(choice)
    expect(choose(wanted).tools).toHaveLength(3)
  })

  test('among some tools declares only those', () => {
    const among = (mode: string) => ({
      type: 'allowed_tools',
      allowed_tools: { mode, tools: [fn('B'), { type: 'custom', custom: { name: 'C' } }, { type: 'x' }] },
    })
    const result = choose(among('required'))
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(['B', 'C'])
    expect(result.tool_choice).toEqual({ type: 'any' })
    expect(result.losses).toContain('tools_filtered')
    expect(choose(among('auto')).tool_choice).toEqual({ type: 'auto' })
  })

  test('among tools of which none is declared is refused, or means none', () => {
    const among = (mode: string) => ({ type: 'allowed_tools', allowed_tools: { mode, tools: [fn('Z')] } })
    expect(notToAnthropic(withTools([fn('A')], { tool_choice: among('required') }))).toMatchObject({
      code: 'tool_choice_unknown',
      path: '/tool_choice',
    })
    const free = sent(withTools([fn('A')], { tool_choice: among('auto'), parallel_tool_calls: false }))
    expect([free.tools, free.tool_choice]).toEqual([undefined, undefined])
  })

  test('of a tool that is not declared is refused', () => {
    const request = withTools([fn('A')], { tool_choice: { type: 'function', function: { name: 'Z' } } })
    expect(notToAnthropic(request)).toMatchObject({ code: 'tool_choice_unknown', path: '/tool_choice' })
  })

  test('is weaker for models that choose for themselves', () => {
    const options = { model: 'claude-fable-5' }
    for (const wanted of ['required', { type: 'function', function: { name: 'A' } }]) {
      expect(choose(wanted, options)).toMatchObject({ tool_choice: { type: 'auto' } })
      expect(choose(wanted, options).losses).toContain('tool_choice_weakened')
    }
  })

  test('without tools is left out, and reported if it asked for anything', () => {
    expect(sent(withTools([], { tool_choice: 'required' }))).toMatchObject({ losses: ['feature_dropped:tool_choice'] })
    for (const tool_choice of ['auto', 'none']) expect(sent(withTools([], { tool_choice })).losses).toEqual([])
    expect(sent(withTools([], { tool_choice: 'required' })).tool_choice).toBeUndefined()
  })

  test('of one call at a time goes with whatever is chosen', () => {
    const single = (tool_choice?: unknown, tools = [fn('A')]) =>
      sent(withTools(tools, { parallel_tool_calls: false, ...(tool_choice === undefined ? {} : { tool_choice }) }))
        .tool_choice
    expect(single()).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(single('required')).toEqual({ type: 'any', disable_parallel_tool_use: true })
    expect(single('none')).toEqual({ type: 'none' })
    expect(single(undefined, [])).toBeUndefined()
    expect(sent(withTools([fn('A')], { parallel_tool_calls: true })).tool_choice).toBeUndefined()
  })
})
