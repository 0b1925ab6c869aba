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
  const start = startBehindCompaction(messages)
  const draft: Draft = { run, pairs: pairResults(messages, run), turns: [], said: [], saidPath: '', calls: [] }
  for (const [index, message] of messages.entries()) {
    if (index < start) continue
    const path = `/messages/${index}`
    if (message.role === 'assistant') addAssistant(draft, behindCompaction(blocksOf(message)), path)
    else if (message.role === 'system') addSystem(draft, message, path)
    else addUser(draft, message, path)
  }
  closeAnswer(draft)
  return draft.turns
}

/** A compaction block stands for everything before it. */
function startBehindCompaction(messages: readonly Anthropic.Turn[]): number {
  return Math.max(
    0,
    messages.findLastIndex((message) => blocksOf(message).some(isCompaction)),
  )
}

function isCompaction(block: Anthropic.RequestBlock): boolean {
  return block.type === 'compaction'
}

/** What is said in a turn from its last compaction on, with the place of each block in the turn. */
function behindCompaction(
  blocks: readonly Anthropic.RequestBlock[],
): readonly (readonly [number, Anthropic.RequestBlock])[] {
  return [...blocks.entries()].slice(Math.max(0, blocks.findLastIndex(isCompaction)))
}

/** Turns in the making. */
interface Draft {
  readonly run: Run
  readonly pairs: Pairs
  readonly turns: Turn[]
  // The assistant turn that is being put together. It stays open over turns of its role while calls wait for results.
  said: Said[]
  saidPath: string
  calls: CallBlock[]
}

/** Ends the assistant turn, with the results of its calls behind it. */
function closeAnswer(draft: Draft): void {
  const { said, calls, saidPath: path } = draft
  if (said.length > 0) draft.turns.push({ kind: 'assistant', said, path })
  if (calls.length > 0) draft.turns.push({ kind: 'results', results: resultsOf(calls, draft.pairs, draft.run) })
  draft.said = []
  draft.calls = []
}

function addAssistant(draft: Draft, blocks: ReturnType<typeof behindCompaction>, path: string): void {
  if (draft.calls.length === 0) closeAnswer(draft)
  if (draft.said.length === 0) draft.saidPath = path
  const turnsBefore = draft.turns.length
  for (const [index, block] of blocks) addSpoken(draft, block, `${path}/content/${index}`)
  if (draft.said.length === 0 && draft.turns.length === turnsBefore) draft.run.notes.loss('empty_turn_dropped', path)
}

function addSpoken(draft: Draft, block: Anthropic.RequestBlock, path: string): void {
  if (isResult(block)) addServerResult(draft, block, path)
  else if (isCall(block)) addCall(draft, block, path)
  else if (block.type === 'compaction') addCompaction(draft, block, path)
  else draft.said.push(...saidBy(block, path, draft.run))
}

/** The result of a call that the provider ran: what follows was said with its knowledge. */
function addServerResult(draft: Draft, block: Anthropic.RequestBlock, path: string): void {
  if (draft.calls.some((call) => draft.pairs.resultOf.get(call)?.block === block)) closeAnswer(draft)
  else if (draft.pairs.orphans.has(block)) draft.run.notes.loss('server_tool_unpaired', path, block.type)
}

function addCall(draft: Draft, block: CallBlock, path: string): void {
  const { notes } = draft.run
  const { name, input, cache_control } = block
  if (block.type === 'tool_use') {
    const isDirect = (block.caller?.type ?? 'direct') === 'direct'
    if (!isDirect) notes.loss('tool_caller_dropped', `${path}/caller`)
  } else if (draft.pairs.resultOf.has(block)) notes.loss('server_tool_flattened', path, name)
  else {
    notes.loss('server_tool_unpaired', path, name)
    return
  }
  draft.said.push({
    kind: 'call',
    id: draft.pairs.idOf.get(block) as string,
    name,
    input,
    cache: cache_control ?? undefined,
    path,
  })
  draft.calls.push(block)
}

function addCompaction(draft: Draft, block: Anthropic.CompactionBlock, path: string): void {
  const { notes } = draft.run
  closeAnswer(draft)
  if (!block.content) {
    const way = 'an encrypted summary cannot be sent to another provider; start a new conversation'
    notes.refuse('compaction_unreadable', path, way)
    return
  }
  notes.loss('compaction_as_text', path)
  const summary = `[summary of the earlier conversation]\n${block.content}`
  draft.turns.push({ kind: 'user', parts: [text(summary, path, block.cache_control)], path })
}

function addSystem(draft: Draft, message: Anthropic.SystemTurn, path: string): void {
  const { run } = draft
  closeAnswer(draft)
  if (message.clear_at) run.notes.loss('system_turn_option_dropped', `${path}/clear_at`, 'clear_at')
  if (message.output_config?.effort) run.notes.loss('system_turn_option_dropped', `${path}/output_config`, 'effort')
  const texts = blocksOf(message).flatMap((block, index) => {
    const at = `${path}/content/${index}`
    if (block.type === 'text') return textPart(block, at, run)
    if (block.type !== 'tool_addition' && block.type !== 'tool_removal') run.notes.loss('unknown_block', at, block.type)
    return []
  })
  if (texts.length > 0) draft.turns.push({ kind: 'system', texts, path })
}

function addUser(draft: Draft, message: Anthropic.UserTurn, path: string): void {
  const { run } = draft
  closeAnswer(draft)
  const blocks = blocksOf(message)
  const parts = blocks.flatMap((block, index) => {
    const at = `${path}/content/${index}`
    if (block.type !== 'tool_result') return partsOfBlock(block, at, run)
    return draft.pairs.orphans.has(block) ? orphan(block, at, run) : []
  })
  if (parts.length > 0) draft.turns.push({ kind: 'user', parts, path })
  else if (!blocks.some(isResult)) {
    run.notes.refuse('empty_turn', `${path}/content`, 'a turn without content cannot be sent; leave it out')
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
