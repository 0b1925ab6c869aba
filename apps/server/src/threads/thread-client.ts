import { setTimeout } from 'node:timers/promises'
import type { Thread, ThreadListener } from './start-thread.ts'
import type { Answers, Question, ThreadAsk, ThreadProblem, ThreadTell } from './thread-messages.ts'

/** One of lb's threads as the main thread sees it: questions and answers. */
export interface ThreadClient<Ask extends ThreadAsk, A extends Answers<Ask>> {
  /**
   * Rejects with a {@link ThreadFailure}. The thread is started by the first question, and again when it has died.
   * @param transfer what is given away instead of copied.
   */
  ask<Kind extends Ask['kind']>(question: Question<Ask, Kind>, transfer?: readonly ArrayBuffer[]): Promise<A[Kind]>
  /** Whether there is a thread now. */
  isRunning(): boolean
  /** Ends the thread, if there is one. What is not answered is rejected. A later question starts another. */
  end(): Promise<void>
}

/** What went wrong in a thread, or with it. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure'
  readonly code: string

  constructor({ message, code }: ThreadProblem) {
    super(message)
    this.code = code
  }
}

export interface ThreadClientDeps<Ask extends ThreadAsk> {
  start(listener: ThreadListener): Thread
  /** What a thread is told first and last, without waiting for an answer or not for long. */
  readonly greeting?: () => Question<Ask, Ask['kind']>
  readonly farewell?: Question<Ask, Ask['kind']>
}

/** A thread that has not said goodbye by then is ended without. */
const FAREWELL_MS = 2_000

interface Waiting {
  resolve(answer: unknown): void
  reject(failure: ThreadFailure): void
}

export function createThreadClient<Ask extends ThreadAsk, A extends Answers<Ask>>({
  start,
  greeting,
  farewell,
}: ThreadClientDeps<Ask>): ThreadClient<Ask, A> {
  const waiting = new Map<number, Waiting>()
  let thread: Thread | undefined
  let lastId = 0

  function gone(problem: ThreadProblem): void {
    const lost = [...waiting.values()]
    waiting.clear()
    thread = undefined
    for (const { reject } of lost) reject(new ThreadFailure(problem))
  }

  const listener: ThreadListener = {
    told(message) {
      const { id, answer, error } = message as ThreadTell
      const asked = waiting.get(id)
      waiting.delete(id)
      if (error === undefined) asked?.resolve(answer)
      else asked?.reject(new ThreadFailure(error))
    },
    died: (error) => gone({ message: error?.message ?? 'its thread ended', code: 'ERR_THREAD' }),
  }

  function running(): Thread {
    if (thread !== undefined) return thread
    thread = start(listener)
    lastId += 1
    if (greeting !== undefined) thread.ask({ ...greeting(), id: lastId })
    return thread
  }

  function send(question: object, transfer?: readonly ArrayBuffer[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const to = running()
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      to.ask({ ...question, id: lastId }, transfer)
    })
  }

  return {
    ask: (question, transfer) => send(question, transfer) as Promise<A[typeof question.kind]>,
    isRunning: () => thread !== undefined,
    async end() {
      const ending = thread
      if (ending === undefined) return
      if (farewell !== undefined)
        await Promise.race([send(farewell).catch(() => {}), setTimeout(FAREWELL_MS, undefined, { ref: false })])
      await ending.end()
      if (thread === ending) gone({ message: 'its thread was ended', code: 'ERR_THREAD' })
    },
  }
}
