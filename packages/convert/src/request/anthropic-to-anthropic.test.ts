import { stringifyJson } from '@lb/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  anthropicNamed,
  assistant,
  call,
  pdf,
  png,
  read,
  result,
  shortly,
  system,
  talk,
  text,
  tool,
  user,
} from '../../testing/requests.ts'
import { few } from '../../testing/runs.ts'
import { encodeCarrier } from '../carrier.ts'
import { type AnthropicProfile, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { type SanitizeOptions, sanitizeAnthropicRequest } from './anthropic-to-anthropic.ts'

type More = [Partial<SanitizeOptions>?, (string | AnthropicProfile)?]

const targetOf = (profile: string | AnthropicProfile): AnthropicProfile =>
  typeof profile === 'string' ? anthropicNamed(profile) : profile

function sanitized(request: object, ...[options = {}, profile = 'anthropic']: More) {
  const tree = read(request)
  const outcome = sanitizeAnthropicRequest(tree, targetOf(profile), { model: 'claude-opus-5', ...options })
  if (!outcome.ok) throw new Error(`refused: ${outcome.error.message}`)
  const { value, betas, losses } = outcome.value
  return {
    isSame: value === tree,
    value,
    body: JSON.parse(stringifyJson(value)),
    betas,
    losses: shortly(losses),
    all: losses,
  }
}

function refused(request: object, ...[options = {}, profile = 'anthropic']: More) {
  const outcome = sanitizeAnthropicRequest(read(request), targetOf(profile), {
    model: 'claude-opus-5',
    ...options,
  })
  if (outcome.ok) throw new Error('this was to be refused')
  return outcome.error
}

const thinking = (signature?: string): object => ({
  type: 'thinking',
  thinking: 'hm',
  ...(signature === undefined ? {} : { signature }),
})
const redacted = (data: string): object => ({ type: 'redacted_thinking', data })
const ours = encodeCarrier({ v: 1, p: 'deepseek', k: 'text' })
const said = (body: { messages: { content: { type: string }[] }[] }, index: number): readonly string[] =>
  body.messages[index]?.content.map(({ type }) => type) ?? []

test('a request with nothing to change is the very same value, so that its bytes can be sent', () => {
  const full = talk([user('x'), assistant(thinking('EqQB'), call('t1')), user(result('t1', 'r')), system('be brief')], {
    system: 's',
    thinking: { type: 'adaptive' },
    tools: [tool()],
    metadata: { user_id: 'a@b' },
    hologram: 1,
  })
  expect(sanitized(full)).toMatchObject({ isSame: true, losses: [], betas: [] })
  expect(sanitized(talk([user('x')]), { betas: ['a-2099'] })).toMatchObject({ isSame: true, betas: ['a-2099'] })
})

test('what is no request is refused', () => {
  expect(refused({ model: 'x' })).toMatchObject({ code: 'invalid_request' })
})

describe('reasoning (case 32)', () => {
  test('of other vendors never gets to an Anthropic endpoint', () => {
    for (const profile of Object.keys(namedAnthropicProfiles)) {
      const request = talk([user('x'), assistant(thinking(ours), redacted(ours), text('a')), user('y')])
      const { body, losses } = sanitized(request, {}, profile)
      expect(stringifyJson(body)).not.toContain('lb1.')
      expect(said(body, 1)).toEqual(['text'])
      expect(losses).toEqual(['thinking_dropped'])
    }
  })

  test('without a signature is dropped where signatures are checked', () => {
    const request = talk([user('x'), assistant(thinking(''), thinking(), thinking('Eq'), text('a')), user('y')])
    const { body, all } = sanitized(request)
    expect(said(body, 1)).toEqual(['thinking', 'text'])
    expect(all).toEqual([{ code: 'thinking_dropped', path: '/messages/1/content/0', count: 2 }])
    expect(sanitized(request, {}, 'kimi').isSame).toBe(true)
  })

  test('that is encrypted is dropped where nobody can read it', () => {
    const request = talk([user('x'), assistant(redacted('Em'), text('a')), user('y')])
    expect(sanitized(request).isSame).toBe(true)
    expect(sanitized(request, {}, 'deepseek').losses).toEqual(['thinking_dropped'])
  })

  test('stays all, of the open turn only, or not at all', () => {
    const turn = (id: string): readonly object[] => [assistant(thinking('Eq'), call(id)), user(result(id, 'r'))]
    const request = talk([user('x'), ...turn('t1'), ...turn('t2')])
    expect(sanitized(request, { keepThinking: 'genuine' }).isSame).toBe(true)
    const open = sanitized(request, { keepThinking: 'open-turn' })
    expect([said(open.body, 1), said(open.body, 3)]).toEqual([['tool_use'], ['thinking', 'tool_use']])
    const none = sanitized(request, { keepThinking: 'none' })
    expect([said(none.body, 1), said(none.body, 3)]).toEqual([['tool_use'], ['tool_use']])
    const closed = talk([user('x'), assistant(thinking('Eq'), text('a')), user('y')])
    expect(said(sanitized(closed, { keepThinking: 'open-turn' }).body, 1)).toEqual(['text'])
    const texts = talk([user('x'), assistant(thinking('Eq'), text('a')), user(text('y'))])
    expect(said(sanitized(texts, { keepThinking: 'open-turn' }).body, 1)).toEqual(['text'])
  })

  test('that was all of a turn leaves no empty turn behind', () => {
    const { body, losses } = sanitized(talk([user('x'), assistant(thinking(ours)), user('y')]))
    expect(body.messages).toHaveLength(2)
    expect(losses).toEqual(['thinking_dropped', 'empty_turn_dropped'])
  })

  test('is switched as the model has it', () => {
    const older = { model: 'claude-sonnet-4-5' }
    const asks = (members: object, options: Partial<SanitizeOptions> = {}) => {
      const { body, losses } = sanitized(talk([user('x')], { max_tokens: 50_000, ...members }), options)
      return [body.thinking, body.output_config?.effort, ...losses]
    }
    const enabled = (budget_tokens: number): object => ({ thinking: { type: 'enabled', budget_tokens } })
    const adaptive = { type: 'adaptive' }
    expect(asks(enabled(9000))).toEqual([adaptive, 'medium', 'thinking_budget_as_effort'])
    expect(asks(enabled(99_000))).toEqual([adaptive, 'xhigh', 'thinking_budget_as_effort'])
    const levelless = sanitized(talk([user('x')], enabled(9000)), {}, { ...anthropicNamed('anthropic'), effort: [] })
    expect([levelless.body.thinking, levelless.body.output_config]).toEqual([adaptive, undefined])
    expect(asks({ ...enabled(9000), output_config: { effort: 'low' } })).toEqual([
      adaptive,
      'low',
      'thinking_budget_as_effort',
    ])
    expect(asks({ thinking: { type: 'disabled' } }, older)).toEqual([{ type: 'disabled' }, undefined])
    expect(asks(enabled(9000), older)).toEqual([{ type: 'enabled', budget_tokens: 9000 }, undefined])
    expect(asks({ thinking: adaptive }, older)).toEqual([
      { type: 'enabled', budget_tokens: 8192 },
      undefined,
      'effort_changed:adaptive',
    ])
    expect(asks({ thinking: adaptive, output_config: { effort: 'max' } }, older)).toEqual([
      { type: 'enabled', budget_tokens: 45_904 },
      undefined,
      'effort_changed:adaptive',
      'effort_changed:max',
    ])
    const hidden = { type: 'adaptive', display: 'omitted' }
    expect(asks({ thinking: { ...hidden, type: 'enabled', budget_tokens: 9000 } })[0]).toEqual(hidden)
    expect(asks({ thinking: hidden }, older)[0]).toEqual({ ...hidden, type: 'enabled', budget_tokens: 8192 })
    // Where there is no room for both, the answer goes first.
    expect(asks({ thinking: adaptive, max_tokens: 1365 }, older)).toEqual([
      { type: 'disabled' },
      undefined,
      'thinking_disabled:max_tokens',
    ])
    expect(asks({ thinking: adaptive, max_tokens: 1366 }, older)[0]).toEqual({ type: 'enabled', budget_tokens: 1024 })
    expect(asks(enabled(2000), { model: 'claude-3-haiku' })).toEqual([undefined, undefined, 'thinking_not_controlled'])
  })

  test('with a budget is off when the open turn lost its own', () => {
    const loop = talk([user('x'), assistant(thinking(ours), call('t1')), user(result('t1', 'r'))], {
      thinking: { type: 'enabled', budget_tokens: 2000 },
    })
    const { body, losses } = sanitized(loop, { model: 'claude-sonnet-4-5' })
    expect(body.thinking).toEqual({ type: 'disabled' })
    expect(losses).toEqual(['thinking_dropped', 'thinking_disabled:unsigned tool calls'])
    expect(sanitized(loop, {}, 'kimi').body.thinking).toEqual({ type: 'enabled', budget_tokens: 2000 })
  })

  test('is as strong as the model knows', () => {
    const at = (effort: string | null, model: string, more: object = {}) => {
      const { body, losses } = sanitized(talk([user('x')], { output_config: { effort, ...more } }), { model })
      return [body.output_config, ...losses]
    }
    expect(at('xhigh', 'claude-opus-5')).toEqual([{ effort: 'xhigh' }])
    expect(at('xhigh', 'claude-opus-4-6')).toEqual([{ effort: 'high' }, 'effort_changed:xhigh'])
    expect(at('low', 'claude-haiku-4-5')).toEqual([undefined, 'effort_changed:low'])
    expect(at('low', 'claude-haiku-4-5', { task_budget: 1 })).toEqual([{ task_budget: 1 }, 'effort_changed:low'])
    expect(at(null, 'claude-haiku-4-5')).toEqual([{ effort: null }])
  })
})

describe('versions and vendors', () => {
  test('sampling is refused by the newest version and models (case 42)', () => {
    const sampled = (members: object, ...more: More) => sanitized(talk([user('x')], members), ...more).losses
    expect(sampled({ temperature: 0.5, top_p: 1, top_k: 1 })).toEqual([
      'sampling_dropped:temperature',
      'sampling_dropped:top_p',
      'sampling_dropped:top_k',
    ])
    expect(sampled({ temperature: 1 })).toEqual([])
    expect(sampled({ temperature: 0.5 }, { model: 'claude-sonnet-4-5' })).toEqual([])
    const one = { model: 'claude-sonnet-4-5' }
    expect(sampled({ temperature: 0.5, top_p: 0.9 }, one)).toEqual(['sampling_dropped:top_p'])
    expect(sampled({ temperature: null, top_p: 0.9 }, one)).toEqual([])
    expect(sampled({ temperature: 0.5, top_p: 0.9 }, { model: 'claude-sonnet-4-0' })).toEqual([])
    const newest = { ...anthropicNamed('anthropic'), apiVersion: '2026-10-21' } as const
    const options = { model: 'claude-sonnet-4-5' }
    const outcome = sanitizeAnthropicRequest(read(talk([user('x')], { temperature: 1 })), newest, options)
    expect(outcome.ok && shortly(outcome.value.losses)).toEqual(['sampling_dropped:temperature'])
  })

  test('citations in texts and documents in answers are refused by the newest version', () => {
    const newest = { ...anthropicNamed('anthropic'), apiVersion: '2026-10-21' } as const
    const request = talk([
      user(text('x', { citations: [] }), text('y', { citations: null })),
      assistant(pdf(), text('a', { citations: [] })),
      user('z'),
    ])
    expect(sanitized(request).isSame).toBe(true)
    const outcome = sanitizeAnthropicRequest(read(request), newest, { model: 'claude-opus-5' })
    if (!outcome.ok) throw new Error(outcome.error.message)
    expect(outcome.value.losses).toEqual([
      { code: 'citations_dropped', path: '/messages/0/content/0/citations', count: 1 },
      { code: 'block_dropped', path: '/messages/1/content/0', detail: 'document', count: 1 },
    ])
    expect(outcome.value.value.messages[1]?.content).toEqual([{ type: 'text', text: 'a', citations: [] }])
  })

  test("the provider's own tools, and what they did, stay with a provider that has them", () => {
    const history = assistant(
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
      {
        type: 'web_search_tool_result',
        tool_use_id: 's1',
        content: [],
      },
      text('a'),
    )
    const request = talk([user('x'), history, user('y')], {
      tools: [tool(), { type: 'web_search_20250305', name: 'web_search' }, { type: 'bash_20250124', name: 'bash' }],
    })
    expect(sanitized(request).isSame).toBe(true)
    expect(refused(request, {}, 'bedrock')).toMatchObject({ code: 'server_tool_not_supported', path: '/tools/1' })
    const { body, losses } = sanitized(request, { serverTools: 'drop' }, 'bedrock')
    expect(body.tools.map(({ name }: { name: string }) => name)).toEqual(['Bash', 'bash'])
    expect(said(body, 1)).toEqual(['text'])
    expect(losses).toEqual([
      'block_dropped:server_tool_use',
      'block_dropped:web_search_tool_result',
      'server_tool_dropped:web_search_20250305',
    ])
    expect(sanitized(talk([user('x'), assistant(call('t1')), user(result('t1'))]), {}, 'bedrock').isSame).toBe(true)
  })

  test('every tool that is left out is reported, and no choice is left among none', () => {
    const tools = [
      { type: 'tool_search_tool_regex_20251119', name: 'search' },
      { type: 'mcp_toolset', mcp_server_name: 'm' },
    ]
    const { body, losses } = sanitized(
      talk([user('x')], { tools, tool_choice: { type: 'auto' } }),
      { serverTools: 'drop' },
      'bedrock',
    )
    expect([body.tools, body.tool_choice]).toEqual([undefined, undefined])
    expect(losses).toEqual(['server_tool_dropped:tool_search_tool_regex_20251119', 'server_tool_dropped:mcp_toolset'])
  })

  test('content that a vendor cannot read is refused, also inside results', () => {
    expect(refused(talk([user(text('a'), pdf())]), {}, 'kimi')).toMatchObject({
      code: 'media_not_supported',
      path: '/messages/0/content/1',
    })
    const nested = talk([user('x'), assistant(call('t1')), user(result('t1', [text('a'), png()]))])
    expect(refused(nested, {}, 'deepseek').path).toBe('/messages/2/content/0/content/1')
    expect(sanitized(nested, {}, 'kimi').isSame).toBe(true)
  })

  test('enforced formats and strict tools are left out where nobody enforces them', () => {
    const format = { type: 'json_schema', schema: {} }
    const request = talk([user('x')], {
      output_config: { format, effort: 'high' },
      output_format: format,
      tools: [tool('A', { strict: true }), tool('B')],
    })
    const { body, losses } = sanitized(request, {}, 'deepseek')
    expect(body.output_config).toEqual({ effort: 'high' })
    expect(body).not.toHaveProperty('output_format')
    expect(body.tools[0]).not.toHaveProperty('strict')
    expect(losses).toEqual(['output_format_weakened', 'tool_strict_dropped'])
    expect(sanitized(talk([user('x')], { output_format: format }), {}, 'kimi').body).not.toHaveProperty('output_config')
  })

  test('a user id of foreign form is hashed', () => {
    const { body, losses } = sanitized(talk([user('x')], { metadata: { user_id: 'a@b', x: 1 } }), {}, 'deepseek')
    expect(body.metadata).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{64}$/), x: 1 })
    expect(losses).toEqual(['user_id_hashed'])
    expect(sanitized(talk([user('x')], { metadata: { user_id: 'a-b' } }), {}, 'deepseek').isSame).toBe(true)
  })

  test('betas that nobody knows there are left out, with what belongs to them', () => {
    const betas = ['context-1m-2025-08-07', 'fast-mode-2026-01-01', 'mcp-client-2025-04-04', 'other-2025-01-01']
    const request = talk([user('x')], { speed: 'fast', context_management: { edits: [] } })
    const outcome = sanitized(request, { betas }, 'bedrock')
    expect(outcome.betas).toEqual(['context-1m-2025-08-07'])
    expect(outcome.body).not.toHaveProperty('speed')
    expect(outcome.body).toHaveProperty('context_management')
    expect(outcome.losses).toEqual([
      'feature_dropped:fast-mode-2026-01-01',
      'feature_dropped:mcp-client-2025-04-04',
      'feature_dropped:other-2025-01-01',
      'feature_dropped:speed',
    ])
    expect(sanitized(talk([user('x')]), { betas: ['other-2025-01-01'] }, 'vertex')).toMatchObject({
      isSame: true,
      betas: [],
    })
  })

  test('strict mode refuses what it is told to', () => {
    const request = talk([user('x')], { temperature: 0.5 })
    expect(refused(request, { strict: true })).toMatchObject({
      code: 'loss_refused',
      message: 'temperature: refused in strict mode: sampling_dropped',
    })
  })
})

