import { matchRules } from '@lb/router'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { claudeModels } from './claude-models.ts'

/**
 * The model names that can be listed, in the order of the file: names that a route spells out; of a pattern, the models it
 * leads to, where they fit the pattern themselves; and the well-known Claude models that some route can serve.
 */
export function modelNames(compiled: CompiledConfig): readonly string[] {
  const { modelRoutes } = compiled.config
  const written = modelRoutes.flatMap(({ pattern, routes }) => {
    if (!isGlob(pattern)) return [pattern]
    const models = routes.map(({ model }) => model).filter((model) => model !== 'passthrough')
    return models.filter((model) => matchRules([{ pattern }], model).length > 0)
  })
  const wellKnown = Object.keys(claudeModels).filter((model) => canServeClaude(compiled, model))
  return [...new Set([...written, ...wellKnown])]
}

/** Whether a request for this model would go anywhere. */
export function leadsSomewhere({ rules }: CompiledConfig, model: string): boolean {
  return matchRules(rules, model).length > 0
}

/** A route that maps the name serves it with another model; one that passes it on must lead to somebody who has it. */
function canServeClaude({ rules, providers }: CompiledConfig, model: string): boolean {
  return matchRules(rules, model).some(({ entries }) =>
    entries.some((entry) => entry.model !== null || providers.get(entry.provider)?.dialect === 'anthropic'),
  )
}

function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}
