import type { Chat, OpenAiErrorBody } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import type { ChatStreamEvent } from './chat-events.ts'
import type { StartOn, StreamError, StreamReport } from './report.ts'

/** Writes the chunks of one answer: the same head in all of them, the role first, the usage last. */
export interface ChatWriter {
  /** Who answers. Counts the first time. */
  identify(id: string): void
  /** The answer has begun, with or without content. */
  begin(): void
  delta(delta: Chat.Delta): void
  /** A sign of life. Before the first chunk it would commit the answer, so it is left out there. */
  comment(text: string): void
  finish(reason: Chat.FinishReason): void
  /** Writes the usage, if the client asked for it, and the end mark. */
  end(usage: Chat.Usage): void
  fail(error: Omit<StreamError, 'isPreStream' | 'body'> & { readonly body: OpenAiErrorBody }): void
  isEnded(): boolean
  hasFinished(): boolean
  take(): readonly ChatStreamEvent[]
  report(): Pick<StreamReport, 'phase' | 'sawContent' | 'error'>
}

/** Starts the chunks of one answer. */
export function createChatWriter(context: ChatClientContext, startOn: StartOn): ChatWriter {
  let events: ChatStreamEvent[] = []
  let id = ''
  let isStarted = false
  let sawContent = false
  let hasFinished = false
  let isDone = false
  let error: StreamError | undefined

  function chunk(choices: readonly Chat.ChunkChoice[], usage?: Chat.Usage): void {
    const said = context.includeUsage ? { usage: usage ?? null } : {}
    const head = { id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: context.createdEpochS } as const
    events.push({ type: 'chunk', chunk: { ...head, model: context.model, choices, ...said } })
  }

  function choice(delta: Chat.Delta, finish_reason: Chat.FinishReason | null): void {
    chunk([{ index: 0, delta, logprobs: null, finish_reason }])
  }

  function start(): void {
    if (isStarted) return
    isStarted = true
    choice({ role: 'assistant', content: '' }, null)
  }

  return {
    identify(known) {
      id ||= known
    },
    begin() {
      if (startOn === 'first-chunk') start()
    },
    delta(delta) {
      sawContent = true
      start()
      choice(delta, null)
    },
    comment(text) {
      if (isStarted) events.push({ type: 'comment', text })
    },
    finish(reason) {
      hasFinished = true
      start()
      choice({}, reason)
    },
    end(usage) {
      isDone = true
      if (context.includeUsage) chunk([], usage)
      events.push({ type: 'done' })
    },
    fail({ status, body, upstream }) {
      error = { isPreStream: !isStarted, status, body, upstream }
      if (isStarted) events.push({ type: 'error', body })
    },
    isEnded: () => isDone || error !== undefined,
    hasFinished: () => hasFinished,
    take() {
      const taken = events
      events = []
      return taken
    },
    report() {
      const phase = error !== undefined ? 'failed' : isDone ? 'finished' : isStarted ? 'started' : 'waiting'
      return { phase, sawContent, error }
    },
  }
}
