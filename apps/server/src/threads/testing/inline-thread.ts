import type { Thread, ThreadListener } from '../start-thread.ts'
import { type Answering, answerTo } from '../thread-answers.ts'
import type { Answers, ThreadAsk } from '../thread-messages.ts'

/** Threads that are none: they answer on the thread that asks, a moment later, from a copy of the question. */
export interface InlineThreads {
  start(listener: ThreadListener): Thread
  /** The running ones die. What they were asked and have not answered is lost. */
  kill(): void
  /** How many were started. */
  started(): number
}

/** @param answering made anew for each thread, as its memory is. */
export function inlineThreads<Ask extends ThreadAsk, A extends Answers<Ask>>(
  answering: () => Answering<Ask, A>,
): InlineThreads {
  const running = new Map<object, ThreadListener>()
  let started = 0
  return {
    start(listener) {
      const own = {}
      const answers = answering()
      running.set(own, listener)
      started += 1
      let before: Promise<unknown> = Promise.resolve()
      return {
        ask(message) {
          const question = structuredClone(message) as Ask
          before = before.then(async () => {
            if (!running.has(own)) return
            const tell = await answerTo(question, answers)
            if (running.has(own)) listener.told(tell)
          })
        },
        end() {
          running.delete(own)
          return before.then(() => {})
        },
      }
    },
    kill() {
      const dying = [...running.values()]
      running.clear()
      for (const listener of dying) listener.died(new Error('killed'))
    },
    started: () => started,
  }
}
