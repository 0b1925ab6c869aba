import type { Anthropic } from '@lb/protocol'
import type { Run } from './run.ts'

/**
 * Which result answers which call.
 *
 * Anthropic's rule is that results stand at the start of the next user turn. Other clients are careless: results behind
 * text, results of parallel calls over two turns, an instruction in between, a result twice. All of that has one meaning,
 * so all of it is paired here, and the turns can be built in the one order that every upstream accepts.
 */
export interface Pairs {
  /** By the block of the call. Absent: nobody ever answered. */
  readonly resultOf: ReadonlyMap<Anthropic.RequestBlock, PairedResult>
  /** The id of a call: the client's, or one that counts where it stands for another call already. */
  readonly idOf: ReadonlyMap<Anthropic.RequestBlock, string>
  /** Results that answer nothing. */
  readonly orphans: ReadonlySet<Anthropic.RequestBlock>
}

export interface PairedResult {
  readonly block: Anthropic.ToolResultBlock | Anthropic.ServerToolResultBlock
  readonly path: string
  /** Results are sent in the order in which they came. */
  readonly order: number
}

interface OpenCall {
  readonly block: Anthropic.RequestBlock
  /** How much had been said when the turn of the call ended. */
  saidBefore: number
}

/** Calls of one turn with one id. */
interface Sharing {
  readonly ofTurn: readonly OpenCall[]
  readonly calls: OpenCall[]
  answered: number
}

/** Pairs calls and results of `messages`. Reports results that have to be moved, and duplicates. */
export function pairResults(messages: readonly Anthropic.Turn[], run: Run): Pairs {
  const resultOf = new Map<Anthropic.RequestBlock, PairedResult>()
  const orphans = new Set<Anthropic.RequestBlock>()
  const idOf = new Map<Anthropic.RequestBlock, string>()
  // The calls of each id in the last turn that has it: where one stands for several, results come in their order.
  const calls = new Map<string, Sharing>()
  const uses = new Map<string, number>()
  let callsOfTurn: OpenCall[] = []
  let said = 0
  let order = 0

  function call(block: Anthropic.RequestBlock, id: string): void {
    const opened = { block, saidBefore: said }
    const sharing = calls.get(id)
    if (sharing?.ofTurn === callsOfTurn) sharing.calls.push(opened)
    else calls.set(id, { ofTurn: callsOfTurn, calls: [opened], answered: 0 })
    callsOfTurn.push(opened)
    const count = (uses.get(id) ?? 0) + 1
    uses.set(id, count)
    idOf.set(block, count === 1 ? id : `${id}#${count}`)
  }

  function result(block: PairedResult['block'], path: string): void {
    const sharing = calls.get(block.tool_use_id)
    if (sharing === undefined) {
      orphans.add(block)
      return
    }
    const answered = (sharing.calls[sharing.answered] ?? sharing.calls.at(-1)) as OpenCall
    sharing.answered += 1
    if (resultOf.has(answered.block)) run.notes.loss('tool_result_duplicate', path)
    else if (block.type === 'tool_result' && answered.saidBefore !== said) run.notes.loss('tool_result_moved', path)
    resultOf.set(answered.block, { block, path, order })
    order += 1
  }

  for (const [index, turn] of messages.entries()) {
    const isAnswer = turn.role === 'assistant'
    if (!isAnswer) callsOfTurn = []
    for (const [at, block] of blocksOf(turn).entries()) {
      if (isCall(block)) call(block, block.id)
      else if (isResult(block)) result(block, `/messages/${index}/content/${at}`)
      else said += 1
    }
    // What is said behind a call, in the same turn or in the next of the same role, stands before the results anyway.
    if (isAnswer) for (const opened of callsOfTurn) opened.saidBefore = said
  }
  return { resultOf, idOf, orphans }
}

/** A turn's blocks. A string is one text. */
export function blocksOf({ content }: Anthropic.Turn): readonly Anthropic.RequestBlock[] {
  if (typeof content !== 'string') return content ?? []
  return content === '' ? [] : [{ type: 'text', text: content }]
}

export type CallBlock = Anthropic.ToolUseBlock | Anthropic.ServerToolUseBlock | Anthropic.McpToolUseBlock

/** Whether a block is a call, of whichever kind. */
export function isCall(block: Anthropic.RequestBlock): block is CallBlock {
  return block.type === 'tool_use' || block.type === 'server_tool_use' || block.type === 'mcp_tool_use'
}

/** Whether a block is the result of a call, of whichever kind: those of tools that are yet to come have such a name, too. */
export function isResult(block: Anthropic.RequestBlock): block is PairedResult['block'] {
  return block.type.endsWith('tool_result') && 'tool_use_id' in block && typeof block.tool_use_id === 'string'
}
