import type { StreamReader, StreamStep } from '../upstream/stream-reader.ts'
import type { BodyReader } from './body-reader.ts'
import type { Hold } from './hold.ts'

/** How a stream came to its end. */
export type StreamEnding = Extract<StreamStep, { readonly step: 'failed' | 'ended' }>

export interface StreamBody {
  readonly reader: StreamReader
  readonly hold: Hold
  tell(news: 'opened' | 'content' | 'block-completed' | 'progress' | 'ping'): void
  /** Told once, last. */
  ended(ending: StreamEnding): void
  /** Reading threw: a bug of ours. */
  broken(error: unknown): void
}

/**
 * Reads a stream of events: what is for the client goes to the hold, what the attempt loop must know is told.
 *
 * The chunks of one network read come one by one; they are read together and become one write to the client.
 */
export function streamBody({ reader, hold, tell, ended, broken }: StreamBody): BodyReader {
  let pending: Buffer[] = []
  let hasContent = false
  let over = false

  function flush(): void {
    if (pending.length === 0) return
    const chunk = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending)
    pending = []
    take(reader.push(chunk))
    if (!over) tell(reader.heardEvent() ? 'progress' : 'ping')
  }

  function take(steps: readonly StreamStep[]): void {
    for (const step of steps) {
      if (over) return
      takeStep(step)
    }
  }

  function takeStep(step: StreamStep): void {
    switch (step.step) {
      case 'opening':
        hold.opening(step.bytes)
        return tell('opened')
      case 'body':
        hold.body(step.bytes)
        return step.content ? content() : undefined
      case 'block-completed':
        content()
        return tell('block-completed')
      case 'ended':
      case 'failed':
        over = true
        return ended(step)
    }
  }

  function content(): void {
    if (hasContent) return
    hasContent = true
    tell('content')
  }

  /** Whether the body ended or broke off: the events tell whether the answer is whole. */
  function finish(): void {
    flush()
    if (!over) take(reader.end())
  }

  /** Nobody stands above a tick: what is thrown there would end the process. */
  function flushLater(): void {
    try {
      flush()
    } catch (error) {
      broken(error)
    }
  }

  return {
    push(chunk) {
      if (pending.push(chunk) === 1) process.nextTick(flushLater)
      return !hold.isBlocked()
    },
    end: finish,
    broke: finish,
  }
}
