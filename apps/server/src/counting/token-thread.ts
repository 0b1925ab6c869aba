import { answerAsks } from '../threads/thread-answers.ts'
import { createTokenAnswers } from './token-answers.ts'

/** The thread that counts tokens by the vocabulary. */
answerAsks(createTokenAnswers())
