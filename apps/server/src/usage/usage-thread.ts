import { answerAsks } from '../threads/thread-answers.ts'
import { createBookkeeping } from './bookkeeping.ts'

/** The thread that keeps the books: the only one that waits for the disk. It answers every question, in order. */
answerAsks(createBookkeeping())
