import pino, { type DestinationStream, type Logger, multistream } from 'pino'
import pretty from 'pino-pretty'
import { rotatingFile } from './rotating-file.ts'

/**
 * The log. One JSON object a line with flat fields, so that the users' habits work: `jq 'select(.level == "ERROR")'`,
 * `select(.message | contains("oauth"))`. No secret and no prompt is ever given to it: see docs/guides/logs.md for the fields.
 */
export type Log = Logger

export interface LogOptions {
  readonly level: LogLevel
  /** The log file; empty: none. Its folder is made. */
  readonly filePath: string
  readonly color: boolean
  /** Where the console lines go, and whether somebody reads them there. */
  readonly console: NodeJS.WriteStream
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Opens the log. A file that cannot be written never stops anything: it is said once on the console, and serving goes on. */
export function openLog(options: LogOptions): { readonly log: Log; close(): void } {
  const terminal = consoleStream(options)
  const streams: { level: LogLevel; stream: DestinationStream }[] = [{ level: options.level, stream: terminal }]
  const file = options.filePath === '' ? undefined : rotatingFile(options.filePath)
  if (file !== undefined) streams.push({ level: options.level, stream: file })
  const log = pino(
    {
      level: options.level,
      messageKey: 'message',
      // `pid` and `hostname` say the same on every line.
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    multistream(streams),
  )
  file?.onTrouble((code) => {
    log.warn(
      { event: 'log_file_unwritable', code },
      `cannot write ${options.filePath} (${code}); serving goes on without it`,
    )
  })
  return { log, close: () => file?.close() }
}

/** Lines for people on a terminal, JSON for everything that collects output. */
function consoleStream({ console, color }: LogOptions): DestinationStream {
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
