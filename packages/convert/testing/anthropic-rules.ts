import type { Anthropic } from '@lb/protocol'
import type { AnthropicProfile } from '../src/index.ts'

/** How an Anthropic request breaks the rules of the API. Empty: not at all. Written apart from the conversions. */
export function anthropicRuleProblems(request: Anthropic.Request, profile: AnthropicProfile): readonly string[] {
  const { messages } = request
  const names = (request.tools ?? []).flatMap((tool) => ('name' in tool ? (tool.name ?? []) : []))
  const marks = JSON.stringify(request).split('"cache_control":{').length - 1
  return [
    ...messages.flatMap((turn, index) => turnProblems(turn, index, messages)),
    ...(messages.length === 0 ? ['no turns'] : []),
    ...(messages.at(-1)?.role === 'assistant' && !profile.prefill ? ['the last turn is the assistant'] : []),
    ...(new Set(names).size < names.length ? ['two tools of one name'] : []),
    ...names.filter((name) => !/^[\w-]{1,128}$/.test(name)).map((name) => `the tool name ${name}`),
    ...(request.tool_choice !== undefined && names.length === 0 ? ['a choice among no tools'] : []),
    ...(marks > profile.cacheBreakpoints ? ['too many cache breakpoints'] : []),
    ...(request.max_tokens > profile.maxOutputTokens || request.max_tokens < 1 ? ['max_tokens'] : []),
    ...(request.thinking?.type === 'enabled' && request.thinking.budget_tokens >= request.max_tokens
      ? ['the budget']
      : []),
    ...(new Set(callsIn(messages)).size < callsIn(messages).length ? ['an id is used twice'] : []),
  ]
}

const blocksOf = ({ content }: Anthropic.Turn): readonly Anthropic.RequestBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])

const callsIn = (messages: readonly Anthropic.Turn[]): readonly string[] =>
  messages.flatMap(blocksOf).flatMap((block) => (block.type === 'tool_use' ? block.id : []))

function turnProblems(turn: Anthropic.Turn, index: number, messages: readonly Anthropic.Turn[]): readonly string[] {
  const before = messages[index - 1]
  const blocks = blocksOf(turn)
  const kinds = blocks.map(({ type }) => type)
  const calls =
    before?.role === 'assistant' ? blocksOf(before).flatMap((one) => (one.type === 'tool_use' ? one.id : [])) : []
  const results = blocks.flatMap((one) => (one.type === 'tool_result' ? one.tool_use_id : []))
  const hasLateResult = kinds.lastIndexOf('tool_result') >= results.length
  return [
    ...(before?.role === turn.role ? [`two turns of ${turn.role} at ${index}`] : []),
    ...(turn.role === 'system' && before?.role !== 'user' ? [`an instruction at ${index} behind no user turn`] : []),
    ...(blocks.length === 0 ? [`turn ${index} is empty`] : []),
    ...(blocks.some((one) => one.type === 'text' && one.text.trim() === '') ? [`an empty text in turn ${index}`] : []),
    ...(hasLateResult ? [`a result behind something else in turn ${index}`] : []),
    ...(calls.toSorted().join() === results.toSorted().join()
      ? []
      : [`turn ${index} answers ${results}, not ${calls}`]),
    ...calls.filter((id) => !/^[\w-]{1,64}$/.test(id)).map((id) => `the id ${id}`),
  ]
}
