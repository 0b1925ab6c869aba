import type { Anthropic, Json } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import { errorBody } from '../errors/openai-to-anthropic.ts'
import { createClientIds, messageId } from '../ids.ts'
import { createNameRestorer } from '../names.ts'
import { MAX_LEVELS } from '../nesting.ts'
import { createNotes, type Notes } from '../notes.ts'
import { anthropicUsage, deltaUsage } from '../usage/chat-to-anthropic.ts'
import { type AnthropicWriter, createAnthropicWriter } from './anthropic-writer.ts'
import { createReasoningNotes, type ReasoningNotes } from './reasoning.ts'
import type { StartOn, StreamError, StreamReport } from './report.ts'
import type { CallProblem } from './writer-host.ts'

/** How an answer is to be written. */
export interface AnswerOptions {
  /** @defaultValue `content` */
  readonly startOn?: StartOn
  /** What to do with the arguments of a call that are no JSON object: wrap them as `_raw`, or fail. @defaultValue `wrap` */
  readonly invalidArguments?: 'wrap' | 'error'
  /** Which model's name the answer shows. @defaultValue `requested` */
  readonly showModel?: 'requested' | 'upstream'
}

/**
 * An Anthropic answer in the making: what every upstream dialect has in common. It knows how an answer begins, ends and
 * fails; the dialects know what is in it.
 */
export interface Answer {
  readonly notes: Notes
  readonly writer: AnthropicWriter
  readonly reasoning: ReasoningNotes
  /** The upstream's id and model, as soon as they are known. */
  identify(id: string, model: string): void
  /** What the answer has cost so far. */
  charge(usage: Anthropic.Usage): void
  /** Keeps what has no place in the answer. */
  keep(name: string, value: Json): void
  /** Something arrived, content or not. */
  begin(): void
  /** Ends all blocks. `isCut`: the answer was cut off, so that a call may be incomplete. */
  close(isCut: boolean): void
  /** Ends the answer, once its blocks are ended. */
  finish(ending: AnswerEnding): void
  fail(status: number, body: Anthropic.ErrorBody, upstream?: Json): void
  /** Fails if a call cannot be given to the client. */
  failWithProblem(): void
  isEnded(): boolean
  take(): readonly Anthropic.Event[]
  report(isSatisfied: boolean): StreamReport
}

/** Why an answer ended, in Anthropic's terms. */
export interface AnswerEnding {
  readonly reason: Anthropic.StopReason
  readonly sequence: string | null
}

/** Starts an answer. */
export function createAnswer(context: ConversionContext, options: AnswerOptions): Answer {
  const notes = createNotes()
  const reasoning = createReasoningNotes(context)
  const head = createHead(context, options)
  const writer = writerFor(context, options, { notes, reasoning, head })
  const aside: { [name: string]: Json } = Object.create(null)
  let usage: Anthropic.Usage | undefined
  let isFinished = false
  let error: StreamError | undefined

  function fail(status: number, body: Anthropic.ErrorBody, upstream?: Json): void {
    error = { isPreStream: !writer.isStarted(), status, body, upstream }
    if (writer.isStarted()) writer.fail(body)
  }

  function close(isCut: boolean): void {
    writer.endBlocks(isCut)
    failWithProblem()
  }

  function failWithProblem(): void {
    const problem = writer.problem()
    if (problem !== undefined && error === undefined) fail(500, errorBody('api_error', problems[problem], null))
  }

  function finish({ reason, sequence }: AnswerEnding): void {
    if (error !== undefined) return
    if (!writer.sawContent()) notes.loss('empty_response', '')
    if (usage === undefined) notes.loss('usage_missing', '/usage')
    isFinished = true
    writer.finish(
      { stop_reason: reason, stop_sequence: sequence, stop_details: detailsOf(reason), container: null },
      deltaUsage(usage ?? noUsage),
    )
  }

  const report = (isSatisfied: boolean): StreamReport => ({
    phase: error !== undefined ? 'failed' : isFinished ? 'finished' : writer.isStarted() ? 'started' : 'waiting',
    sawContent: writer.sawContent(),
    error,
    usage,
    losses: notes.losses(),
    aside: { ...aside },
    isSatisfied,
  })

  return {
    notes,
    writer,
    reasoning,
    identify: head.identify,
    charge(known) {
      usage = known
    },
    keep(name, value) {
      aside[name] = value
    },
    begin() {
      if (options.startOn === 'first-chunk') writer.start()
    },
    close,
    finish,
    fail,
    failWithProblem,
    isEnded: () => isFinished || error !== undefined,
    take: () => writer.take(),
    report,
  }
}

/** The writer of the answer's blocks, with what the request said about them. */
function writerFor(
  context: ConversionContext,
  options: AnswerOptions,
  { notes, reasoning, head }: { readonly notes: Notes; readonly reasoning: ReasoningNotes; readonly head: Head },
): AnthropicWriter {
  return createAnthropicWriter({
    ...callsOf(context),
    signature: reasoning.signature,
    isReasoningOpen: reasoning.isOpen,
    notes,
    head: head.message,
    showThinking: context.showThinking,
    invalidArguments: options.invalidArguments ?? 'wrap',
    emptyArgumentsComplete: context.profile.emptyArgumentsComplete,
  })
}

const problems: Readonly<Record<CallProblem, string>> = {
  'name-missing': 'the model called a tool without saying which',
  'arguments-cut': 'the arguments of a tool call ended early',
  'arguments-invalid': 'the arguments of a tool call are not a JSON object',
  'arguments-too-deep': `the arguments of a tool call nest deeper than ${MAX_LEVELS} levels`,
}

function detailsOf(reason: Anthropic.StopReason): Anthropic.Message['stop_details'] {
  return reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null
}

const noUsage: Anthropic.Usage = /* @__PURE__ */ anthropicUsage({
  input: 0,
  read: 0,
  written: 0,
  output: 0,
  thinking: undefined,
  tier: null,
})

/** How calls are named and numbered for the client. */
function callsOf(context: ConversionContext): {
  readonly toolId: (upstreamId: string | undefined, index: number) => string
  readonly toolName: (said: string) => string
  readonly isDeclared: (said: string) => boolean
  readonly onlyTool: () => string | undefined
} {
  const ids = createClientIds(context.usedToolIds, context.seed)
  const nameOf = createNameRestorer(context.renamedTools, context.tools)
  const declared = [...context.tools, ...Object.keys(context.renamedTools)]
  return {
    toolId: (upstreamId, index) => (upstreamId === undefined ? ids.generate(index) : ids.of(upstreamId)),
    toolName: nameOf,
    // A name that begins another one may still grow.
    isDeclared: (said) => declared.includes(said) && declared.every((name) => name === said || !name.startsWith(said)),
    onlyTool: () => context.forcedTool ?? (context.tools.length === 1 ? context.tools[0] : undefined),
  }
}

interface Head {
  message(): Anthropic.Message
  identify(id: string, model: string): void
}

/** The message as it stands at the start, when nothing is known but who answers. */
function createHead(context: ConversionContext, options: AnswerOptions): Head {
  let id = ''
  let model = ''
  return {
    identify(knownId, knownModel) {
      id ||= context.profile.constantIds ? '' : knownId
      model ||= knownModel
    },
    message: () => ({
      id: messageId(id, context.seed),
      type: 'message',
      role: 'assistant',
      model: options.showModel === 'upstream' && model !== '' ? model : context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: { ...noUsage, input_tokens: context.inputTokensEstimate },
    }),
  }
}
