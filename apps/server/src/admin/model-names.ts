import { matchRules, type RouteRule } from '@lb/router'
import type { Caller } from '../keys/caller.ts'
import { mayAskFor, rulesFor } from '../keys/permission.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { claudeModels } from './claude-models.ts'

/**
 * The model names that can be listed for a caller, in the order of the file: names that a route spells out; of a pattern, the models it
 * leads to, where they fit the pattern themselves; and the well-known Claude models that some route can serve.
 */
export function modelNames(compiled: CompiledConfig, caller: Caller): readonly string[] {
  const rules = rulesFor(caller, compiled.rules)
  const written = rules.flatMap(({ pattern, entries }) => {
    if (!isGlob(pattern)) return [pattern]
    const models = entries.flatMap(({ model }) => model ?? [])
    return models.filter((model) => matchRules([{ pattern }], model).length > 0)
  })
  const wellKnown = Object.keys(claudeModels).filter((model) => canServeClaude(rules, compiled, model))
  return [...new Set([...written, ...wellKnown])].filter((model) => mayAskFor(caller, model))
}

/** Whether a caller's request for this model would go anywhere. */
export function leadsSomewhere({ rules }: CompiledConfig, caller: Caller, model: string): boolean {
  return mayAskFor(caller, model) && matchRules(rulesFor(caller, rules), model).length > 0
}

/** A route that maps the name serves it with another model; one that passes it on must lead to somebody who has it. */
function canServeClaude(rules: readonly RouteRule[], { providers }: CompiledConfig, model: string): boolean {
  return matchRules(rules, model).some(({ entries }) =>
    entries.some((entry) => entry.model !== null || providers.get(entry.provider)?.dialect === 'anthropic'),
  )
}

function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}
