import { describe, expect, test } from 'vitest'
import { anthropicNamed, toAnthropic } from '../../testing/requests.ts'
import { budgetLevels, levelBudgets } from './effort.ts'

type More = [Parameters<typeof toAnthropic>[1]?, Parameters<typeof toAnthropic>[2]?]

/** What is said about reasoning, and what was lost. */
function plan(members: object, ...more: More): object {
  const request = { model: 'gpt', max_tokens: 40_000, messages: [{ role: 'user', content: 'x' }], ...members }
  const { value, losses } = toAnthropic(request, ...more)
  const { thinking, output_config } = value
  return { ...(thinking ? { thinking } : {}), ...(output_config ? { effort: output_config.effort } : {}), losses }
}

const older: More = [{ model: 'claude-sonnet-4-5' }]
const adaptive = { type: 'adaptive' }
const disabled = { type: 'disabled' }
const budget = (budget_tokens: number): object => ({ type: 'enabled', budget_tokens })

test('a model without levels is told to think, and no level', () => {
  const target = { ...anthropicNamed('anthropic'), effort: [] }
  expect(plan({ reasoning_effort: 'high' }, {}, target)).toEqual({
    thinking: adaptive,
    losses: ['effort_changed:high'],
  })
})

describe('models that measure for themselves', () => {
  test.each([
    [{}, {}],
    [{ reasoning_effort: 'none' }, { thinking: disabled }],
    [{ reasoning_effort: 'low' }, { thinking: adaptive, effort: 'low' }],
    [{ reasoning_effort: 'max' }, { thinking: adaptive, effort: 'max' }],
    [{ reasoning_effort: 'default' }, {}],
    [{ reasoning: { effort: 'high' } }, { thinking: adaptive, effort: 'high' }],
    [{ reasoning: { enabled: true } }, { thinking: adaptive }],
    [{ reasoning: { enabled: false, effort: 'high' } }, { thinking: disabled }],
    [{ reasoning: {} }, {}],
    [{ reasoning: null }, {}],
    [{ thinking: { type: 'enabled' } }, { thinking: adaptive }],
    [{ thinking: { type: 'disabled' } }, { thinking: disabled }],
    [{ enable_thinking: true }, { thinking: adaptive }],
    [{ enable_thinking: false }, { thinking: disabled }],
    [{ enable_thinking: false, thinking_budget: 5000 }, { thinking: disabled }],
    [
      { reasoning_effort: 'low', reasoning: { effort: 'high' } },
      { thinking: adaptive, effort: 'low' },
    ],
  ])('%j is %j', (members, expected) => {
    expect(plan(members)).toEqual({ ...expected, losses: [] })
  })

  test.each([
    [{ reasoning_effort: 'minimal' }, 'low', 'effort_changed:minimal'],
    [{ thinking_budget: 4095 }, 'low', 'thinking_budget_as_effort'],
    [{ thinking_budget: 4096 }, 'medium', 'thinking_budget_as_effort'],
    [{ reasoning: { max_tokens: 20_000 } }, 'high', 'thinking_budget_as_effort'],
    [{ thinking: { type: 'enabled', budget_tokens: 99_999 } }, 'xhigh', 'thinking_budget_as_effort'],
  ])('%j is the level %s, and reported', (members, effort, loss) => {
    expect(plan(members)).toEqual({ thinking: adaptive, effort, losses: [loss] })
  })

  test('are not told of a level that nobody here knows, and that is reported', () => {
    expect(plan({ reasoning_effort: 'sideways' })).toEqual({ losses: ['effort_changed:sideways'] })
  })

  test('and cannot be forced to use a tool while they reason do not reason then', () => {
    const tools = [{ type: 'function', function: { name: 'A' } }]
    const forced = { reasoning_effort: 'high', tools, tool_choice: 'required' }
    expect(plan(forced, { model: 'claude-opus-4-6' })).toEqual({
      thinking: disabled,
      losses: ['thinking_disabled:tool_choice'],
    })
    for (const free of [
      { tools, tool_choice: 'required' },
      { ...forced, reasoning_effort: 'none' },
      { ...forced, tool_choice: 'auto' },
    ]) {
      expect(plan(free, { model: 'claude-opus-4-6' })).toMatchObject({ losses: [] })
    }
  })

  test('that always reason do it as little as they can', () => {
    const expected = { effort: 'low', losses: ['thinking_not_disabled'] }
    expect(plan({ reasoning_effort: 'none' }, { model: 'claude-mythos-1' })).toEqual(expected)
  })
})

