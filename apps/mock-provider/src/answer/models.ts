import type { Json, JsonObject } from '@lb/protocol'
import type { Dialect } from '../script/script.ts'

/** What `GET /v1/models` lists when a script does not say: one model of each family, and an OpenAI one. */
export const defaultModels: readonly string[] = [
  'claude-opus-5-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-sonnet-4-5-20250929',
  'gpt-5.5',
  'gpt-5.5-mini',
]

/** Any date will do, as long as it is the same one tomorrow. */
const CREATED_AT = '2026-01-01T00:00:00Z'

/**
 * The list of models in a dialect's form.
 *
 * @see https://platform.claude.com/docs/en/api/models-list
 * @see https://platform.openai.com/docs/api-reference/models/list
 */
export function modelList(models: readonly string[], dialect: Dialect): JsonObject {
  const data = models.map((id): Json => modelEntry(id, dialect))
  if (dialect !== 'anthropic') return { object: 'list', data }
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
}

/** One model in a dialect's form. */
export function modelEntry(id: string, dialect: Dialect): JsonObject {
  return dialect === 'anthropic'
    ? { type: 'model', id, display_name: displayNameOf(id), created_at: CREATED_AT }
    : { id, object: 'model', created: Math.floor(Date.parse(CREATED_AT) / 1000), owned_by: 'mock' }
}

/** `claude-opus-5-5` → `Claude Opus 5.5`. */
function displayNameOf(id: string): string {
  return id
    .replace(/-\d{8}$/, '')
    .replace(/(\d)-(\d)/g, '$1.$2')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
