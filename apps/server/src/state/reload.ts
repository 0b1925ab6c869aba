import {
  type Config,
  type ConfigDiff,
  type ConfigProblem,
  describeDiff,
  formatProblems,
  type LoadedConfig,
} from '@lb/config'
import { err, ok, type Result } from '@lb/protocol'
import type { Clock } from '../clock.ts'
import type { Log } from '../telemetry/log.ts'
import { type CompiledConfig, compileConfig, logLiteralPatterns } from './compiled-config.ts'
import type { ConfigSource, ConfigTrouble } from './config-source.ts'
import type { LiveConfig } from './live-config.ts'

/**
 * Takes up a changed configuration: read → check → compare → swap. Whatever is wrong with the file changes nothing.
 *
 * Reloads follow each other. Those that are asked for while one runs share the next one: each sees a file that was read
 * after it asked, and a thousand of them cost no more than two.
 */
export interface Reloader {
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome>
  status(): ReloadStatus
}

/** Who asked: the admin API, SIGHUP, or the watch on the file. */
export type ReloadTrigger = 'request' | 'signal' | 'file'

export type ReloadOutcome =
  /** The file as it is now is in force. */
  | { readonly kind: 'applied'; readonly diff: ConfigDiff; readonly notices: readonly ConfigProblem[] }
  /** It cannot be used; the configuration before it stays in force. */
  | ({ readonly kind: 'rejected' } & ConfigTrouble)
  /** There is no file: the demo, or a server that was given its configuration as a value. */
  | { readonly kind: 'no-file' }

/** For `/health`: since when the present configuration is in force, and whether the file has moved on without it. */
export interface ReloadStatus {
  /** Wall clock. */
  readonly loadedAtEpochMs: number
  /** How many times a changed configuration was put into force. */
  readonly applied: number
  readonly rejected: number
  /** What is wrong with the file since the last try; absent: nothing. */
  readonly trouble?: ConfigTrouble & { readonly atEpochMs: number }
  /** Keys whose new value waits for a restart. */
  readonly restart: readonly string[]
}

export interface ReloaderDeps {
  readonly live: LiveConfig
  readonly source: ConfigSource | undefined
  readonly clock: Clock
  readonly log: Log
  /** Counts. */
  readonly reloaded?: (result: 'applied' | 'rejected') => void
}

export function createReloader({ live, source, clock, log, reloaded = () => {} }: ReloaderDeps): Reloader {
  let status: ReloadStatus = { loadedAtEpochMs: clock.epochMs(), applied: 0, rejected: 0, restart: [] }
  let running: Promise<ReloadOutcome> | undefined
  let next: Promise<ReloadOutcome> | undefined

  async function load(from: ConfigSource, trigger: ReloadTrigger): Promise<ReloadOutcome> {
    const before = live.current()
    const made = await make(from, before.config).catch(unusable(from))
    if (!made.ok) return rejected(made.error, trigger)
    const { compiled, invalidPatterns, diff, notices } = made.value
    logLiteralPatterns(log, invalidPatterns)
    const { trouble: past, ...good } = status
    status = { ...good, restart: diff.restart }
    if (isMore(diff)) status = { ...status, loadedAtEpochMs: clock.epochMs(), applied: status.applied + 1 }
    live.swap(compiled)
    reloaded('applied')
    logApplied(log, trigger, diff, past !== undefined)
    return { kind: 'applied', diff, notices }
  }

  function rejected(trouble: ConfigTrouble, trigger: ReloadTrigger): ReloadOutcome {
    status = { ...status, rejected: status.rejected + 1, trouble: { ...trouble, atEpochMs: clock.epochMs() } }
    const { text, problems } = trouble
    reloaded('rejected')
    log.error(
      { event: 'config_reload_failed', trigger, problems: problems.length },
      `the configuration was not taken up, the one before it stays in force:\n${text}`,
    )
    return { kind: 'rejected', ...trouble }
  }

  function start(from: ConfigSource, trigger: ReloadTrigger): Promise<ReloadOutcome> {
    running = load(from, trigger).finally(() => {
      running = undefined
    })
    return running
  }

  return {
    reload(trigger) {
      if (source === undefined) return Promise.resolve({ kind: 'no-file' })
      if (running === undefined) return start(source, trigger)
      next ??= running.then(() => {
        next = undefined
        return start(source, trigger)
      })
      return next
    },
    status: () => status,
  }
}

interface Made extends Pick<LoadedConfig, 'notices'> {
  readonly compiled: CompiledConfig
  readonly invalidPatterns: readonly string[]
  readonly diff: ConfigDiff
}

/** Everything that can go wrong happens here, before anything changes. */
async function make(from: ConfigSource, before: Config): Promise<Result<Made, ConfigTrouble>> {
  const loaded = await from.load(before.settings.host)
  if (!loaded.ok) return loaded
  const { config, notices } = loaded.value
  const { compiled, invalidPatterns } = await compileConfig(asListening(config, before))
  return ok({ compiled, invalidPatterns, diff: describeDiff(before, config), notices })
}

/** The file's configuration with the address that this process has: it keeps its socket until a restart. */
function asListening(config: Config, running: Config): Config {
  const { host, port } = running.settings
  return { ...config, settings: { ...config.settings, host, port } }
}

/** A fault of ours. Some text in the file brought it out, but the process must not suffer for it. */
function unusable({ shownAs }: ConfigSource): (error: unknown) => Result<never, ConfigTrouble> {
  return (error) => {
    const message = `lb failed to read it (${error instanceof Error ? error.name : 'no error'}); please report this`
    const problems: ConfigProblem[] = [{ severity: 'error', path: '', line: 1, column: 1, message }]
    return err({ problems, text: formatProblems(problems, shownAs) })
  }
}

/** Whether anything but the address changes: what waits for a restart has not been taken up. */
function isMore({ unchanged, restart, providers, routes, settings }: ConfigDiff): boolean {
  const lists = [providers.added, providers.removed, providers.changed, routes.added, routes.removed, routes.changed]
  return !unchanged && (routes.reordered || settings.length > restart.length || lists.some(({ length }) => length > 0))
}

function logApplied(log: Log, trigger: ReloadTrigger, diff: ConfigDiff, wasBroken: boolean): void {
  const { providers, routes, settings, restart, unchanged } = diff
  if (unchanged) {
    const said = { event: 'config_unchanged', trigger }
    if (wasBroken) log.info(said, 'the configuration file is fine again, and says what is in force already')
    // A signal gets no other answer.
    else
      log[trigger === 'signal' ? 'info' : 'debug'](
        said,
        'the configuration was read again and says what is in force already',
      )
    return
  }
  const changed = [
    ...providers.added.map((name) => `+ provider ${name}`),
    ...providers.removed.map((name) => `- provider ${name}`),
    ...providers.changed.map(({ provider, changes }) => `~ provider ${provider}: ${keysOf(changes)}`),
    ...routes.added.map((name) => `+ route ${name}`),
    ...routes.removed.map((name) => `- route ${name}`),
    ...routes.changed.map(({ route, changes }) => `~ route ${route}: ${keysOf(changes)}`),
    ...(routes.reordered ? ['~ the order of the routes'] : []),
    ...settings.map(({ key }) => `~ ${key}`),
  ]
  log.info({ event: 'config_reloaded', trigger, changed }, `the new configuration is in force: ${changed.join('; ')}`)
  if (restart.length > 0) {
    log.warn({ event: 'config_needs_restart', keys: restart }, `${restart.join(' and ')} count after a restart only`)
  }
}

function keysOf(changes: readonly { readonly key: string }[]): string {
  return changes.map(({ key }) => key).join(', ')
}
