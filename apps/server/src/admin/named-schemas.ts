import type * as v from 'valibot'

/** Schemas with a title, by that title: those that a document names and refers to. */
export type NamedSchemas = Record<string, v.GenericSchema>

/** Finds every schema with a title in some schemas, at any depth. Two of the same title are a mistake. */
export function namedSchemas(roots: readonly v.GenericSchema[]): NamedSchemas {
  const named: NamedSchemas = {}
  const seen = new Set<unknown>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return
    seen.add(node)
    const title = titleOf(node)
    if (title !== undefined) {
      if (named[title] !== undefined) throw new Error(`two schemas have the title ${title}`)
      named[title] = node as v.GenericSchema
    }
    for (const below of partsOf(node)) visit(below)
  }
  for (const root of roots) visit(root)
  return named
}

/** The members in which valibot keeps the schemas that a schema is made of. */
const holders = ['entries', 'items', 'options', 'pipe', 'item', 'wrapped', 'key', 'value', 'rest']

function partsOf(schema: object): unknown[] {
  return holders.flatMap((name): unknown[] => {
    const held: unknown = Reflect.get(schema, name)
    if (typeof held !== 'object' || held === null) return []
    return 'kind' in held ? [held] : Object.values(held)
  })
}

/** Its own title, not that of a schema that it wraps. */
function titleOf(schema: object): string | undefined {
  const pipe: unknown = Reflect.get(schema, 'pipe')
  if (!Array.isArray(pipe)) return undefined
  const action: unknown = pipe.find((item: unknown) => isTitle(item))
  return isTitle(action) ? action.title : undefined
}

function isTitle(item: unknown): item is v.TitleAction<unknown, string> {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'title'
}
