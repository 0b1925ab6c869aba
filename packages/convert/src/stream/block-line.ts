import type { Anthropic } from '@lb/protocol'
import type { Block } from './blocks.ts'
import type { CallProblem } from './writer-host.ts'

/** The blocks of an answer in their order: one is being written, the others wait behind it. */
export interface BlockLine {
  readonly head: () => Anthropic.Message
  events: Anthropic.Event[]
  isStarted: boolean
  sawBlock: boolean
  open: Block | undefined
  isOpenWritten: boolean
  /** The number of the open block. */
  index: number
  waiting: Block[]
  // Blocks before this one have left the line. The list is cut when half of it has, so that leaving costs nothing.
  front: number
  problem: CallProblem | undefined
}

/** Starts an empty line. `head` is asked for the message when the first event is written. */
export function createBlockLine(head: () => Anthropic.Message): BlockLine {
  return {
    head,
    events: [],
    isStarted: false,
    sawBlock: false,
    open: undefined,
    isOpenWritten: false,
    index: 0,
    waiting: [],
    front: 0,
    problem: undefined,
  }
}

/** Writes `message_start`, once. */
export function startLine(line: BlockLine): void {
  if (line.isStarted) return
  line.isStarted = true
  line.events.push({ type: 'message_start', message: line.head() })
}

/** Puts a block at the end. */
export function joinLine(line: BlockLine, block: Block): void {
  line.sawBlock = true
  line.waiting.push(block)
}

/** The block behind which the next one would stand. */
export function lastInLine(line: BlockLine): Block | undefined {
  return line.front < line.waiting.length ? line.waiting.at(-1) : line.open
}

/** Writes what can be written by now, and lets the line move on as far as nothing holds it. */
export function writeLine(line: BlockLine): void {
  if (line.problem !== undefined) return
  writeOpen(line)
  while (hasNext(line) && line.open?.isHolding() !== true) next(line, false)
  shorten(line)
}

/** Writes everything. `isCut`: the answer was cut off, so that a block may be incomplete. */
export function endLine(line: BlockLine, isCut: boolean): void {
  while (hasNext(line)) next(line, isCut)
  if (line.problem === undefined) closeOpen(line, isCut)
}

function hasNext(line: BlockLine): boolean {
  return line.problem === undefined && line.front < line.waiting.length
}

function next(line: BlockLine, isCut: boolean): void {
  closeOpen(line, isCut)
  if (line.problem !== undefined) return
  line.open = line.waiting[line.front]
  line.front += 1
  writeOpen(line)
}

function shorten(line: BlockLine): void {
  if (line.front * 2 <= line.waiting.length) return
  line.waiting = line.waiting.slice(line.front)
  line.front = 0
}

function writeOpen(line: BlockLine): void {
  if (line.open === undefined || !line.open.isReady()) return
  writeHead(line, line.open)
  writeDeltas(line, line.open.take())
}

function writeHead(line: BlockLine, block: Block): void {
  if (line.isOpenWritten) return
  line.isOpenWritten = true
  startLine(line)
  line.events.push({ type: 'content_block_start', index: line.index, content_block: block.head() })
}

function writeDeltas(line: BlockLine, deltas: readonly Anthropic.Delta[]): void {
  for (const delta of deltas) line.events.push({ type: 'content_block_delta', index: line.index, delta })
}

function closeOpen(line: BlockLine, isCut: boolean): void {
  if (line.open === undefined) return
  const closing = line.open.close(isCut)
  if (closing.kind === 'problem') {
    line.problem = closing.problem
    return
  }
  if (closing.kind === 'closed') {
    writeHead(line, line.open)
    writeDeltas(line, closing.deltas)
    line.events.push({ type: 'content_block_stop', index: line.index })
    line.index += 1
  }
  line.open = undefined
  line.isOpenWritten = false
}
