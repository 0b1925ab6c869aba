import type { Anthropic } from '@lb/protocol'
import type { Notes } from '../notes.ts'
import { blocksOf } from './anthropic-pairs.ts'

/**
 * Leaves as many cache breakpoints as the API takes. The last ones count most: each covers everything before it.
 *
 * @returns the very same request when it has no more than `limit`.
 */
export function withoutExtraBreakpoints(request: Anthropic.Request, limit: number, notes: Notes): Anthropic.Request {
  let extra = countIn(request) - limit
  if (extra <= 0) return request
  notes.loss('cache_breakpoints_trimmed', '')
  return withMarks(request, (node) => {
    if (extra <= 0) return node
    extra -= 1
    const { cache_control, ...rest } = node
    return rest as typeof node
  })
}

/**
 * Leaves out who shares a cache entry (`scope`), for endpoints that do not know the beta it belongs to.
 *
 * @returns the very same request when no mark says so.
 */
export function withoutScopes(request: Anthropic.Request, notes: Notes): Anthropic.Request {
  let isSame = true
  const changed = withMarks(request, (node) => {
    const { scope, ...mark } = { scope: undefined, ...node.cache_control }
    if (scope === undefined) return node
    isSame = false
    notes.loss('feature_dropped', '', 'cache_control.scope')
    return { ...node, cache_control: mark }
  })
  return isSame ? request : changed
}

/** The request with all that bears a cache mark changed. */
function withMarks(
  request: Anthropic.Request,
  change: <T extends Anthropic.Cacheable>(node: T) => T,
): Anthropic.Request {
  const strip = <T extends object>(node: T): T => (isMarked(node) ? change(node) : node)
  // In the order of the cache: tools, instructions, messages. What a block holds comes before the block itself.
  const stripBlock = (block: Anthropic.RequestBlock): Anthropic.RequestBlock => {
    const inner =
      block.type === 'tool_result' && Array.isArray(block.content)
        ? { ...block, content: block.content.map(strip) }
        : block
    return strip(inner)
  }
  return {
    ...request,
    ...(request.tools ? { tools: request.tools.map(strip) } : {}),
    ...(Array.isArray(request.system) ? { system: request.system.map(strip) } : {}),
    messages: request.messages.map((turn) =>
      Array.isArray(turn.content) ? { ...turn, content: turn.content.map(stripBlock) } : turn,
    ),
  }
}

function isMarked(node: object): boolean {
  const { cache_control } = node as Anthropic.Cacheable
  return cache_control !== undefined && cache_control !== null
}

function countIn(request: Anthropic.Request): number {
  const blocks = request.messages.flatMap(blocksOf)
  const nested = blocks.flatMap((block) =>
    block.type === 'tool_result' && Array.isArray(block.content) ? block.content : [],
  )
  const system = Array.isArray(request.system) ? request.system : []
  const nodes: readonly object[] = [...(request.tools ?? []), ...system, ...blocks, ...nested]
  // Automatic caching takes one of the places, too.
  return nodes.filter(isMarked).length + (request.cache_control ? 1 : 0)
}
