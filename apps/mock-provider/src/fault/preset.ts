import type { Answer } from '../script/answer.ts'
import type { MockScript } from '../script/script.ts'

/** A fault that one request meets, by name. */
export interface FaultPreset {
  /** Rows of the fault catalogue in docs/guides/mock-provider.md; a preset without a row is a variant of a neighbour. */
  readonly rows: readonly number[]
  /** What happens on the wire, in a few words. */
  readonly about: string
  readonly answer: Omit<Answer, 'fault'>
}

/** A fault that connections meet, before any request. */
export interface ConnectionPreset {
  readonly rows: readonly number[]
  readonly about: string
  readonly script: Pick<MockScript, 'accept' | 'refuse'>
}
