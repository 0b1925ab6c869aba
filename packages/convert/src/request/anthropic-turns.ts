import type { Anthropic } from '@lb/protocol'
import { blocksOf, type CallBlock, isCall, isResult, type Pairs, pairResults } from './anthropic-pairs.ts'
import { partsOfBlock, text, textPart } from './anthropic-parts.ts'
import { orphan, resultsOf } from './anthropic-results.ts'
import type { Run } from './run.ts'
import type { Said, Turn } from './turns.ts'

/**
 * Brings the messages of an Anthropic request into the order that every upstream accepts.
 *
 * Turns are never reordered, and none is looked at twice: what becomes of a turn depends on the turns before it and on the
 * results of its own calls. So when a request extends another one, its turns extend the other's.
 */
export function turnsOf(messages: readonly Anthropic.Turn[], run: Run): readonly Turn[] {
  const builder = createBuilder(pairResults(messages, run), run)
  const start = startBehindCompaction(messages)
  for (const [index, message] of messages.entries()) {
    if (index < start) continue
    const path = `/messages/${index}`
    if (message.role === 'assistant') builder.assistant(blocksOf(message), path, index === start)
    else if (message.role === 'system') builder.system(message, path)
    else builder.user(message, path)
  }
  return builder.end()
}

/** A compaction block stands for everything before it. */
function startBehindCompaction(messages: readonly Anthropic.Turn[]): number {
  return Math.max(
    0,
    messages.findLastIndex((message) => blocksOf(message).some((block) => block.type === 'compaction')),
  )
}

interface Builder {
  assistant(blocks: readonly Anthropic.RequestBlock[], path: string, isFirst: boolean): void
  system(message: Anthropic.SystemTurn, path: string): void
  user(message: Anthropic.UserTurn, path: string): void
  end(): readonly Turn[]
}

function createBuilder(pairs: Pairs, run: Run): Builder {
  const turns: Turn[] = []
  // The assistant turn that is being put together. It stays open over turns of the same role while calls wait for results.
  let said: Said[] = []
  let saidPath = ''
  let calls: CallBlock[] = []

  function close(): void {
    if (said.length > 0) turns.push({ kind: 'assistant', said, path: saidPath })
    if (calls.length > 0) turns.push({ kind: 'results', results: resultsOf(calls, pairs, run) })
    said = []
    calls = []
  }

  function assistant(blocks: readonly Anthropic.RequestBlock[], path: string, isFirst: boolean): void {
    if (calls.length === 0) close()
    if (said.length === 0) saidPath = path
    const turnsBefore = turns.length
    const summary = isFirst ? blocks.findLastIndex((block) => block.type === 'compaction') : -1
    for (const [index, block] of blocks.entries()) {
      if (index >= summary) assistantBlock(block, `${path}/content/${index}`)
    }
    if (said.length === 0 && turns.length === turnsBefore) run.notes.loss('empty_turn_dropped', path)
  }

  function assistantBlock(block: Anthropic.RequestBlock, path: string): void {
    if (isResult(block)) {
      // The result of a call that the provider ran: what follows was said with its knowledge.
      if (calls.some((call) => pairs.resultOf.get(call)?.block === block)) close()
      else if (pairs.orphans.has(block)) run.notes.loss('server_tool_unpaired', path, block.type)
    } else if (isCall(block)) assistantCall(block, path)
    else if (block.type === 'compaction') compaction(block, path)
    else said.push(...saidBy(block, path, run))
  }

  function assistantCall(block: CallBlock, path: string): void {
    const { id, name, input, cache_control } = block
    if (block.type === 'tool_use') {
      if (block.caller !== undefined && block.caller.type !== 'direct')
        run.notes.loss('tool_caller_dropped', `${path}/caller`)
    } else if (!pairs.resultOf.has(block)) {
      run.notes.loss('server_tool_unpaired', path, name)
      return
    } else run.notes.loss('server_tool_flattened', path, name)
    said.push({ kind: 'call', id, name, input, cache: cache_control ?? undefined, path })
    calls.push(block)
  }

  function compaction(block: Anthropic.CompactionBlock, path: string): void {
    close()
    if (!block.content) {
      run.notes.refuse(
        'compaction_unreadable',
        path,
        'an encrypted summary cannot be sent to another provider; start a new conversation',
      )
      return
    }
    run.notes.loss('compaction_as_text', path)
    const summary = `[summary of the earlier conversation]\n${block.content}`
    turns.push({ kind: 'user', parts: [text(summary, path, block.cache_control)], path })
  }

  function system(message: Anthropic.SystemTurn, path: string): void {
    close()
    if (message.clear_at) run.notes.loss('system_turn_option_dropped', `${path}/clear_at`, 'clear_at')
    if (message.output_config?.effort) run.notes.loss('system_turn_option_dropped', `${path}/output_config`, 'effort')
    const texts = blocksOf(message).flatMap((block, index) => {
      const at = `${path}/content/${index}`
      if (block.type === 'text') return textPart(block, at, run)
      if (block.type !== 'tool_addition' && block.type !== 'tool_removal')
        run.notes.loss('unknown_block', at, block.type)
      return []
    })
    if (texts.length > 0) turns.push({ kind: 'system', texts, path })
  }

  function user(message: Anthropic.UserTurn, path: string): void {
    close()
    const blocks = blocksOf(message)
    const parts = blocks.flatMap((block, index) => {
      const at = `${path}/content/${index}`
      if (block.type !== 'tool_result') return partsOfBlock(block, at, run)
      return pairs.orphans.has(block) ? orphan(block, at, run) : []
    })
    if (parts.length > 0) turns.push({ kind: 'user', parts, path })
    else if (!blocks.some(isResult)) {
      run.notes.refuse('empty_turn', `${path}/content`, 'a turn without content cannot be sent; leave it out')
    }
  }

  return {
    assistant,
    system,
    user,
    end() {
      close()
      return turns
    },
  }
}

/** What the model said with a block that is no call. */
function saidBy(block: Anthropic.RequestBlock, path: string, run: Run): readonly Said[] {
  switch (block.type) {
    case 'text':
      return textPart(block, path, run)
    case 'thinking':
      return [{ kind: 'thinking', text: block.thinking, signature: block.signature ?? '', isRedacted: false, path }]
    case 'redacted_thinking':
      return [{ kind: 'thinking', text: '', signature: block.data, isRedacted: true, path }]
    default:
      run.notes.loss(leftOut.has(block.type) ? 'block_dropped' : 'unknown_block', path, block.type)
      return []
  }
}

/** Blocks that tell the client something and the model nothing. */
const leftOut: ReadonlySet<string> = new Set(['fallback', 'container_upload', 'mcp_tool_listing'])