describe('models with a budget', () => {
  test.each(Object.entries(levelBudgets).slice(1))('%s is %d tokens', (reasoning_effort, tokens) => {
    expect(plan({ reasoning_effort, max_tokens: 64_000 }, ...older)).toEqual({
      thinking: budget(Math.min(tokens, 59_904)),
      losses: tokens > 59_904 ? ['thinking_budget_lowered:65536'] : [],
    })
  })

  test('a level survives the way there and back', () => {
    for (const level of ['low', 'medium', 'high', 'xhigh'] as const) {
      const [, back] = budgetLevels.find(([below]) => levelBudgets[level] < below) ?? [0, 'xhigh']
      expect(back).toBe(level)
    }
  })

  test.each([
    [{}, {}],
    [{ reasoning_effort: 'none' }, { thinking: disabled }],
    [{ enable_thinking: true }, { thinking: budget(8192) }],
    [{ thinking_budget: 1024 }, { thinking: budget(1024) }],
    [{ reasoning: { max_tokens: 5000 } }, { thinking: budget(5000) }],
  ])('%j is %j', (members, expected) => {
    expect(plan(members, ...older)).toEqual({ ...expected, losses: [] })
  })

  test.each([
    // lb's own choice leaves 4096 tokens to the answer, or a quarter.
    [{ reasoning_effort: 'high', max_tokens: 28_671 }, 24_575, '24576'],
    [{ reasoning_effort: 'high', max_tokens: 2000 }, 1500, '24576'],
    [{ reasoning_effort: 'high', max_tokens: 1366 }, 1024, '24576'],
    [{ thinking_budget: 100 }, 1024, '100'],
    // A budget that leaves nothing is none that Anthropic takes.
    [{ thinking_budget: 2000, max_tokens: 2000 }, 1500, '2000'],
    // One that it takes is the client's choice.
    [{ thinking_budget: 1999, max_tokens: 2000 }, 1999, undefined],
    [{ thinking_budget: 1024, max_tokens: 1025 }, 1024, undefined],
  ])('leave room for the answer, and never ask for more than the client did: %j', (members, tokens, lowered) => {
    expect(plan(members, ...older)).toEqual({
      thinking: budget(tokens),
      losses: lowered === undefined ? [] : [`thinking_budget_lowered:${lowered}`],
    })
  })

  test.each([
    ['there is no room', { reasoning_effort: 'high', max_tokens: 1365 }, 'max_tokens'],
    ['there is none beside a budget', { thinking_budget: 1100, max_tokens: 1100 }, 'max_tokens'],
    ['the budget is none', { thinking_budget: 0 }, 'max_tokens'],
    [
      'a tool is forced',
      { reasoning_effort: 'high', tools: [{ function: { name: 'A' } }], tool_choice: 'required' },
      'tool_choice',
    ],
  ])('do not reason when %s', (_when, members, reason) => {
    expect(plan(members, ...older)).toEqual({ thinking: disabled, losses: [`thinking_disabled:${reason}`] })
  })

  test('take a level besides, where they know it', () => {
    expect(plan({ reasoning_effort: 'xhigh' }, { model: 'claude-opus-4-5' })).toEqual({
      thinking: budget(32_768),
      effort: 'high',
      losses: [],
    })
  })
})

describe('an answer that called tools and is not finished', () => {
  const call = { id: 't1', type: 'function', function: { name: 'A', arguments: '{}' } }
  const loop = (assistant: object, ...rest: readonly object[]) => ({
    reasoning_effort: 'high',
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: [call], ...assistant },
      { role: 'tool', tool_call_id: 't1', content: 'r' },
      ...rest,
    ],
  })
  const signed = {
    reasoning_details: [
      { type: 'reasoning.text', text: 'hm', signature: 'Eq', format: 'anthropic-claude-v1', index: 0 },
    ],
  }

  test('cannot go on with reasoning that it did not begin with', () => {
    expect(plan(loop({}), ...older)).toEqual({
      thinking: disabled,
      losses: ['thinking_disabled:unsigned tool calls'],
    })
  })

  test('goes on when its reasoning is signed', () => {
    expect(plan(loop(signed), ...older)).toEqual({ thinking: budget(24_576), losses: [] })
    const redacted = { reasoning_details: [{ type: 'reasoning.encrypted', data: 'E', format: 'anthropic-claude-v1' }] }
    expect(plan(loop(redacted), ...older)).toEqual({ thinking: budget(24_576), losses: [] })
  })

  test('is finished when the user says something', () => {
    expect(plan(loop({}, { role: 'user', content: 'and?' }), ...older)).toMatchObject({ thinking: budget(24_576) })
    expect(
      plan(loop({}, { role: 'assistant', content: 'so' }, { role: 'user', content: 'and?' }), ...older),
    ).toMatchObject({ losses: [] })
  })

  test('goes on where nobody checks signatures, and where no budget is asked for', () => {
    expect(plan({ ...loop({}), max_tokens: 30_000 }, {}, 'kimi')).toEqual({ thinking: budget(24_576), losses: [] })
    expect(plan(loop({}))).toEqual({ thinking: adaptive, effort: 'high', losses: [] })
  })
})

test('models without a switch get none, and asking for one is reported', () => {
  const plainly: More = [{ model: 'claude-3-haiku' }]
  expect(plan({ max_tokens: 10, reasoning_effort: 'high' }, ...plainly)).toEqual({
    losses: ['thinking_not_controlled'],
  })
  expect(plan({ max_tokens: 10, enable_thinking: true }, ...plainly)).toEqual({ losses: ['thinking_not_controlled'] })
  for (const members of [{}, { reasoning_effort: 'none' }]) {
    expect(plan({ max_tokens: 10, ...members }, ...plainly)).toEqual({ losses: [] })
  }
})
