import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'

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
  /** Calls `reload` when the process is asked to read its configuration again (SIGHUP). */
  onReload(reload: () => void): void
  /** Opens the input for questions. Close it, or the process does not end. */
  prompt(): Prompt
}

/** Questions to a person, or to whatever is at the other end of a pipe. */
export interface Prompt {
  /** @returns the line that was typed; `undefined` when there is nobody to type one, or `signal` came first. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>
  close(): void
}

/** The root for somebody whose folder has been deleted under him: only relative paths lead nowhere then. */
function workingFolder(): string {
  try {
    return process.cwd()
  } catch {
    return '/'
  }
}

let stops = 0
const stopListeners: ((count: number) => void)[] = []

/** The real process. Colours only on a terminal, and not where NO_COLOR says no. @see https://no-color.org */
export const processTerminal: Terminal = {
  env: process.env,
  cwd: workingFolder(),
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  color: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  prompt: openPrompt,
  onStop(stop) {
    stopListeners.push(stop)
    if (stopListeners.length > 1) return
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, tellStop)
  },
  onReload(reload) {
    const hadTerminal = hasTerminal()
    process.on('SIGHUP', () => {
      // The other meaning of the signal: the terminal in which lb was started has been closed.
      if (hadTerminal && !hasTerminal()) tellStop()
      else reload()
    })
  },
}

/**
 * `lb check | head -1`, `lb start | head`: whoever read the output has left, or its disk is full. What a command does, and its
 * exit code, do not depend on that; without this, Node ends the process with a stack trace.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}

function tellStop(): void {
  stops += 1
  for (const stop of stopListeners) stop(stops)
}

/** Whether there is a terminal that this process would be stopped from. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

function openPrompt(): Prompt {
  const lines = createInterface({ input: process.stdin })
  const typed: string[] = []
  let isOver = false
  let wake = (): void => undefined
  lines.on('line', (line) => {
    typed.push(line)
    wake()
  })
  lines.on('close', () => {
    isOver = true
    wake()
  })
  return {
    async ask(question, signal) {
      process.stdout.write(question)
      while (typed.length === 0 && !isOver && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      return signal.aborted ? undefined : typed.shift()
    },
    close() {
      lines.close()
      // A file, such as /dev/null, has none, and keeps no process alive.
      if ('unref' in process.stdin) process.stdin.unref()
    },
  }
}

/** Text in bold where colours are wanted. */
export function bold({ color }: Terminal, text: string): string {
  return color ? `\u001b[1m${text}\u001b[22m` : text
}
