import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ConfigFlags, formatProblems, type LoadedConfig } from '@lb/config'
import { err, ok, type Result } from '@lb/protocol'
import { type ConfigSource, configSource, homeFolder, pathFrom } from '@lb/server'
import { UsageError } from './command.ts'
import type { Terminal } from './terminal.ts'

/** A configuration file that was found: where it is, and why it is that one. */
export interface FoundConfig {
  readonly path: string
  readonly because: string
}

/**
 * Finds the configuration file: `--config`, else `LB_CONFIG`, else `config.yaml` beside lb's own checkout (where the
 * predecessor's users have it), else the user's own.
 *
 * A `config.yaml` in the folder in which lb happens to be started is never read silently: a repository that somebody else
 * wrote could send the user's keys elsewhere with it (CVE-2026-21852 is of this kind).
 *
 * @throws UsageError for an empty `--config`: a variable that was not set must not lead to another file, or to the demo.
 */
export function findConfig(
  named: string | undefined,
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
): FoundConfig | undefined {
  if (named === '') throw new UsageError('the name of the configuration file is empty')
  if (named !== undefined) return { path: pathFrom(cwd, named), because: '--config' }
  if ((env['LB_CONFIG'] ?? '') !== '') return { path: pathFrom(cwd, env['LB_CONFIG'] ?? ''), because: 'LB_CONFIG' }
  const checkout = ownCheckout()
  const places: FoundConfig[] = [
    ...(checkout === undefined ? [] : [{ path: join(checkout, 'config.yaml'), because: 'beside lb' }]),
    { path: join(ownFolder(env), 'lb', 'config.yaml'), because: 'your own' },
  ]
  // A relative one would be in the folder in which lb happens to be started.
  return places.find(({ path }) => isAbsolute(path) && existsSync(path))
}

/** @see https://specifications.freedesktop.org/basedir-spec/latest/ Empty and relative values are to be ignored. */
function ownFolder(env: Terminal['env']): string {
  const { XDG_CONFIG_HOME: named = '', HOME: home = '' } = env
  return isAbsolute(named) ? named : join(isAbsolute(home) ? home : homeFolder(), '.config')
}

/** The folder of lb's sources when this runs out of a checkout. */
function ownCheckout(): string | undefined {
  const folder = fileURLToPath(new URL('../../..', import.meta.url))
  return existsSync(join(folder, 'pnpm-workspace.yaml')) ? folder : undefined
}

/** Reads a configuration file. The error is ready to print: file, line, column, and what to do. */
export async function readConfig(
  path: string,
  flags: ConfigFlags,
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
): Promise<Result<ReadConfig, string>> {
  const source = configSource(path, { env, flags, shownAs: shownPath(path, cwd) })
  const loaded = await source.load()
  if (!loaded.ok) return err(loaded.error.text)
  return ok({ ...loaded.value, notes: formatProblems(loaded.value.notices, source.shownAs), source })
}

export interface ReadConfig extends LoadedConfig {
  /** The notices, ready to print; empty when there are none. */
  readonly notes: string
  /** The file, to be read again; the demo has none. */
  readonly source?: ConfigSource
}

function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short.startsWith('..') ? path : short
}
