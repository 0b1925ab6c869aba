import { describe, expect, test } from 'vitest'
import {
  ask,
  assistant,
  call,
  named,
  notToChat,
  png,
  result,
  system,
  talk,
  toChat,
  tool,
  user,
} from '../../testing/requests.ts'
import { lossCodes } from '../losses.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'

type Target = Parameters<typeof toChat>[1]
const sentFor = (more: object, target: Target = {}): object => toChat(ask({ ...more }), target).value
const lossesOf = (more: object, target: Target = {}): readonly string[] => toChat(ask({ ...more }), target).losses
const older: Target = { profile: 'openai', options: { model: 'gpt-4.1' } }

describe('limits and sampling', () => {
  test('the shortest request', () => {
    expect(toChat(ask())).toMatchObject({
      json: '{"model":"up-1","messages":[{"role":"user","content":"hi"}],"max_tokens":100}',
      losses: [],
      context: {
        version: 1,
        model: 'claude-test-1',
        seed: 'seed',
        tools: [],
        forcedTool: null,
        inputTokensEstimate: 0,
      },
    })
  })

  test("max_tokens goes into the target's field, clamped to what the model can", () => {
    expect(sentFor({}, older)).toMatchObject({ max_completion_tokens: 100 })
    expect(sentFor({ max_tokens: 9000 }, { set: { maxOutputTokens: 8000 } })).toMatchObject({ max_tokens: 8000 })
    expect(lossesOf({ max_tokens: 9000 }, { set: { maxOutputTokens: 8000 } })).toEqual(['max_tokens_clamped:9000'])
    expect(lossesOf({ max_tokens: 8000 }, { set: { maxOutputTokens: 8000 } })).toEqual([])
  })

  test('max_tokens 0, which warms a cache, is refused', () => {
    expect(notToChat(ask({ max_tokens: 0 }))).toMatchObject({
      code: 'cache_warming_not_supported',
      path: '/max_tokens',
    })
  })

  test('temperature and top_p are the same; top_k where the target has it', () => {
    const sampling = { temperature: 0.3, top_p: 0.9, top_k: 40 }
    expect(sentFor(sampling)).toMatchObject({ temperature: 0.3, top_p: 0.9 })
    expect(sentFor(sampling)).not.toHaveProperty('top_k')
    expect(lossesOf(sampling)).toEqual(['sampling_dropped:top_k'])
    expect(sentFor(sampling, { profile: 'vllm' })).toMatchObject(sampling)
    expect(lossesOf({ temperature: null, top_p: null })).toEqual([])
  })

  test('stop sequences pass as many as the target takes; the others are looked for in the answer (case 21)', () => {
    const stop_sequences = ['a', 'b', 'c', 'd', 'e']
    expect(toChat(ask({ stop_sequences: ['a', ' '] }))).toMatchObject({
      value: { stop: ['a', ' '] },
      context: { emulateStop: false },
      losses: [],
    })
    expect(toChat(ask({ stop_sequences }))).toMatchObject({
      value: { stop: ['a', 'b', 'c', 'd'] },
      context: { emulateStop: true, stopSequences: stop_sequences },
      losses: ['stop_emulated'],
    })
    const none = toChat(ask({ stop_sequences: ['a'] }), { set: { stopMax: 0 } })
    expect(none.value).not.toHaveProperty('stop')
    expect(none.losses).toEqual(['stop_emulated'])
    expect(toChat(ask({ stop_sequences: [] }), { set: { stopMax: 0 } }).losses).toEqual([])
  })

  test('streams ask for usage, where that is understood', () => {
    expect(sentFor({ stream: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(sentFor({ stream: true }, { profile: 'mistral' })).not.toHaveProperty('stream_options')
    expect(sentFor({ stream: false })).not.toHaveProperty('stream')
  })

  test('the service tier is translated where there are tiers, and never the same product', () => {
    expect(sentFor({ service_tier: 'auto' }, older)).toMatchObject({ service_tier: 'auto' })
    expect(lossesOf({ service_tier: 'auto' }, older)).toEqual([])
    expect(sentFor({ service_tier: 'standard_only' }, older)).toMatchObject({ service_tier: 'default' })
    expect(lossesOf({ service_tier: 'standard_only' }, older)).toEqual(['service_tier_changed:standard_only'])
    expect(sentFor({ service_tier: 'auto' })).not.toHaveProperty('service_tier')
    expect(lossesOf({ service_tier: 'auto' })).toEqual(['service_tier_changed:auto'])
  })

  test('defaults of the profile and extras of the caller come last', () => {
    expect(sentFor({}, { profile: 'glm', options: { extra: { provider: { order: ['x'] } } } })).toMatchObject({
      tool_stream: true,
      provider: { order: ['x'] },
    })
  })
})

describe('members that only Anthropic has', () => {
  test.each([
    ['speed', 'fast', 'speed_dropped'],
    ['context_management', { edits: [] }, 'context_management_dropped'],
    ['compaction', { type: 'auto' }, 'context_management_dropped:compaction'],
    ['inference_geo', 'eu', 'inference_geo_dropped'],
    ['fallbacks', [], 'feature_dropped:fallbacks'],
    ['fallback_credit_token', 'x', 'feature_dropped:fallback_credit_token'],
    ['billing_policy', {}, 'feature_dropped:billing_policy'],
    ['diagnostics', {}, 'feature_dropped:diagnostics'],
    ['user_profile_id', 'x', 'feature_dropped:user_profile_id'],
    ['workspace_id', 'x', 'feature_dropped:workspace_id'],
    ['betas', ['x'], 'feature_dropped:betas'],
    ['brand_new', 1, 'unknown_field:brand_new'],
    ['constructor', 1, 'unknown_field:constructor'],
  ])('%s is left out and reported', (name, value, loss) => {
    const { value: converted, all, losses } = toChat(ask({ [name]: value }))
    expect(Object.hasOwn(converted, name)).toBe(false)
    expect(losses).toEqual([loss])
    expect(all[0]?.path).toBe(`/${name}`)
  })

  test('those that say nothing are no loss', () => {
    const silent = {
      speed: 'standard',
      context_management: null,
      inference_geo: null,
      container: null,
      thread: { type: 'new' },
    }
    expect(lossesOf({ ...silent, mcp_servers: [], output_config: {} })).toEqual([])
  })

  test('a task budget is left out', () => {
    expect(toChat(ask({ output_config: { task_budget: { type: 'tokens', total: 1 } } })).all).toEqual([
      { code: 'task_budget_dropped', path: '/output_config/task_budget', count: 1 },
    ])
    expect(lossesOf({ output_config: { task_budget: null } })).toEqual([])
  })

  test('a continued thread is refused: its history is not in the request', () => {
    expect(notToChat(ask({ thread: { type: 'continue', id: 'x' } }))).toMatchObject({
      code: 'thread_not_supported',
      path: '/thread',
    })
  })

  test('containers and MCP servers are refused, or left out on demand', () => {
    const server = { type: 'url', name: 'files', url: 'https://x.example' }
    expect(notToChat(ask({ container: 'c' }))).toMatchObject({ code: 'container_not_supported', path: '/container' })
    expect(notToChat(ask({ mcp_servers: [server] }))).toMatchObject({
      code: 'mcp_not_supported',
      path: '/mcp_servers/0',
    })
    expect(lossesOf({ mcp_servers: [{ ...server, tool_configuration: { enabled: false } }] })).toEqual([])
    expect(lossesOf({ mcp_servers: [server], container: 'c' }, { options: { serverTools: 'drop' } })).toEqual([
      'server_tool_dropped:container',
      'server_tool_dropped:mcp_servers',
    ])
    expect(notToChat(ask({ container: 'c' }), { options: { serverTools: 'reject' } }).code).toBe(
      'container_not_supported',
    )
  })

  test('where to compute may be a matter of law, and refused', () => {
    const target = { options: { refuseInferenceGeo: true } }
    expect(notToChat(ask({ inference_geo: 'eu' }), target)).toMatchObject({
      code: 'inference_geo_not_supported',
      path: '/inference_geo',
    })
    expect(lossesOf({ inference_geo: null }, target)).toEqual([])
  })
})

describe('the output format', () => {
  const schema = {
    type: 'object',
    title: 'A ship!',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  }
  const formatted = (given: object, target: Target = {}, more: object = {}) =>
    toChat(ask({ output_config: { format: { type: 'json_schema', schema: given } }, ...more }), target)

  test('with a schema that complies is enforced', () => {
    const { value, losses } = formatted(schema)
    expect(value.response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'A_ship_', strict: true } })
    expect(losses).toEqual([])
  })

  test('with another one is asked for', () => {
    const { value, losses } = formatted({ type: 'object' })
    expect(value.response_format).toMatchObject({ json_schema: { name: 'output' } })
    expect(value.response_format).not.toHaveProperty('json_schema.strict')
    expect(losses).toEqual(['output_format_weakened'])
  })

  test('on a target that knows JSON only, and one that knows nothing: the model is told', () => {
    const told = `Answer with JSON that matches this schema, and nothing else:\n${JSON.stringify(schema)}`
    const json = formatted(schema, { profile: 'deepseek' })
    expect(json.value.response_format).toEqual({ type: 'json_object' })
    expect(json.value.messages[0]).toEqual({ role: 'system', content: told })
    expect(json.losses).toEqual(['output_format_weakened'])
    const none = formatted(schema, { set: { jsonOutput: 'none' } }, { system: 'be good' })
    expect(none.value).not.toHaveProperty('response_format')
    expect(none.value.messages[0]).toEqual({ role: 'system', content: `be good\n\n${told}` })
    expect(none.losses).toEqual(['output_format_weakened', 'block_boundaries_joined'])
  })

  test('together with tools, where the target does not combine them: the model is told', () => {
    const { value, losses } = formatted(schema, { profile: 'groq' }, { tools: [tool()] })
    expect(value).not.toHaveProperty('response_format')
    expect(losses).toEqual(['output_format_weakened'])
    expect(formatted(schema, { profile: 'groq' }).value).toHaveProperty('response_format')
  })

  test('may have its old name; both names must ask for one thing', () => {
    const format = { type: 'json_schema', schema }
    expect(toChat(ask({ output_format: format })).value.response_format).toMatchObject({ type: 'json_schema' })
    expect(toChat(ask({ output_format: format, output_config: { format } })).losses).toEqual([])
    expect(
      notToChat(ask({ output_format: { ...format, schema: { type: 'object' } }, output_config: { format } })),
    ).toMatchObject({
      code: 'conflicting_output_format',
      path: '/output_format',
    })
    expect(
      notToChat(ask({ output_format: format, output_config: { format } }), {
        options: { strict: true },
        set: { jsonOutput: 'none' },
      }),
    ).toMatchObject({
      code: 'loss_refused',
      path: '/output_config/format/schema',
    })
    const old = toChat(ask({ output_format: { ...format, schema: { type: 'object' } } }), {
      set: { jsonOutput: 'none' },
    })
    expect(old.all[0]?.path).toBe('/output_format/schema')
  })

  test('is rewritten for a target that does not take all of it', () => {
    const { json, all } = formatted({ $schema: 'x', type: 'object' }, { set: { schemaFixes: ['drop-meta'] } })
    expect(json).toContain('"schema":{"type":"object"}')
    expect(all.map(({ code, path }) => [code, path])).toEqual([
      ['output_format_weakened', '/output_config/format/schema'],
      ['schema_adapted', '/output_config/format/schema'],
    ])
  })
})

describe('the arguments of past calls (case 48)', () => {
  test.each([
    '{"n":12345678901234567890}',
    '{"n":1e400}',
    '{"n":1.0}',
    '{"b":1,"a":2,"1":3}',
    '{"a":1,"a":2}',
    '{"s":"\\ud800"}',
    '{ "spaced" : [ 1 , 2 ] }',
    '{"__proto__":{"x":1}}',
    '{"u":"\\u00e9"}',
  ])('%s is sent as it came', (input) => {
    const request = `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Bash","input":${input}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"b"}]}]}`
    const sent = JSON.parse(toChat(request).json)
    expect(sent.messages[1].tool_calls[0].function.arguments).toBe(input)
  })

  test('that are empty are an empty object, never an empty text (case 22)', () => {
    const { value } = toChat(talk([user('a'), assistant(call('t1', 'Bash', {})), user(result('t1'))]))
    expect(value.messages[1]).toMatchObject({ content: '', tool_calls: [{ function: { arguments: '{}' } }] })
    expect(toChat(talk([user('a'), assistant(call('t1')), user(result('t1'))]), older).value.messages[1]).toMatchObject(
      { content: null },
    )
  })

  test('of a request that was parsed by somebody else are written in the order of their keys', () => {
    const request = talk([user('a'), assistant(call('t1', 'Bash', { b: 1, a: [true, null] })), user(result('t1'))])
    const converted = convertAnthropicRequestToChat(request, named('openai-compatible'), { model: 'm', seed: 's' })
    expect(converted.ok && converted.value.value.messages[1]).toMatchObject({
      tool_calls: [{ function: { arguments: '{"b":1,"a":[true,null]}' } }],
    })
  })
})

describe('refusals', () => {
  test('of what is no request at all name the place', () => {
    expect(notToChat({ model: 'm', messages: 'hi' })).toEqual({
      code: 'invalid_request',
      path: '/messages',
      message: 'messages: expected an array',
      status: 400,
      body: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'messages: expected an array' },
        request_id: null,
      },
      urls: [],
      losses: [],
    })
    expect(notToChat('[]').message).toBe('expected an object')
    expect(notToChat(talk([{ role: 'robot', content: 'x' }])).message).toBe(
      'messages.0.role: expected "user", "assistant" or "system"',
    )
    expect(notToChat(talk([user({ type: 'text', text: 7 })])).path).toBe('/messages/0/content/0/text')
  })

  test('the first reason decides, and losses are told with it', () => {
    const refusal = notToChat(ask({ top_k: 1, container: 'c', messages: [user(png())] }), { profile: 'deepseek' })
    expect(refusal.code).toBe('container_not_supported')
    expect(refusal.losses.map(({ code }) => code)).toEqual(['sampling_dropped'])
  })

  test('strict mode refuses any loss, or those that it names', () => {
    const request = ask({ top_k: 1, speed: 'fast' })
    expect(notToChat(request, { options: { strict: true } })).toMatchObject({
      code: 'loss_refused',
      path: '/speed',
      message: 'speed: refused in strict mode: speed_dropped',
    })
    expect(notToChat(request, { options: { strict: ['sampling_dropped'] } }).path).toBe('/top_k')
    expect(toChat(request, { options: { strict: ['media_moved'] } }).losses).toHaveLength(2)
    expect(toChat(request, { options: { strict: [] } }).losses).toHaveLength(2)
    expect(toChat(request, { options: { strict: false } }).losses).toHaveLength(2)
    expect(toChat(ask(), { options: { strict: lossCodes } }).losses).toEqual([])
  })
})

test('the context holds what the answer needs', () => {
  const turns = [
    user('a'),
    assistant(call('t1'), { type: 'server_tool_use', id: 's1', name: 'x', input: {} }),
    user(result('t1')),
    system('b'),
  ]
  const { context } = toChat(
    talk(turns, {
      thinking: { type: 'adaptive', display: 'omitted' },
      stop_sequences: ['X'],
      tools: [tool(), tool('Read')],
    }),
    { profile: 'openai', options: { model: 'o3', inputTokensEstimate: 7, carrier: 'off' } },
  )
  expect(context).toMatchObject({
    model: 'claude-test-1',
    tools: ['Bash', 'Read'],
    usedToolIds: ['t1', 's1'],
    stopSequences: ['X'],
    emulateStop: true,
    showThinking: false,
    carrier: 'off',
    inputTokensEstimate: 7,
  })
  expect(context.profile).toMatchObject({ id: 'openai', models: [], parallelToolCalls: 'rejected' })
  expect(JSON.parse(JSON.stringify(context))).toEqual(context)
  expect(toChat(ask({ thinking: { type: 'adaptive' } })).context).toMatchObject({ showThinking: true, carrier: 'full' })
})
