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

/** `GET /v1/models`: the names that the routes spell out. A pattern with `*` stands for names that nobody can list. */
export function modelList(compiled: CompiledConfig): object {
  const data = modelNames(compiled).map(model)
  return { object: 'list', data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

/** `GET /v1/models/{id}`: any name that leads somewhere. */
export function modelById(compiled: CompiledConfig, id: string): Model | undefined {
  return leadsSomewhere(compiled, id) ? model(id) : undefined
}

function modelNames({ config }: CompiledConfig): string[] {
  const names = config.modelRoutes.flatMap(({ pattern, routes }) => {
    if (!/[*?]/.test(pattern)) return [pattern]
    return routes.map((route) => route.model).filter((name) => name !== 'passthrough')
  })
  return [...new Set(names)]
}

function leadsSomewhere(compiled: CompiledConfig, id: string): boolean {
  return modelNames(compiled).includes(id)
}

/** When a model was made is not known here; a date in the past keeps clients that sort by it content. */
const EPOCH = { created_at: '1970-01-01T00:00:00Z', created: 0 }

function model(id: string): Model {
  return { id, type: 'model', display_name: id, object: 'model', owned_by: 'lb', ...EPOCH }
}
