import type { Anthropic } from '@lb/protocol'
import { type ArgumentsProgress, createArgumentsProgress } from './arguments.ts'
import { type Block, type Closing, closed } from './blocks.ts'
import { normalizedArguments } from './tool-input.ts'
import type { CallDelta, CallProblem, KnownCall, WriterHost } from './writer-host.ts'

/** A tool call in the making. */
export interface CallBlock extends Block {
  /** Returns what is wrong with the call by now. */
  push(delta: CallDelta): CallProblem | undefined
  known(): KnownCall
  /** Whether the client has got it. */
  isWritten(): boolean
}

interface Call {
  readonly host: WriterHost
  readonly index: number
  progress: ArgumentsProgress
  id: string | undefined
  name: string
  /** Arguments that were not written yet. */
  pieces: string[]
  isWhole: boolean
  isStarted: boolean
  isClosed: boolean
}

/**
 * A tool call. Its arguments are written as they come once an object has begun, because an object is what they have to be.
 * Anything else is kept until the call has ended, when it can be made one.
 */
export function createCallBlock(key: string, index: number, host: WriterHost): CallBlock {
  const call: Call = {
    host,
    index,
    progress: createArgumentsProgress(),
    id: undefined,
    name: '',
    pieces: [],
    isWhole: false,
    isStarted: false,
    isClosed: false,
  }
  return {
    kind: 'call',
    key,
    push: (delta) => push(call, delta),
    isWritten: () => call.isStarted,
    known: () => ({ id: call.id ?? '', name: call.name, progress: call.progress.state }),
    isReady: () => isReady(call),
    isHolding: () => isHolding(call),
    head: () => head(call),
    take: () => (isLive(call) && call.pieces.length > 0 && !isBlank(call) ? [input(takeText(call))] : []),
    close: (isCut) => close(call, isCut),
  }
}

function push(call: Call, delta: CallDelta): CallProblem | undefined {
  if (delta.id) call.id ??= delta.id
  if (delta.name && !call.isStarted) call.name = grownName(call.name, delta.name)
  if (delta.isWhole === true) call.isWhole = true
  if (delta.arguments === undefined) return undefined
  if (isBlank(call) && !call.isClosed && delta.arguments.trimStart().startsWith('{')) {
    call.pieces = []
    call.progress = createArgumentsProgress()
  }
  const length = call.isClosed ? 0 : call.progress.push(delta.arguments)
  if (length > 0) call.pieces.push(delta.arguments.slice(0, length))
  if (delta.arguments.slice(length).trim() !== '') call.host.notes.loss('tool_delta_late', '')
  return call.progress.isTooDeep ? 'arguments-too-deep' : undefined
}

/**
 * Whether the arguments are an empty object, and the client has not seen it yet. Some gateways send one at the beginning of
 * every call, and the arguments behind it.
 *
 * @see https://github.com/openai/openai-agents-js/pull/712
 */
function isBlank({ progress, pieces }: Call): boolean {
  return progress.isBlank && pieces.length > 0
}

/** Some servers repeat the name, some send it in pieces, some send all of it so far. */
function grownName(known: string, said: string): string {
  if (said.startsWith(known)) return said
  return known.endsWith(said) ? known : known + said
}

/** Whether the name will not grow any more. */
function isReady({ name, isStarted, isWhole, progress, host }: Call): boolean {
  return name !== '' && (isStarted || isWhole || progress.state !== 'empty' || host.isDeclared(name))
}

function isHolding({ name, isWhole, progress, host }: Call): boolean {
  if (name === '') return true
  return !isWhole && progress.state !== 'complete' && !(host.emptyArgumentsComplete && progress.state === 'empty')
}

function isLive({ isWhole, progress }: Call): boolean {
  return !isWhole && (progress.state === 'object' || progress.state === 'complete')
}

function head(call: Call): Anthropic.MessageBlock {
  const { host, id, index, name } = call
  call.isStarted = true
  return {
    type: 'tool_use',
    id: host.toolId(id, index),
    name: host.toolName(name),
    input: {},
    caller: { type: 'direct' },
  }
}

function takeText(call: Call): string {
  const text = call.pieces.join('')
  call.pieces = []
  return text
}

function close(call: Call, isCut: boolean): Closing {
  call.isClosed = true
  const unnamed = call.name === '' ? nameless(call) : undefined
  if (unnamed !== undefined) return unnamed
  if (!isLive(call)) return closeKept(call, isCut)
  if (call.progress.state === 'object' && !isCut) return { kind: 'problem', problem: 'arguments-cut' }
  return call.pieces.length > 0 ? closed(input(takeText(call))) : closed()
}

/** What becomes of a call without a name. `undefined`: it has got one. */
function nameless(call: Call): Closing | undefined {
  const { host, progress } = call
  if (progress.state === 'empty') {
    host.notes.loss('tool_call_dropped', '')
    return { kind: 'dropped' }
  }
  const only = host.onlyTool()
  if (only === undefined) return { kind: 'problem', problem: 'name-missing' }
  host.notes.loss('tool_name_guessed', '')
  call.name = only
  return undefined
}

/** The end of arguments that were kept until now. */
function closeKept(call: Call, isCut: boolean): Closing {
  const { host } = call
  const text = takeText(call)
  if (text.trim() === '') return closed(input(''))
  const normalized = normalizedArguments(text, host.notes)
  if (normalized.ok) return closed(input(normalized.value))
  if (normalized.error === 'arguments-too-deep') return { kind: 'problem', problem: normalized.error }
  if (isCut) return closed(input(text))
  host.notes.loss('tool_arguments_invalid', '')
  if (host.invalidArguments === 'error') return { kind: 'problem', problem: 'arguments-invalid' }
  return closed(input(JSON.stringify({ _raw: text })))
}

function input(text: string): Anthropic.Delta {
  return { type: 'input_json_delta', partial_json: text }
}
