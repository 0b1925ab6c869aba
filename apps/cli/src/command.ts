import type { Terminal } from './terminal.ts'

/** One command of `lb`. Resolves to the exit code: 0 fine, 1 the command failed, 2 it was called wrongly. */
export interface Command {
  readonly usage: string
  readonly about: string
  /** What `--help` says of each option. */
  readonly options?: readonly (readonly [option: string, meaning: string])[]
  /** It answers `--help` itself, at greater length. */
  readonly hasOwnHelp?: true
  /** @throws UsageError when the arguments make no sense. */
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** The arguments make no sense; the message says which and what is meant. */
export class UsageError extends Error {}
