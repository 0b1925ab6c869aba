import type { Anthropic } from '@lb/protocol'
import {
  type Block,
  type CallBlock,
  createCallBlock,
  createRedactedBlock,
  createTextBlock,
  createThinkingBlock,
  type TextualBlock,
} from './blocks.ts'
import type { CallDelta, CallProblem, KnownCall, WriterHost } from './writer-host.ts'

/**
 * Brings what an answer says, in whatever order it arrives, into Anthropic's grammar: blocks numbered from 0, one open at
 * a time, and a call's arguments never torn apart.
 *
 *   text, thinking ── anything else arrives ──▶ closed
 *   call ── its arguments are whole and something else arrives, or the answer ends ──▶ closed
 *
 * While the arguments of a call are not whole, everything else waits in line behind it; then the line moves on. So a call
 * alone, or calls one after the other, are written as they arrive, and calls that arrive interleaved come out whole, in the
 * order of their first words. Nothing is ever looked at twice: time is linear, and memory holds only what waits.
 */
export interface AnthropicWriter {
  /** `key` tells one text from the next where the upstream keeps them apart. */
  text(piece: string, key?: string): void
  /** `key` tells one reasoning from the next. */
  thinking(key: string, piece: string): void
  redacted(data: string): void
  call(key: string, delta: CallDelta): void
  /** What held the line may hold it no more. */
  release(): void
  /** The call with this key, if it has begun. */
  knownCall(key: string): KnownCall | undefined
  callCount(): number
  /** Writes `message_start` now instead of with the first block. */
  start(): void
  /** Ends all blocks. `isCut`: the answer was cut off, so that a call may be incomplete. */
  endBlocks(isCut: boolean): void
  /** Why a call cannot be given to the client. From then on no block is written any more. */
  problem(): CallProblem | undefined
  /** Writes the end. */
  finish(delta: Anthropic.MessageDelta['delta'], usage: Anthropic.DeltaUsage): void
  /** Writes `error`. */
  fail(body: Anthropic.ErrorBody): void
  /** The events since the last time. */
  take(): readonly Anthropic.Event[]
  isStarted(): boolean
  /** Whether anything was said, written or not. */
  sawContent(): boolean
}

/** Starts the events of one answer. */
export function createAnthropicWriter(host: WriterHost): AnthropicWriter {
  const calls = new Map<string, CallBlock>()
  const line = createLine(() => host.head())

  /** The block that a piece belongs to: the last one if it is of its kind, else a new one. */
  function textual(kind: 'text' | 'thinking', key: string): TextualBlock {
    const last = line.last()
    if (last?.kind === kind && last.key === key) return last as TextualBlock
    const block = kind === 'text' ? createTextBlock(key) : createThinkingBlock(key, host)
    line.add(block)
    return block
  }

  return {
    text(piece, key = '') {
      textual('text', key).push(piece)
      line.write()
    },
    thinking(key, piece) {
      textual('thinking', key).push(piece)
      line.write()
    },
    redacted(data) {
      line.add(createRedactedBlock(data))
      line.write()
    },
    call(key, delta) {
      let block = calls.get(key)
      if (block === undefined) {
        block = createCallBlock(key, calls.size, host)
        calls.set(key, block)
        line.add(block)
      }
      block.push(delta)
      line.write()
    },
    release: () => line.write(),
    knownCall: (key) => calls.get(key)?.known(),
    callCount: () => calls.size,
    start: () => line.start(),
    endBlocks: (isCut) => line.end(isCut),
    problem: () => line.problem(),
    finish(delta, usage) {
      line.start()
      line.emit({ type: 'message_delta', delta, usage })
      line.emit({ type: 'message_stop' })
    },
    fail: (body) => line.emit(body),
    take: () => line.take(),
    isStarted: () => line.isStarted(),
    sawContent: () => line.sawBlock(),
  }
}

/** The blocks of an answer in their order: one is being written, the others wait. */
interface Line {
  add(block: Block): void
  last(): Block | undefined
  /** Writes what can be written by now, and lets the line move on. */
  write(): void
  end(isCut: boolean): void
  problem(): CallProblem | undefined
  start(): void
  emit(event: Anthropic.Event): void
  take(): readonly Anthropic.Event[]
  isStarted(): boolean
  sawBlock(): boolean
}

function createLine(head: () => Anthropic.Message): Line {
  let events: Anthropic.Event[] = []
  let isStarted = false
  let sawBlock = false
  let open: Block | undefined
  let isOpenWritten = false
  let index = 0
  let waiting: Block[] = []
  // Blocks before this one have left the line. The list is cut when half of it has, so that leaving costs nothing.
  let front = 0
  let problem: CallProblem | undefined

  function start(): void {
    if (isStarted) return
    isStarted = true
    events.push({ type: 'message_start', message: head() })
  }

  function writeHead(block: Block): void {
    if (isOpenWritten) return
    isOpenWritten = true
    start()
    events.push({ type: 'content_block_start', index, content_block: block.head() })
  }

  function writeOpen(): void {
    if (open === undefined || !open.isReady()) return
    writeHead(open)
    for (const delta of open.take()) events.push({ type: 'content_block_delta', index, delta })
  }

  function closeOpen(isCut: boolean): void {
    if (open === undefined) return
    const closing = open.close(isCut)
    if (closing.kind === 'problem') {
      problem = closing.problem
      return
    }
    if (closing.kind === 'closed') {
      writeHead(open)
      for (const delta of closing.deltas) events.push({ type: 'content_block_delta', index, delta })
      events.push({ type: 'content_block_stop', index })
      index += 1
    }
    open = undefined
    isOpenWritten = false
  }

  /** Moves the line on while nothing holds it, or to its end. */
  function move(isEnd: boolean, isCut: boolean): void {
    while (problem === undefined && front < waiting.length && (isEnd || open?.isHolding() !== true)) {
      closeOpen(isCut)
      if (problem !== undefined) return
      open = waiting[front]
      front += 1
      writeOpen()
    }
    if (front * 2 > waiting.length) {
      waiting = waiting.slice(front)
      front = 0
    }
  }

  return {
    add(block) {
      sawBlock = true
      waiting.push(block)
    },
    last: () => (front < waiting.length ? waiting.at(-1) : open),
    write() {
      if (problem !== undefined) return
      writeOpen()
      move(false, false)
    },
    end(isCut) {
      move(true, isCut)
      if (problem === undefined) closeOpen(isCut)
    },
    problem: () => problem,
    start,
    emit: (event) => events.push(event),
    take() {
      const taken = events
      events = []
      return taken
    },
    isStarted: () => isStarted,
    sawBlock: () => sawBlock,
  }
}
