import { Writable } from 'node:stream'
import pino, { type Logger, type LoggerOptions } from 'pino'
import { type BatchedLines, batchedLines } from './batched.ts'
import { type RotatingFile, rotatingFile } from './rotating-file.ts'

/**
 * The log. One JSON object a line with flat fields, so that the users' habits work: `jq 'select(.level == "ERROR")'`,
 * `select(.message | contains("oauth"))`. No secret and no prompt is ever given to it: see docs/guides/logs.md for the fields.
 */
export type Log = Logger

export interface LogOptions extends LogSettings {
  /** Where the console lines go, and whether somebody reads them there. */
  readonly console: NodeJS.WriteStream
}

/** What can change while lb runs. */
export interface LogSettings {
  readonly level: LogLevel
  /** The log file; empty: none. Its folder is made. */
  readonly filePath: string
  /** Size at which it is rotated, and how many are kept, it included. */
  readonly maxBytes: number
  readonly maxFiles: number
  readonly color: boolean
}

/** A log that is open. */
export interface OpenLog {
  readonly log: Log
  /** Goes on with other settings. No line is lost: those before the change are in the old file. */
  adopt(settings: LogSettings): void
  /** Resolves when everything is written, or cannot be. */
  close(): Promise<void>
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Opens the log. A file that cannot be written never stops anything: it is said once on the console, and serving goes on. */
export async function openLog({ console, ...first }: LogOptions): Promise<OpenLog> {
  const toConsole = await consoleStreams(console)
  let settings: LogSettings = first
  let terminal = toConsole(settings)
  let file = openFile(settings)
  /** Files of earlier settings, until they are written. */
  let earlier: Promise<unknown> = Promise.resolve()
  const both = {
    write(lines: string | Buffer) {
      terminal.write(lines)
      file?.write(lines)
    },
  }
  // The formatter for people takes one line at a time, and people are few.
  const lines: BatchedLines = console.isTTY ? { ...both, flush() {} } : batchedLines(both)
  const log = pino({ level: settings.level, ...lineFormat }, lines)
  process.once('exit', lines.flush)

  function openFile({ filePath, maxBytes, maxFiles }: LogSettings): RotatingFile | undefined {
    if (filePath === '') return undefined
    const opened = rotatingFile(filePath, maxBytes, maxFiles)
    opened.onTrouble((code) => {
      log.warn({ event: 'log_file_unwritable', code }, `cannot write ${filePath} (${code}); serving goes on without it`)
    })
    return opened
  }

  return {
    log,
    adopt(next) {
      const before = settings
      settings = next
      log.level = next.level
      lines.flush()
      if (next.color !== before.color) terminal = toConsole(next)
      if (next.filePath === before.filePath && next.maxBytes === before.maxBytes && next.maxFiles === before.maxFiles)
        return
      earlier = Promise.all([earlier, file?.close()])
      file = openFile(next)
    },
    close: async () => {
      process.off('exit', lines.flush)
      lines.flush()
      await Promise.all([earlier, file?.close()])
    },
  }
}

/** How a line is written: `time` in ISO with its zone, `level` as a word in capitals, `message`. */
const lineFormat: LineFormat = {
  messageKey: 'message',
  // `pid` and `hostname` say the same on every line.
  base: null,
  timestamp: createIsoTime(Date.now),
  formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
}

/** The time of a line, written out once for all lines of a millisecond: under load there are several. */
export function createIsoTime(epochMs: () => number): () => string {
  let writtenMs = Number.NaN
  let written = ''
  return () => {
    const nowMs = epochMs()
    if (nowMs !== writtenMs) {
      writtenMs = nowMs
      written = `,"time":"${new Date(nowMs).toISOString()}"`
    }
    return written
  }
}

interface LineFormat extends Pick<LoggerOptions, 'messageKey' | 'base' | 'timestamp'> {
  readonly formatters: { level(label: string): object }
}

/** Where lines are seen. */
interface Terminal {
  write(lines: string | Buffer): unknown
}

/** Lines for people on a terminal, JSON for everything that collects output. Only people need the formatter, so only they load it. */
async function consoleStreams(console: LogOptions['console']): Promise<(settings: LogSettings) => Terminal> {
  if (!console.isTTY) return () => console
  const { default: pretty } = await import('pino-pretty')
  return ({ color }) =>
    pretty({
      destination: withoutControls(console),
      colorize: color && (process.env['NO_COLOR'] ?? '') === '',
      messageKey: 'message',
      translateTime: 'SYS:HH:MM:ss',
      customLevels: 'TRACE:10,DEBUG:20,INFO:30,WARN:40,ERROR:50,FATAL:60',
      ignore: 'event,request_id,stage',
      messageFormat: (line) => printable(String(line['message'])),
      singleLine: true,
      sync: true,
    })
}

/** JSON text escapes what a terminal obeys of ASCII; what lies beyond it, and steers terminals too, comes as it is. */
function withoutControls(console: LogOptions['console']): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string | Buffer, _encoding, done) {
      console.write(String(text).replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd'))
      done()
    },
  })
}

/** Parts of a message are chosen by others, e.g. a model's name by the client: none of them steers the terminal. */
function printable(message: string): string {
  return message.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
