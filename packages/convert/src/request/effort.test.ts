import { describe, expect, test } from 'vitest'
import { ask, notToChat, toChat, tool, toResponses } from '../../testing/requests.ts'
import { budgetLevels, levelBudgets, nearestLevel } from './effort.ts'

type Target = Parameters<typeof toChat>[1]
/** What a request says about reasoning once it is converted, and what was lost. */
function reasoning(
  request: object,
  target: Target = {},
): { readonly members: object; readonly losses: readonly string[] } {
  const { value, losses } = toChat(ask(request), target)
  const { model, messages, max_tokens, max_completion_tokens, tools, tool_choice, ...members } = value
  return { members, losses }
}
const effort = (level: string, more: object = {}): object => ({ output_config: { effort: level }, ...more })
const enabled = (budget_tokens: number, more: object = {}): object => ({
  max_tokens: 100_000,
  thinking: { type: 'enabled', budget_tokens },
  ...more,
})
const o3: Target = { profile: 'openai', options: { model: 'o3' } }
const newest: Target = { profile: 'openai', options: { model: 'gpt-5.5' } }

describe('the order of what a request says', () => {
  test('an effort is that level, whatever the budget says', () => {
    expect(reasoning(effort('low', enabled(30_000)), o3)).toEqual({
      members: { reasoning_effort: 'low' },
      losses: ['thinking_budget_as_effort'],
    })
    expect(reasoning(effort('low', { thinking: { type: 'adaptive' } }), o3).losses).toEqual([])
  })

  test('off is off, whatever the effort says', () => {
    expect(reasoning(effort('high', { thinking: { type: 'disabled' } }), newest)).toEqual({
      members: { reasoning_effort: 'none' },
      losses: ['effort_changed:high'],
    })
  })

  test('a budget is the level of its size: 4000, 10000 and 31999 read low, medium, high', () => {
    const levels = [4000, 4096, 10_000, 16_384, 31_999, 32_768].map(
      (budget) => reasoning(enabled(budget), newest).members,
    )
    expect(levels).toEqual(
      ['low', 'medium', 'medium', 'high', 'high', 'xhigh'].map((reasoning_effort) => ({ reasoning_effort })),
    )
    expect(reasoning(enabled(4000), newest).losses).toEqual(['thinking_budget_as_effort'])
  })

  test('adaptive is on, where that must be said, and silent where it is so anyway', () => {
    expect(reasoning({ thinking: { type: 'adaptive' } }, { profile: 'qwen' }).members).toEqual({
      enable_thinking: true,
    })
    expect(reasoning({ thinking: { type: 'adaptive' } }, newest).members).toEqual({})
  })

  test('a kind of reasoning that nobody knows is on, and a loss', () => {
    expect(reasoning({ thinking: { type: 'dreaming' } }, newest)).toEqual({
      members: {},
      losses: ['thinking_not_controlled'],
    })
    expect(reasoning({ thinking: { type: 'between_tools' } }, newest).losses).toEqual([])
  })

  test('silence leaves it to the vendor', () => {
    for (const profile of ['openai', 'qwen', 'deepseek', 'openrouter', 'mistral']) {
      expect(reasoning({}, { profile })).toEqual({ members: {}, losses: [] })
    }
  })
})

