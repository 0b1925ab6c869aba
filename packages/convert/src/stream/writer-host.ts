import type { Anthropic } from '@lb/protocol'
import type { Notes } from '../notes.ts'
import type { ArgumentsProgress } from './arguments.ts'

/** What the writer of Anthropic events asks of the conversion that feeds it. */
export interface WriterHost {
  readonly notes: Notes
  /** The message as it stands at the start. */
  head(): Anthropic.Message
  /** The client's id for a call. `undefined`: the upstream gave none. */
  toolId(upstreamId: string | undefined, index: number): string
  toolName(said: string): string
  /** Whether this is the whole name of a tool, whatever comes. */
  isDeclared(said: string): boolean
  /** The name of a call that came without one, if only one is possible. */
  onlyTool(): string | undefined
  /** The signature that closes a reasoning. `hidden` is its text where the client does not see it. */
  signature(key: string, hidden: string): string | undefined
  /** Whether a reasoning may still grow though something else has begun: then that has to wait. */
  isReasoningOpen(key: string): boolean
  /** Whether the text of the reasoning is written. */
  readonly showThinking: boolean
  /** What to do with arguments that are no JSON: wrap them into an object, or fail. */
  readonly invalidArguments: 'wrap' | 'error'
  /** A call whose arguments are still empty when something else arrives has none. */
  readonly emptyArgumentsComplete: boolean
}

/** What of a call has arrived. `id` and `name` are the upstream's. */
export interface CallDelta {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly arguments?: string | undefined
  /** All of the arguments are here: they are checked before they are written. */
  readonly isWhole?: boolean
}

/** A call that has begun. */
export interface KnownCall {
  readonly id: string
  readonly name: string
  /** How far its arguments have come. */
  readonly progress: ArgumentsProgress['state']
}

/** Why a call cannot be given to the client. */
export type CallProblem = 'name-missing' | 'arguments-cut' | 'arguments-invalid' | 'arguments-too-deep'