describe('cache marks', () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const count = (body: object): number => JSON.stringify(body).split('cache_control').length - 1

  test('more than four: the last ones stay, in the order of the cache', () => {
    const request = talk(
      [
        user('x'),
        assistant(call('t1')),
        user(result('t1', [text('r', mark)], mark)),
        user(text('y', mark), text('z', mark)),
      ],
      { tools: [tool('A', mark)], system: [text('s', mark)] },
    )
    const { body, losses } = sanitized(request)
    expect(losses).toEqual(['cache_breakpoints_trimmed'])
    expect(count(body)).toBe(4)
    expect([body.tools[0], body.system[0]].some((node) => 'cache_control' in node)).toBe(false)
    expect(body.messages[2].content[0].content[0]).toHaveProperty('cache_control')
  })

  test('automatic caching takes a place, and nothing else is touched', () => {
    const texts = [1, 2, 3, 4].map((n) => text(`${n}`, mark))
    const request = talk([user('first'), user(...texts)], { ...mark, system: 's', tools: [tool()] })
    const { body } = sanitized(request)
    expect(body.cache_control).toEqual({ type: 'ephemeral' })
    expect(body.messages[1].content[0]).toEqual({ type: 'text', text: '1' })
    expect(count(body)).toBe(4)
    expect(sanitized(talk([user(...texts)])).isSame).toBe(true)
    expect(sanitized(talk([user(...texts, text('5', { cache_control: null }))])).isSame).toBe(true)
  })

  test('inside a result are stripped before those behind them', () => {
    const blocks = [result('t1', [text('a', mark), text('b', mark)], mark), text('c', mark), text('d', mark)]
    const { body } = sanitized(talk([user('x'), assistant(call('t1')), user(...blocks)]))
    expect(body.messages[2].content[0].content).toEqual([text('a'), text('b', mark)])
    expect(count(body)).toBe(4)
  })
})

