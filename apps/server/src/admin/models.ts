import type { Caller } from '../keys/caller.ts'
import { mayAskFor, rulesFor } from '../keys/permission.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'

/**
 * One model in both vendors' shapes at once: Anthropic's fields and OpenAI's do not collide, so every client finds its own.
 * @see https://platform.claude.com/docs/en/api/models-list
 * @see https://platform.openai.com/docs/api-reference/models/list
 */
export interface Model {
  readonly id: string
  readonly type: 'model'
  readonly display_name: string
  readonly created_at: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
}

/** `GET /v1/models`: the names that the routes spell out, and that this caller may use. A pattern with `*` stands for names that nobody can list. */
export function modelList(compiled: CompiledConfig, caller: Caller): object {
  const data = modelNames(compiled, caller).map(model)
  return { object: 'list', data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

/** `GET /v1/models/{id}`: any name that leads this caller somewhere. */
export function modelById(compiled: CompiledConfig, caller: Caller, id: string): Model | undefined {
  return modelNames(compiled, caller).includes(id) ? model(id) : undefined
}

function modelNames({ rules }: CompiledConfig, caller: Caller): string[] {
  const names = rulesFor(caller, rules).flatMap(({ pattern, entries }) =>
    /[*?]/.test(pattern) ? entries.flatMap((entry) => entry.model ?? []) : [pattern],
  )
  return [...new Set(names)].filter((name) => mayAskFor(caller, name))
}

/** When a model was made is not known here; a date in the past keeps clients that sort by it content. */
const EPOCH = { created_at: '1970-01-01T00:00:00Z', created: 0 }

function model(id: string): Model {
  return { id, type: 'model', display_name: id, object: 'model', owned_by: 'lb', ...EPOCH }
}
