import type { Anthropic } from '@lb/protocol'
import type { CallProblem, WriterHost } from './writer-host.ts'

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

/** An end with some last deltas. */
export function closed(...deltas: readonly Anthropic.Delta[]): Closing {
  return { kind: 'closed', deltas }
}

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
