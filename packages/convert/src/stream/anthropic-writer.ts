import type { Anthropic } from '@lb/protocol'
import { createBlockLine, endLine, joinLine, lastInLine, startLine, writeLine } from './block-line.ts'
import { createRedactedBlock, createTextBlock, createThinkingBlock, type TextualBlock } from './blocks.ts'
import { type CallBlock, createCallBlock } from './call-block.ts'
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
  /** Whether a call was written. */
  wroteCall(): boolean
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
  const line = createBlockLine(() => host.head())

  /** The block that a piece belongs to: the last one if it is of its kind, else a new one. */
  function textual(kind: 'text' | 'thinking', key: string): TextualBlock {
    const last = lastInLine(line)
    if (last?.kind === kind && last.key === key) return last as TextualBlock
    const block = kind === 'text' ? createTextBlock(key) : createThinkingBlock(key, host)
    joinLine(line, block)
    return block
  }

  function callBlock(key: string): CallBlock {
    const known = calls.get(key)
    if (known !== undefined) return known
    const block = createCallBlock(key, calls.size, host)
    calls.set(key, block)
    joinLine(line, block)
    return block
  }

  return {
    text(piece, key = '') {
      textual('text', key).push(piece)
      writeLine(line)
    },
    thinking(key, piece) {
      textual('thinking', key).push(piece)
      writeLine(line)
    },
    redacted(data) {
      joinLine(line, createRedactedBlock(data))
      writeLine(line)
    },
    call(key, delta) {
      const problem = callBlock(key).push(delta)
      line.problem ??= problem
      writeLine(line)
    },
    release: () => writeLine(line),
    knownCall: (key) => calls.get(key)?.known(),
    wroteCall: () => [...calls.values()].some((call) => call.isWritten()),
    start: () => startLine(line),
    endBlocks: (isCut) => endLine(line, isCut),
    problem: () => line.problem,
    finish(delta, usage) {
      startLine(line)
      line.events.push({ type: 'message_delta', delta, usage }, { type: 'message_stop' })
    },
    fail: (body) => line.events.push(body),
    take() {
      const taken = line.events
      line.events = []
      return taken
    },
    isStarted: () => line.isStarted,
    sawContent: () => line.sawBlock,
  }
}
