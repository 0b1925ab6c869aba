import { type Anthropic, type JsonTree, RawJson, stringifyJson } from '@lb/protocol'
import type { CallBlock, PairedResult, Pairs } from './anthropic-pairs.ts'
import { partsOf, text } from './anthropic-parts.ts'
import type { Run } from './run.ts'
import type { Part, ToolResult } from './turns.ts'

/**
 * The results of `calls`, in the order in which they came; behind them one for each call that was never answered, because
 * every upstream demands one.
 */
export function resultsOf(calls: readonly CallBlock[], pairs: Pairs, run: Run): readonly ToolResult[] {
  const idOf = (call: CallBlock): string => pairs.idOf.get(call) as string
  const answered = calls
    .map((call) => ({ call, result: pairs.resultOf.get(call) }))
    .sort(
      (one, other) => (one.result?.order ?? Number.MAX_SAFE_INTEGER) - (other.result?.order ?? Number.MAX_SAFE_INTEGER),
    )
  return answered.map(({ call, result }) =>
    result === undefined ? missing(idOf(call), run) : resultOf(idOf(call), result, run),
  )
}

function missing(callId: string, run: Run): ToolResult {
  run.notes.loss('tool_result_missing', '/messages')
  const parts = [text('[no result: the call was interrupted]', '/messages')]
  return { callId, parts, isError: false, cache: undefined, path: '/messages' }
}

function resultOf(callId: string, { block, path }: PairedResult, run: Run): ToolResult {
  return {
    callId,
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
  return [text(stringifyJson(withoutEncrypted(block.content ?? null)), path)]
}

function isTexts(content: unknown): content is string | Anthropic.TextBlock[] {
  if (typeof content === 'string') return true
  return Array.isArray(content) && content.every((block) => block?.type === 'text' && typeof block.text === 'string')
}

function withoutEncrypted(value: JsonTree): JsonTree {
  if (Array.isArray(value)) return value.map(withoutEncrypted)
  if (value instanceof RawJson || typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).flatMap(([name, member]) =>
    member === undefined || name.startsWith('encrypted_') ? [] : [[name, withoutEncrypted(member)]],
  )
  return Object.fromEntries(kept)
}
