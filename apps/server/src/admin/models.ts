import * as v from 'valibot'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { claudeModels } from './claude-models.ts'
import { leadsSomewhere, modelNames } from './model-names.ts'
import { badRequest, errorSchema, notFound } from './problem.ts'

/**
 * One model in both vendors' shapes at once: Anthropic's fields and OpenAI's do not collide, so every client finds its own.
 * @see https://platform.claude.com/docs/en/api/models-list
 * @see https://platform.openai.com/docs/api-reference/models/list
 */
const modelSchema = v.pipe(
  v.object({
    id: v.string(),
    type: v.pipe(v.literal('model'), v.description('Anthropic’s')),
    display_name: v.pipe(v.string(), v.description('Anthropic’s')),
    created_at: v.pipe(v.string(), v.description('Anthropic’s; the epoch, which it uses for an unknown date')),
    object: v.pipe(v.literal('model'), v.description('OpenAI’s')),
    created: v.pipe(v.number(), v.integer(), v.description('OpenAI’s; 0, for an unknown date')),
    owned_by: v.pipe(v.string(), v.description('OpenAI’s')),
  }),
  v.title('Model'),
)

const modelListSchema = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(modelSchema),
    has_more: v.boolean(),
    first_id: v.nullable(v.string()),
    last_id: v.nullable(v.string()),
  }),
  v.title('ModelList'),
)

type Model = v.InferOutput<typeof modelSchema>

/** Anthropic's own default is 20; but clients of OpenAI's API do not turn pages, and a configuration has few models. */
const PAGE_MAX = 1000

const cursor = v.optional(v.string())

/** The models that this lb can be asked for. */
export const modelRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/v1/models',
      access: 'client',
      id: 'listModels',
      group: 'Models',
      summary: 'The models that can be asked for by name',
      description:
        'In Anthropic’s shape and in OpenAI’s. Patterns such as `claude-*` stand for names that cannot be listed: of those, the models that they are mapped to and the current Claude models are shown.',
      queryParameters: {
        limit: v.optional(
          v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_MAX), v.description('Models on a page')),
          PAGE_MAX,
        ),
        after_id: v.pipe(cursor, v.description('The page behind this model')),
        before_id: v.pipe(cursor, v.description('The page in front of this model')),
      },
      replies: {
        200: { description: 'One page.', schema: modelListSchema },
        400: { description: 'There is no such page.', schema: errorSchema },
      },
    },
    (_, { query, compiled, caller }) => {
      const page = pageOf(modelNames(compiled, caller), query)
      if (page === undefined)
        return badRequest('after_id and before_id: the id of one of the listed models, one of the two.')
      const data = page.names.map(modelOf)
      const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
      return { status: 200, body: { object: 'list', data, has_more: page.hasMore, ...ends } }
    },
  ),
  apiRoute(
    {
      method: 'GET',
      path: '/v1/models/{id}',
      access: 'client',
      id: 'getModel',
      group: 'Models',
      summary: 'Whether a model can be asked for',
      description: 'Any name that some route matches, also one that the list does not show.',
      pathParameters: { id: v.pipe(v.string(), v.description('A model name; it may hold slashes')) },
      replies: {
        200: { description: 'It can.', schema: modelSchema },
        404: { description: 'No route matches it.', schema: errorSchema },
      },
    },
    (_, { path, compiled, caller }) =>
      leadsSomewhere(compiled, caller, path.id)
        ? { status: 200, body: modelOf(path.id) }
        : notFound(`model: ${path.id}`),
  ),
]

interface PageWish {
  readonly limit: number
  readonly after_id?: string | undefined
  readonly before_id?: string | undefined
}

interface Page {
  readonly names: readonly string[]
  /** Whether there are more in the direction of the turn. */
  readonly hasMore: boolean
}

/** @returns `undefined` when a cursor is not in the list, or there are two of them. */
function pageOf(names: readonly string[], { limit, after_id: after, before_id: before }: PageWish): Page | undefined {
  if (before !== undefined) {
    const end = names.indexOf(before)
    if (end === -1 || after !== undefined) return undefined
    return { names: names.slice(Math.max(0, end - limit), end), hasMore: end > limit }
  }
  const start = after === undefined ? 0 : names.indexOf(after) + 1
  if (after !== undefined && start === 0) return undefined
  return { names: names.slice(start, start + limit), hasMore: names.length > start + limit }
}

function modelOf(id: string): Model {
  const display_name = Object.hasOwn(claudeModels, id) ? (claudeModels[id] ?? id) : id
  const unknownDate = { created_at: '1970-01-01T00:00:00Z', created: 0 }
  return { id, type: 'model', display_name, object: 'model', owned_by: 'lb', ...unknownDate }
}
