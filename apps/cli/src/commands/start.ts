import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Config, type ConfigFlags, checkFlags, formatProblems, type Settings } from '@lb/config'
import {
  type Log,
  type LogLevel,
  type LogSettings,
  openLog,
  pathFrom,
  type RunningServer,
  startServer,
} from '@lb/server'
import { banner } from '../banner.ts'
import { type Command, UsageError } from '../command.ts'
import { findConfig, type ReadConfig, readConfig } from '../config-file.ts'
import { startDemo } from '../demo.ts'
import { keepServing } from '../keep-serving.ts'
import type { Terminal } from '../terminal.ts'
import { version } from '../version.ts'

/** `lb start`: serves until it is told to stop. */
export const start: Command = {
  usage: 'lb start [--config FILE] [--host HOST] [--port PORT] [--log-level LEVEL]',
  about: 'Starts lb. Without a configuration it shows what it does with two embedded demo providers.',
  options: [
    [
      '-c, --config FILE',
      'the configuration; else LB_CONFIG, config.yaml in lb’s own checkout, ~/.config/lb/config.yaml',
    ],
    ['--host HOST', 'where to listen, before settings.host'],
    ['-p, --port PORT', 'the port, before settings.port; 0: any that is free'],
    ['--log-level LEVEL', 'DEBUG, INFO, WARNING, ERROR or CRITICAL, before settings.log_level'],
  ],
  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        host: { type: 'string' },
        port: { type: 'string', short: 'p' },
        'log-level': { type: 'string' },
      },
    })
    const flags: ConfigFlags = {
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.port === undefined ? {} : { port: values.port }),
      ...(values['log-level'] === undefined ? {} : { log_level: values['log-level'] }),
    }
    const wrong = checkFlags(flags)
    if (wrong.length > 0) throw new UsageError(formatProblems(wrong, 'lb start'))
    const found = findConfig(values.config, terminal)
    const demo = found === undefined ? await startDemo(flags, terminal) : undefined
    try {
      const read = demo?.config ?? (await readConfig(found?.path ?? '', flags, terminal))
      if (!read.ok) {
        terminal.error(read.error)
        return 1
      }
      if (read.value.notes !== '') terminal.error(read.value.notes)
      return await serve(read.value, found === undefined ? undefined : `${found.path} (${found.because})`, terminal)
    } finally {
      await demo?.close()
    }
  },
}

/** @param origin where the configuration came from; `undefined`: this is the demo. */
async function serve({ config, source }: ReadConfig, origin: string | undefined, terminal: Terminal): Promise<number> {
  const { settings } = config
  const folder = source === undefined ? terminal.cwd : dirname(source.path)
  const openedLog = await openLog({ ...logSettings(settings, folder), console: process.stdout })
  const { log } = openedLog
  const server = await startServer({
    config,
    log,
    version,
    folder,
    ...(source === undefined ? {} : { source }),
  }).catch((error: NodeJS.ErrnoException) => error)
  if (server instanceof Error) {
    terminal.error(startProblem(server, settings.host, settings.port))
    return 1
  }
  keepServing(server.internalError)
  let now = settings
  server.onReload((next) => {
    now = next.settings
    openedLog.adopt(logSettings(now, folder))
  })
  terminal.onReload(() => void server.reload('signal'))
  terminal.out(banner(config, origin, server.url, terminal))
  const stopped = await untilStopped(server, () => now.shutdownGraceMs, terminal, log)
  log.info(
    { event: 'stopped', stopped },
    stopped === 0 ? 'stopped' : `stopped; ${stopped} requests did not come to their end`,
  )
  await openedLog.close()
  return 0
}

function untilStopped(server: RunningServer, graceMs: () => number, terminal: Terminal, log: Log): Promise<number> {
  return new Promise((stopped) => {
    terminal.onStop((count) => {
      const words =
        count === 1
          ? `stopping: no new requests, running ones may take ${graceMs() / 1000} s`
          : 'stopping now: running requests are told so'
      log.info({ event: 'shutdown' }, words)
      void server.close(count === 1 ? graceMs() : 0).then(stopped)
    })
  })
}

/** @param folder what a relative path is relative to. */
function logSettings(settings: Settings, folder: string): LogSettings {
  return {
    level: levels[settings.logLevel],
    filePath: settings.logFilePath === '' ? '' : pathFrom(folder, settings.logFilePath),
    maxBytes: settings.logMaxBytes,
    maxFiles: settings.logMaxFiles,
    color: settings.logColor,
  }
}

const levels: Readonly<Record<Config['settings']['logLevel'], LogLevel>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
}

function startProblem({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `lb start: port ${port} is taken. Choose another: --port ${port + 1}, or settings.port`
  if (code === 'EACCES')
    return `lb start: port ${port} may not be used by this user. Choose one above 1023: --port 9090`
  if (code === 'EADDRNOTAVAIL')
    return `lb start: ${host} is no address of this machine. Use 127.0.0.1: --host 127.0.0.1`
  return `lb start: cannot listen on ${host}:${port}: ${message}`
}
