import pino, { type DestinationStream, type Logger } from 'pino'
import pretty from 'pino-pretty'
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
  close(): void
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Opens the log. A file that cannot be written never stops anything: it is said once on the console, and serving goes on. */
export function openLog({ console, ...first }: LogOptions): OpenLog {
  let settings: LogSettings = first
  let terminal = consoleStream(console, settings)
  let file = openFile(settings)
  const log = pino(
    {
      level: settings.level,
      messageKey: 'message',
      // `pid` and `hostname` say the same on every line.
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    {
      write(line) {
        terminal.write(line)
        file?.write(line)
      },
    },
  )

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
      if (next.color !== before.color) terminal = consoleStream(console, next)
      if (next.filePath === before.filePath && next.maxBytes === before.maxBytes && next.maxFiles === before.maxFiles)
        return
      const old = file
      file = openFile(next)
      old?.close()
    },
    close: () => file?.close(),
  }
}

/** Lines for people on a terminal, JSON for everything that collects output. */
function consoleStream(console: LogOptions['console'], { color }: LogSettings): DestinationStream {
  if (!console.isTTY) return console
  return pretty({
    destination: console,
    colorize: color && process.env['NO_COLOR'] === undefined,
    messageKey: 'message',
    translateTime: 'SYS:HH:MM:ss',
    customLevels: 'TRACE:10,DEBUG:20,INFO:30,WARN:40,ERROR:50,FATAL:60',
    ignore: 'event,request_id,stage',
    singleLine: true,
    sync: true,
  })
}
