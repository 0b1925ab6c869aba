import { err, ok, type Result } from '@lb/protocol'
import type { KnownProfiles } from './check/profiles.ts'
import { checkProviders } from './check/providers.ts'
import { checkRoutes } from './check/routes.ts'
import { checkSettings } from './check/settings.ts'
import type { Config, Dialect } from './config.ts'
import { deepFreeze } from './freeze.ts'
import { rootKeys } from './keys/root-keys.ts'
import { settingsKeys } from './keys/settings-keys.ts'
import { type ConfigProblem, Findings } from './problem.ts'
import type { Environment } from './read/env.ts'
import { Reader } from './read/reader.ts'
import {
  type Fault,
  isNull,
  type ParsedText,
  type Path,
  parseYaml,
  type Tree,
  type TreeEntry,
  type TreeMap,
} from './yaml/tree.ts'

/** A usable configuration and what its author should still know. */
export interface LoadedConfig {
  readonly config: Config
  /** Obsolete keys, skipped routes and the like; all with `severity: 'notice'`. */
  readonly notices: readonly ConfigProblem[]
}

/** Settings given on the command line. They go before the file and are checked like it. */
export interface ConfigFlags {
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly log_level?: string | undefined
}

/**
 * Reads a configuration: YAML text and environment in, a {@link Config} or everything that is wrong with it out.
 *
 * Never throws, whatever the text. The errors are complete as far as that is sensible (a text that is not YAML has no keys to
 * judge), in the order of the file, notices included.
 *
 * @param profiles the vendors' profiles that there are. Absent: any name and any property is taken.
 * @example
 *   const loaded = loadConfig(text, process.env)
 *   if (!loaded.ok) return fail(formatProblems(loaded.error, 'config.yaml'))
 *   start(loaded.value.config)
 */
export function loadConfig(
  text: string,
  env: Environment,
  flags: ConfigFlags = {},
  profiles?: Readonly<Record<Dialect, KnownProfiles>>,
): Result<LoadedConfig, readonly ConfigProblem[]> {
  const parsed = parseYaml(text)
  if (parsed.tree === undefined) return err(parsed.faults.map((fault) => faultProblem(fault, parsed)))
  const { root, movedAuth } = rearrange(parsed.tree, flags)
  const findings = new Findings(root, parsed.place)
  for (const fault of parsed.faults) findings.errorAt(fault.at, fault.path, fault.message, fault.suggestion)
  if (movedAuth !== undefined) findings.noticeAt(movedAuth.at, ['auth'], movedAuth.message, 'write it below settings')
  const reader = new Reader(findings, env)
  const file = reader.section(root, rootKeys, [])
  if (file === undefined) return err(findings.sorted())
  const pathOf = (made: object): Path => reader.pathOf(made)
  const providers = checkProviders(file.providers, pathOf, findings, profiles)
  const config: Config = {
    providers,
    disabledProviders: file.providers.filter((provider) => !provider.enabled).map((provider) => provider.name),
    modelRoutes: checkRoutes(file.modelRoutes, providers, file.providers, pathOf, findings),
    settings: checkSettings(file.settings, providers, pathOf, findings),
  }
  return findings.hasErrors ? err(findings.sorted()) : ok({ config: deepFreeze(config), notices: findings.sorted() })
}

/**
 * What is wrong with a command line, whichever file it goes with: a wrong call, as opposed to a wrong file. An empty value is
 * one, too: it comes from a variable that is not set, and would otherwise put the default before what the file says.
 *
 * @example
 *   checkFlags({ port: 'http' }) // → [{ flag: '--port', message: 'must be a number, not "http"', … }]
 */
export function checkFlags(flags: ConfigFlags): readonly ConfigProblem[] {
  const entries = flagEntries(flags)
  const settings: TreeMap = { ...nowhere, entries }
  const root: TreeMap = { ...nowhere, entries: new Map([['settings', { keyAt: 0, value: settings }]]) }
  const findings = new Findings(root, () => ({ line: 1, column: 1 }))
  for (const [name, { value }] of entries) {
    if (isNull(value)) findings.error(['settings', name], 'is empty')
  }
  new Reader(findings, {}).section(settings, settingsKeys, ['settings'])
  return findings.sorted()
}

function faultProblem({ at, message, suggestion }: Fault, { place }: ParsedText): ConfigProblem {
  const problem = { severity: 'error', path: '', ...place(at), message } as const
  return suggestion === undefined ? problem : { ...problem, suggestion }
}

/** The tree as if everything stood in its place: the predecessor's top-level `auth`, and what the command line says. */
function rearrange(tree: Tree, flags: ConfigFlags): { root: Tree; movedAuth?: { at: number; message: string } } {
  const top = entriesOf(tree)
  const old = top?.get('settings')
  const settings = old === undefined ? new Map<string, TreeEntry>() : entriesOf(old.value)
  // Something else than keys, which the reader will report.
  if (top === undefined || settings === undefined) return { root: tree }
  const auth = top.get('auth')
  top.delete('auth')
  const ignored = settings.has('auth')
  if (auth !== undefined && !ignored) settings.set('auth', auth)
  for (const [name, entry] of flagEntries(flags)) settings.set(name, entry)
  const at = old?.value.at ?? tree.at
  top.set('settings', { keyAt: old?.keyAt ?? tree.at, value: { ...tree, kind: 'map', at, entries: settings } })
  const root: TreeMap = { ...tree, kind: 'map', entries: top }
  if (auth === undefined) return { root }
  const message = ignored ? 'ignored, because settings.auth is there' : 'read as settings.auth'
  return { root, movedAuth: { at: auth.keyAt, message } }
}

/** A copy of the keys of a map, none of an empty value, `undefined` for anything else. */
function entriesOf(tree: Tree): Map<string, TreeEntry> | undefined {
  if (tree.kind === 'map') return new Map(tree.entries)
  return tree.kind === 'scalar' && tree.value === null ? new Map() : undefined
}

const nowhere = { kind: 'map', at: 0, size: 1, depth: 1 } as const

function flagEntries(flags: ConfigFlags): Map<string, TreeEntry> {
  const given = Object.entries(flags).filter((flag): flag is [string, string] => flag[1] !== undefined)
  return new Map(given.map(([name, text]) => [name, flagEntry(name, text)]))
}

function flagEntry(name: string, text: string): TreeEntry {
  const flag = `--${name.replaceAll('_', '-')}`
  return {
    keyAt: 0,
    value: { kind: 'scalar', at: 0, text, value: text === '' ? null : text, plain: true, flag, size: 1, depth: 0 },
  }
}
