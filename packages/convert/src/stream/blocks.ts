import type { Anthropic } from '@lb/protocol'
import { createArgumentsProgress } from './arguments.ts'
import { normalizedArguments } from './tool-input.ts'
import type { CallDelta, CallProblem, KnownCall, WriterHost } from './writer-host.ts'

/** One block of an answer in the making: it takes what is said, and gives what can be written. */
export interface Block {
  readonly kind: 'text' | 'thinking' | 'redacted' | 'call'
  /** Tells blocks of one kind apart. */
  readonly key: string
  /** Whether its first event can be written. */
  isReady(): boolean
  /** Whether what comes behind it has to wait. */
  isHolding(): boolean
  head(): Anthropic.MessageBlock
  /** What can be written now. */
  take(): readonly Anthropic.Delta[]
  /** What is left to write at its end; or that there is no block at all; or what is wrong with it. */
  close(isCut: boolean): Closing
}

export type Closing =
  | { readonly kind: 'closed'; readonly deltas: readonly Anthropic.Delta[] }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'problem'; readonly problem: CallProblem }

const closed = (...deltas: readonly Anthropic.Delta[]): Closing => ({ kind: 'closed', deltas })

/** A block that grows by pieces of text. */
export interface TextualBlock extends Block {
  push(piece: string): void
}

/** Text: written as it comes. */
export function createTextBlock(key: string): TextualBlock {
  let pieces: string[] = []
  return {
    kind: 'text',
    key,
    isReady: () => true,
    isHolding: () => false,
    head: () => ({ type: 'text', text: '', citations: null }),
    push: (piece) => pieces.push(piece),
    take() {
      const deltas = pieces.map((text): Anthropic.Delta => ({ type: 'text_delta', text }))
      pieces = []
      return deltas
    },
    close: () => closed(),
  }
}

/** Reasoning: written as it comes, with one signature at its end, whole: clients replace a signature, they never append. */
export function createThinkingBlock(key: string, host: WriterHost): TextualBlock {
  let pieces: string[] = []
  let hidden = ''
  return {
    kind: 'thinking',
    key,
    isReady: () => true,
    isHolding: () => host.isReasoningOpen(key),
    head: () => ({ type: 'thinking', thinking: '', signature: '' }),
    push(piece) {
      if (piece === '') return
      if (host.showThinking) pieces.push(piece)
      else hidden += piece
    },
    take() {
      const deltas = pieces.map((thinking): Anthropic.Delta => ({ type: 'thinking_delta', thinking }))
      pieces = []
      return deltas
    },
    close() {
      const signature = host.signature(key, hidden)
      return signature === undefined ? closed() : closed({ type: 'signature_delta', signature })
    },
  }
}

/** Reasoning that only its vendor can read: one piece of data, all of it in the first event. */
export function createRedactedBlock(data: string): Block {
  return {
    kind: 'redacted',
    key: '',
    isReady: () => true,
    isHolding: () => false,
    head: () => ({ type: 'redacted_thinking', data }),
    take: () => [],
    close: () => closed(),
  }
}

/** A tool call in the making. */
export interface CallBlock extends Block {
  push(delta: CallDelta): void
  known(): KnownCall
}

/**
 * A tool call. Its arguments are written as they come once an object has begun, because an object is what they have to be.
 * Anything else is kept until the call has ended, when it can be made one.
 */
export function createCallBlock(key: string, index: number, host: WriterHost): CallBlock {
  const progress = createArgumentsProgress()
  let id: string | undefined
  let name = ''
  let pieces: string[] = []
  let isWhole = false
  let isStarted = false
  let isClosed = false

  function push(delta: CallDelta): void {
    if (delta.id) id ??= delta.id
    if (delta.name && !isStarted) name = grownName(name, delta.name)
    if (delta.isWhole === true) isWhole = true
    if (delta.arguments === undefined) return
    const length = isClosed ? 0 : progress.push(delta.arguments)
    if (length > 0) pieces.push(delta.arguments.slice(0, length))
    if (delta.arguments.slice(length).trim() !== '') host.notes.loss('tool_delta_late', '')
  }

  function takeText(): string {
    const text = pieces.join('')
    pieces = []
    return text
  }

  function isHolding(): boolean {
    if (isWhole || progress.state === 'complete') return false
    return !(host.emptyArgumentsComplete && progress.state === 'empty' && name !== '')
  }

  /** The rest of arguments that were kept until now. */
  function closeKept(isCut: boolean): Closing {
    const text = takeText()
    const normalized = normalizedArguments(text, host.notes)
    if (normalized !== undefined) return closed(input(normalized === '{}' && text.trim() !== '{}' ? '' : normalized))
    if (isCut) return closed(input(text))
    host.notes.loss('tool_arguments_invalid', '')
    if (host.invalidArguments === 'error') return { kind: 'problem', problem: 'arguments-invalid' }
    return closed(input(JSON.stringify({ _raw: text })))
  }

  return {
    kind: 'call',
    key,
    push,
    known: () => ({ id: id ?? '', name, progress: progress.state }),
    isReady: () => name !== '' && (isStarted || isWhole || progress.state !== 'empty' || host.isDeclared(name)),
    isHolding,
    head() {
      isStarted = true
      return {
        type: 'tool_use',
        id: host.toolId(id, index),
        name: host.toolName(name),
        input: {},
        caller: { type: 'direct' },
      }
    },
    take() {
      const isLive = !isWhole && (progress.state === 'object' || progress.state === 'complete')
      return isLive && pieces.length > 0 ? [input(takeText())] : []
    },
    close(isCut) {
      isClosed = true
      if (name === '') {
        if (progress.state === 'empty') {
          host.notes.loss('tool_call_dropped', '')
          return { kind: 'dropped' }
        }
        const guessed = host.onlyTool()
        if (guessed === undefined) return { kind: 'problem', problem: 'name-missing' }
        host.notes.loss('tool_name_guessed', '')
        name = guessed
      }
      if (isWhole || progress.state === 'empty' || progress.state === 'other') return closeKept(isCut)
      if (progress.state === 'object' && !isCut) return { kind: 'problem', problem: 'arguments-cut' }
      return pieces.length > 0 ? closed(input(takeText())) : closed()
    },
  }
}

function input(text: string): Anthropic.Delta {
  return { type: 'input_json_delta', partial_json: text }
}

/** Some servers repeat the name, some send it in pieces, some send all of it so far. */
function grownName(known: string, said: string): string {
  if (said.startsWith(known)) return said
  return known.endsWith(said) ? known : known + said
}
