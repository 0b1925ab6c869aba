import { describe, expect, test } from 'vitest'
import {
  ask,
  assistant,
  call,
  notToChat,
  result,
  talk,
  toChat,
  tool,
  toResponses,
  user,
} from '../../testing/requests.ts'

type Target = Parameters<typeof toChat>[1]
const declared = (tools: readonly unknown[], target: Target = {}, more: object = {}) =>
  toChat(ask({ tools, ...more }), target)

describe('the choice of a tool (case 36)', () => {
  const tools = [tool(), tool('Read')]
  const chosen = (tool_choice: object, target: Target = {}) => {
    const { value, losses, context } = declared(tools, target, { tool_choice })
    return { choice: value.tool_choice, count: value.tools?.length, losses, forced: context.forcedTool }
  }

  test('is the same where the target has it', () => {
    expect(chosen({ type: 'auto' })).toMatchObject({ choice: 'auto', count: 2, losses: [] })
    expect(chosen({ type: 'any' })).toMatchObject({ choice: 'required', losses: [], forced: null })
    expect(chosen({ type: 'none' })).toMatchObject({ choice: 'none', count: 2, losses: [] })
    expect(chosen({ type: 'tool', name: 'Read' })).toMatchObject({
      choice: { type: 'function', function: { name: 'Read' } },
      losses: [],
      forced: 'Read',
    })
  })

  test('of one among one is known to the answer', () => {
    expect(declared([tool()], {}, { tool_choice: { type: 'any' } }).context.forcedTool).toBe('Bash')
  })

  test('none on a target without it: no tools', () => {
    expect(chosen({ type: 'none' }, { set: { toolChoice: ['auto'] } })).toMatchObject({
      choice: undefined,
      count: undefined,
      losses: ['tools_filtered'],
    })
  })

  test('any on a target without it: as it likes', () => {
    expect(chosen({ type: 'any' }, { profile: 'kimi' })).toMatchObject({
      choice: 'auto',
      losses: ['tool_choice_weakened'],
    })
  })

  test('a named tool on a target that can only require one: the others are left out', () => {
    const target: Target = { set: { toolChoice: ['auto', 'required'] } }
    expect(chosen({ type: 'tool', name: 'Read' }, target)).toEqual({
      choice: 'required',
      count: 1,
      losses: ['tools_filtered'],
      forced: 'Read',
    })
    expect(chosen({ type: 'tool', name: 'Read' }, { set: { toolChoice: ['auto'] } })).toMatchObject({
      choice: 'auto',
      losses: ['tool_choice_weakened'],
    })
  })

  test('of a tool that is not declared is refused', () => {
    expect(notToChat(ask({ tools, tool_choice: { type: 'tool', name: 'Write' } }))).toMatchObject({
      code: 'tool_choice_unknown',
      path: '/tool_choice/name',
    })
  })

  test('of a kind that nobody knows is none, which is a loss', () => {
    const losses = ['tool_choice_weakened:whatever']
    expect(chosen({ type: 'whatever' })).toMatchObject({ choice: undefined, count: 2, losses })
  })

  test('without tools means nothing', () => {
    const { value, losses } = toChat(ask({ tool_choice: { type: 'any', disable_parallel_tool_use: true } }))
    expect(value).not.toHaveProperty('tool_choice')
    expect(value).not.toHaveProperty('parallel_tool_calls')
    expect(losses).toEqual(['feature_dropped:tool_choice'])
  })

  test('uses the name that the target knows', () => {
    const long = 'mcp__server__'.padEnd(90, 'x')
    const { value, context } = declared([tool(long)], {}, { tool_choice: { type: 'tool', name: long } })
    const [name] = Object.keys(context.renamedTools)
    expect(name).toHaveLength(64)
    expect(value.tool_choice).toEqual({ type: 'function', function: { name } })
    expect(context.renamedTools).toEqual({ [String(name)]: long })
    const other = toResponses(ask({ tools: [tool(long)], tool_choice: { type: 'tool', name: long } }))
    expect(other.value.tool_choice).toEqual({ type: 'function', name })
  })
})

describe('one call at a time', () => {
  const older: Target = { profile: 'openai', options: { model: 'gpt-4.1' } }
  const single = (target: Target, type = 'auto') => {
    const { value, losses } = declared([tool()], target, { tool_choice: { type, disable_parallel_tool_use: true } })
    return { parallel: value.parallel_tool_calls, losses }
  }

  test('is asked for where the target understands it', () => {
    expect(single(older)).toEqual({ parallel: false, losses: [] })
    expect(single(older, 'any')).toEqual({ parallel: false, losses: [] })
    expect(single(older, 'none')).toEqual({ parallel: undefined, losses: [] })
  })

  test('is reported where it does not', () => {
    expect(single({})).toEqual({ parallel: undefined, losses: ['parallel_not_enforced'] })
  })

  test('is not mentioned when it is not wanted', () => {
    const { value } = declared([tool()], older, { tool_choice: { type: 'auto', disable_parallel_tool_use: false } })
    expect(value).not.toHaveProperty('parallel_tool_calls')
  })
})

test('tools that only the history calls are declared for targets that want that, and not to be called', () => {
  const turns = [
    user('go'),
    assistant(call('t1'), call('t2'), call('t3', 'Read')),
    user(result('t1'), result('t2'), result('t3')),
  ]
  const { value } = toChat(talk(turns), { set: { declareHistoryTools: true } })
  expect(value.tools).toEqual([
    { type: 'function', function: { name: 'Bash', parameters: { type: 'object', properties: {} } } },
    { type: 'function', function: { name: 'Read', parameters: { type: 'object', properties: {} } } },
  ])
  expect(value.tool_choice).toBe('none')
  expect(toChat(talk(turns)).value).not.toHaveProperty('tools')
  expect(toChat(ask(), { set: { declareHistoryTools: true } }).value).not.toHaveProperty('tools')
})