describe('what the target has', () => {
  test('a budget where one is taken: exact beats a level', () => {
    expect(reasoning(enabled(5000), { profile: 'qwen' })).toEqual({
      members: { enable_thinking: true, thinking_budget: 5000 },
      losses: [],
    })
    expect(reasoning(enabled(5000), { profile: 'openrouter' })).toEqual({
      members: { reasoning: { max_tokens: 5000 } },
      losses: [],
    })
  })

  test('a level as a budget where only budgets are taken', () => {
    expect(reasoning(effort('high'), { profile: 'qwen' })).toEqual({
      members: { enable_thinking: true, thinking_budget: 24_576 },
      losses: ['effort_changed:high'],
    })
  })

  test('one control is sent, never two that contradict each other', () => {
    expect(reasoning(effort('high'), { profile: 'openrouter' }).members).toEqual({ reasoning: { effort: 'high' } })
  })

  test('the nearest lower level, else the nearest higher one (case 42)', () => {
    expect(reasoning(effort('max'), o3)).toEqual({
      members: { reasoning_effort: 'high' },
      losses: ['effort_changed:max'],
    })
    expect(reasoning(effort('low'), { profile: 'deepseek' })).toEqual({
      members: { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
      losses: ['effort_changed:low'],
    })
    expect(reasoning(effort('high'), o3).losses).toEqual([])
  })

  test('a switch without levels', () => {
    expect(reasoning(effort('high'), { profile: 'kimi' })).toEqual({
      members: { thinking: { type: 'enabled' } },
      losses: ['effort_changed:high'],
    })
    expect(reasoning({ thinking: { type: 'disabled' } }, { profile: 'kimi' }).members).toEqual({
      thinking: { type: 'disabled' },
    })
  })

  test('no switch at all: what was asked for is reported', () => {
    expect(reasoning(effort('high'))).toEqual({ members: {}, losses: ['thinking_not_controlled'] })
    expect(toChat(ask(effort('high'))).all[0]?.path).toBe('/output_config/effort')
    expect(toChat(ask({ thinking: { type: 'disabled' } })).all[0]?.path).toBe('/thinking')
  })

  test('no way to switch it off: the lowest level', () => {
    expect(reasoning({ thinking: { type: 'disabled' } }, o3)).toEqual({
      members: { reasoning_effort: 'low' },
      losses: ['thinking_not_disabled'],
    })
    expect(
      reasoning({ thinking: { type: 'disabled' } }, { profile: 'kimi', options: { model: 'kimi-k2-thinking' } }),
    ).toEqual({
      members: {},
      losses: ['thinking_not_disabled'],
    })
  })
})

describe('reasoning with tools', () => {
  const tools = [tool()]

  test("OpenAI's newest models reason with tools on Responses only: Chat is refused by name (case 43)", () => {
    expect(notToChat(ask({ tools }), newest)).toMatchObject({
      code: 'needs_responses_dialect',
      path: '/tools',
      message: 'tools: this model reasons with tools only on the Responses API; use the dialect "responses"',
    })
    expect(toResponses(ask({ tools, ...effort('high') }), { options: { model: 'gpt-5.5' } }).value).toMatchObject({
      reasoning: { effort: 'high', summary: 'auto' },
    })
  })

  test('or, if the caller wants it, goes on without reasoning', () => {
    const target: Target = { profile: 'openai', options: { model: 'gpt-5.5', preferResponses: false } }
    expect(reasoning({ tools }, target)).toEqual({
      members: { reasoning_effort: 'none' },
      losses: ['thinking_disabled:tools'],
    })
  })

  test('is no question for a model that is told not to reason', () => {
    expect(reasoning({ tools, thinking: { type: 'disabled' } }, newest)).toEqual({
      members: { reasoning_effort: 'none' },
      losses: [],
    })
    expect(reasoning({ tools }, { profile: 'openai', options: { model: 'gpt-5.1' } })).toEqual({
      members: {},
      losses: [],
    })
    expect(reasoning({ tools }, o3)).toEqual({ members: {}, losses: [] })
  })

  test('gives way to a tool that must be called, where the two do not go together', () => {
    const forced = { tools, tool_choice: { type: 'any' } }
    expect(reasoning({ ...forced, ...effort('high') }, { profile: 'deepseek' })).toEqual({
      members: { thinking: { type: 'disabled' } },
      losses: ['thinking_disabled:tool_choice'],
    })
    expect(reasoning({ tools, tool_choice: { type: 'tool', name: 'Bash' } }, { profile: 'deepseek' }).losses).toEqual([
      'thinking_disabled:tool_choice',
    ])
    expect(reasoning({ ...forced, ...effort('high') }, o3).losses).toEqual([])
    expect(reasoning({ tools, tool_choice: { type: 'auto' } }, { profile: 'deepseek' }).losses).toEqual([])
  })
})

describe('what reasoning forbids', () => {
  test('sampling, where the target says so', () => {
    const sampling = { temperature: 0.5, top_p: 0.9, top_k: 5 }
    expect(reasoning({ ...sampling, ...effort('high') }, { profile: 'deepseek' })).toEqual({
      members: { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
      losses: ['sampling_dropped:temperature', 'sampling_dropped:top_p', 'sampling_dropped:top_k'],
    })
    expect(reasoning({ ...sampling, thinking: { type: 'disabled' } }, { profile: 'deepseek' }).members).toEqual({
      thinking: { type: 'disabled' },
      temperature: 0.5,
      top_p: 0.9,
    })
  })

  test('not where a target without a switch reasons as it likes', () => {
    expect(reasoning({ temperature: 0.5 })).toEqual({ members: { temperature: 0.5 }, losses: [] })
  })
})

describe('on the Responses API', () => {
  const onResponses = (request: object, model = 'gpt-5.5') =>
    toResponses(ask(request), { options: { model } }).value.reasoning

  test('a summary is asked for when the model reasons and the client wants to see it', () => {
    expect(onResponses({})).toEqual({ summary: 'auto' })
    expect(onResponses(effort('low'))).toEqual({ effort: 'low', summary: 'auto' })
    expect(onResponses(effort('low', { thinking: { type: 'adaptive', display: 'omitted' } }))).toEqual({
      effort: 'low',
    })
    expect(onResponses({ thinking: { type: 'disabled' } })).toEqual({ effort: 'none' })
    expect(onResponses({}, 'gpt-4.1')).toBeUndefined()
  })
})

describe('the tables', () => {
  test('a level survives the way to a budget and back, but for minimal and max', () => {
    const back = (tokens: number): string => budgetLevels.find(([below]) => tokens < below)?.[1] ?? 'xhigh'
    const kept = (['low', 'medium', 'high', 'xhigh'] as const).map((level) => back(levelBudgets[level]))
    expect(kept).toEqual(['low', 'medium', 'high', 'xhigh'])
    expect(back(levelBudgets.minimal)).toBe('low')
    expect(back(levelBudgets.max)).toBe('xhigh')
  })

  test('none is no effort, and never the nearest', () => {
    expect(nearestLevel(['none', 'medium'], 'low')).toBe('medium')
    expect(nearestLevel(['none'], 'low')).toBeUndefined()
    expect(nearestLevel(['max', 'low', 'high'], 'xhigh')).toBe('high')
    expect(nearestLevel(['max', 'xhigh', 'high'], 'low')).toBe('high')
  })
})