test('applied twice it changes nothing more', () => {
  const block = fc.constantFrom(thinking(ours), thinking(''), thinking('Eq'), redacted('Em'), text('a'))
  const turn = fc.oneof(
    fc.array(block, { minLength: 1, maxLength: 4 }).map((blocks) => assistant(...blocks)),
    fc.constantFrom(user('x'), system('s'), user(text('y', { cache_control: { type: 'ephemeral' } }))),
  )
  const members = fc.record(
    {
      temperature: fc.constantFrom(0.5, 1),
      thinking: fc.constantFrom({ type: 'adaptive' }, { type: 'enabled', budget_tokens: 2000 }),
      output_config: fc.constantFrom(
        { effort: 'xhigh' },
        { effort: 'max', format: { type: 'json_schema', schema: {} } },
      ),
    },
    { requiredKeys: [] },
  )
  const model = fc.constantFrom('claude-opus-5', 'claude-sonnet-4-5', 'claude-3-haiku', 'other')
  const profiles = fc.constantFrom(...Object.keys(namedAnthropicProfiles))
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 8 }), members, model, profiles, (turns, more, name, profile) => {
      const once = sanitized(
        talk([user('x'), ...turns, user('z')], { max_tokens: 5000, ...more }),
        { model: name },
        profile,
      )
      const twice = sanitized(once.body, { model: name }, profile)
      expect(twice.losses).toEqual([])
      expect(twice.isSame).toBe(true)
    }),
    few,
  )
})
