export type { KnownProfiles } from './check/profiles.ts'
export type {
  ClientKey,
  Config,
  Dialect,
  Provider,
  ProviderAuth,
  ProviderKey,
  Route,
  RouteConditions,
  RouteRule,
  ServerAuth,
  Settings,
} from './config.ts'
export { type ConfigDiff, describeDiff, type KeyChange } from './diff.ts'
export { configJsonSchema } from './json-schema.ts'
export type { BodyPattern, ProxyUrl } from './keys/entry.ts'
export { type ConfigFlags, checkFlags, type LoadedConfig, loadConfig } from './load.ts'
export { type ConfigProblem, formatProblems } from './problem.ts'
export type { Environment } from './read/env.ts'
export { nearest } from './read/suggest.ts'
export { Secret } from './secret.ts'
