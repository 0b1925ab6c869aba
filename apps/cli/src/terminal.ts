/** Where a command reads and writes: the process, or a test's stand-in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  out(text: string): void
  error(text: string): void
  /** Whether somebody reads the output as it comes, and wants colours. */
  readonly color: boolean
  /** Calls `stop` when the process is asked to end; the second call means "now". */
  onStop(stop: (count: number) => void): void
}

let stops = 0

/** The real process. Colours only on a terminal, and not where NO_COLOR says no. @see https://no-color.org */
export const processTerminal: Terminal = {
  env: process.env,
  cwd: process.cwd(),
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  color: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  onStop(stop) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        stops += 1
        stop(stops)
      })
    }
  },
}

/** Text in bold where colours are wanted. */
export function bold({ color }: Terminal, text: string): string {
  return color ? `\u001b[1m${text}\u001b[22m` : text
}
