import { type ConfigFlags, type LoadedConfig, loadConfig } from '../load.ts'
import { formatProblems } from '../problem.ts'
import type { Environment } from '../read/env.ts'

/** A provider that is right, in one line. */
export const provider = 'providers: [{ name: a, type: anthropic, base_url: "https://a.example", auth_value: key-of-a }]'
/** A route that is right, in one line. */
export const route = 'model_routes: { "*": [{ provider: a }] }'

/** A file with one provider, one route and these settings, written in YAML flow style. The settings are in line 3. */
export function withSettings(settings: string): string {
  return `${provider}\n${route}\nsettings: ${settings}\n`
}

/** Loads a text that must be right. */
export function load(text: string, env: Environment = {}, flags: ConfigFlags = {}): LoadedConfig {
  const loaded = loadConfig(text, env, flags)
  if (!loaded.ok) throw new Error(`refused:\n${formatProblems(loaded.error, 'f')}\n${text}`)
  return loaded.value
}

/** What is said about a text, errors and notices, without the file's name: `3:5: settings.prot: unknown key; …`. */
export function said(text: string, env: Environment = {}, flags: ConfigFlags = {}): string[] {
  const loaded = loadConfig(text, env, flags)
  const problems = loaded.ok ? loaded.value.notices : loaded.error
  return problems.map((problem) => formatProblems([problem], 'f').replace(/^f:/, ''))
}
