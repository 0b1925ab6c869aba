import type { Terminal } from '../terminal.ts'

/** A terminal that nobody types at, and what was printed on it. */
export interface SaidTerminal extends Terminal {
  readonly outLines: string[]
  readonly errorLines: string[]
}

/** @param env nothing of the real environment is seen. */
export function saidTerminal(cwd: string, env: Terminal['env'] = {}): SaidTerminal {
  const outLines: string[] = []
  const errorLines: string[] = []
  return {
    env: { HOME: cwd, ...env },
    cwd,
    color: false,
    outLines,
    errorLines,
    out: (text) => void outLines.push(text),
    error: (text) => void errorLines.push(text),
    onStop: () => undefined,
    onReload: () => undefined,
    prompt: () => ({ ask: async () => undefined, close: () => undefined }),
  }
}
