import { parentPort } from 'node:worker_threads'
import { type Answers, type Asked, isEnd, type ThreadAsk, type ThreadTell } from './thread-messages.ts'

/** How each kind of question is answered. */
export type Answering<Ask extends ThreadAsk, A extends Answers<Ask>> = {
  readonly [Kind in Ask['kind']]: (ask: Asked<Ask, Kind>) => A[Kind] | Promise<A[Kind]>
}

/**
 * Makes the thread that calls it answer questions. What goes wrong is an answer, too. It ends itself when it is told to, and
 * between two questions: a thread that is ended from outside inside of libsql takes the whole process with it.
 */
export function answerAsks<Ask extends ThreadAsk, A extends Answers<Ask>>(answering: Answering<Ask, A>): void {
  const port = parentPort
  if (port === null) throw new Error('this is a thread of lb, not a program')
  const open = new Set<Promise<void>>()
  port.on('message', (message: unknown) => {
    if (isEnd(message)) return void Promise.all(open).then(() => process.exit())
    const told = answerTo(message as Ask, answering).then((tell) => {
      port.postMessage(tell)
      open.delete(told)
    })
    open.add(told)
  })
}

/** The answer to one question; it never throws. */
export async function answerTo<Ask extends ThreadAsk, A extends Answers<Ask>>(
  ask: Ask,
  answering: Answering<Ask, A>,
): Promise<ThreadTell> {
  const { id } = ask
  try {
    return { id, answer: await (answering[ask.kind as Ask['kind']] as (ask: Ask) => unknown)(ask) }
  } catch (error) {
    const { message, code = '' } = error as NodeJS.ErrnoException
    return { id, answer: null, error: { message, code: String(code) } }
  }
}
