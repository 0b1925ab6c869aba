import type { Anthropic } from '@lb/protocol'
import { blocksOf } from './anthropic-pairs.ts'
import type { Run } from './run.ts'
import { type Members, members, reportMembers } from './unknown-members.ts'

/** By type of block. Of what the provider's own tools said nothing is listed: it goes on as the JSON that it is, or not at all. */
const ofBlocks: ReadonlyMap<string, Members> = new Map([
  ['text', members('text', 'cache_control', 'citations')],
  ['image', members('source', 'transformations', 'cache_control')],
  ['document', members('source', 'title', 'context', 'citations', 'cache_control')],
  ['search_result', members('source', 'title', 'content', 'citations', 'cache_control')],
  ['thinking', members('thinking', 'signature')],
  ['redacted_thinking', members('data')],
  ['tool_use', members('id', 'name', 'input', 'caller', 'cache_control')],
  ['tool_result', members('tool_use_id', 'content', 'is_error', 'cache_control')],
  ['tool_reference', members('tool_name', 'cache_control')],
])

const ofTurns = members('role', 'content', 'clear_at', 'output_config')
const ofTools = members(
  'name',
  'description',
  'input_schema',
  'strict',
  'input_examples',
  'defer_loading',
  'eager_input_streaming',
  'allowed_callers',
  'cache_control',
)
const ofThinking = members('budget_tokens', 'display')
const ofOutput = members('effort', 'format', 'task_budget')
const ofChoice = members('name', 'disable_parallel_tool_use')
const ofMetadata = members('user_id')

/** Reports members of the parts of a request that nobody here knows. Those of the request itself are told apart by `reportFields`. */
export function reportParts(request: Anthropic.Request, { notes }: Run): void {
  const { system, thinking, output_config, tool_choice, metadata } = request
  if (thinking) reportMembers(thinking, ofThinking, '/thinking', notes)
  if (output_config) reportMembers(output_config, ofOutput, '/output_config', notes)
  if (tool_choice) reportMembers(tool_choice, ofChoice, '/tool_choice', notes)
  if (metadata) reportMembers(metadata, ofMetadata, '/metadata', notes)
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if ((tool.type ?? 'custom') === 'custom') reportMembers(tool, ofTools, `/tools/${index}`, notes)
  }
  const report = (blocks: readonly Anthropic.RequestBlock[], path: string): void => {
    for (const [index, block] of blocks.entries()) {
      const known = ofBlocks.get(block.type)
      if (known === undefined) continue
      reportMembers(block, known, `${path}/${index}`, notes)
      if (block.type === 'tool_result' && Array.isArray(block.content))
        report(block.content, `${path}/${index}/content`)
    }
  }
  if (Array.isArray(system)) report(system, '/system')
  for (const [index, turn] of request.messages.entries()) {
    reportMembers(turn, ofTurns, `/messages/${index}`, notes)
    report(blocksOf(turn), `/messages/${index}/content`)
  }
}
