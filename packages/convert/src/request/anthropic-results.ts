import { type Anthropic, isJsonObject, type Json, stringifyJson } from '@lb/protocol'
import type { CallBlock, PairedResult, Pairs } from './anthropic-pairs.ts'
import { partsOf, text } from './anthropic-parts.ts'
import type { Run } from './run.ts'
import type { Part, ToolResult } from './turns.ts'

/**
 * The results of `calls`, in the order in which they came; behind them one for each call that was never answered, because
 * every upstream demands one.
 */
export function resultsOf(calls: readonly CallBlock[], pairs: Pairs, run: Run): readonly ToolResult[] {
  const answered = calls
    .map((call) => ({ call, result: pairs.resultOf.get(call) }))
    .sort(
      (one, other) => (one.result?.order ?? Number.MAX_SAFE_INTEGER) - (other.result?.order ?? Number.MAX_SAFE_INTEGER),
    )
  return answered.map(({ call, result }) => (result === undefined ? missing(call, run) : resultOf(call, result, run)))
}

function missing(call: CallBlock, run: Run): ToolResult {
  run.notes.loss('tool_result_missing', '/messages')
  const parts = [text('[no result: the call was interrupted]', '/messages')]
  return { callId: call.id, parts, isError: false, cache: undefined, path: '/messages' }
}

function resultOf(call: CallBlock, { block, path }: PairedResult, run: Run): ToolResult {
  return {
    callId: call.id,
    parts:
      block.type === 'tool_result'
        ? partsOf(block.content ?? '', `${path}/content`, run)
        : serverParts(block, path, run),
    isError: block.is_error === true,
    cache: block.cache_control ?? undefined,
    path,
  }
}

/** A result without a call: refused as Anthropic refuses it, or kept as text. */
export function orphan(block: Anthropic.ToolResultBlock, path: string, run: Run): readonly Part[] {
  if (run.options.lenient !== true) {
    run.notes.refuse(
      'tool_result_without_call',
      path,
      `the result of ${block.tool_use_id} answers no call; leave it out`,
    )
    return []
  }
  run.notes.loss('tool_result_orphaned', path)
  return [
    text(`[result of the unknown call ${block.tool_use_id}]`, path),
    ...partsOf(block.content ?? '', `${path}/content`, run),
  ]
}

/** What the provider's own tool gave back: text as text, everything else as JSON without what only the provider can read. */
function serverParts(block: Anthropic.ServerToolResultBlock, path: string, run: Run): readonly Part[] {
  if (block.type === 'mcp_tool_result' && isTexts(block.content)) return partsOf(block.content, `${path}/content`, run)
  const content: Json = JSON.parse(stringifyJson(block.content ?? null))
  return [text(JSON.stringify(withoutEncrypted(content)), path)]
}

function isTexts(content: unknown): content is string | Anthropic.TextBlock[] {
  if (typeof content === 'string') return true
  return Array.isArray(content) && content.every((block) => block?.type === 'text' && typeof block.text === 'string')
}

function withoutEncrypted(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEncrypted)
  if (!isJsonObject(value)) return value
  const kept = Object.entries(value).filter(([name]) => !name.startsWith('encrypted_'))
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutEncrypted(member)]))
}
