import { RawJson, type ShapeProblem } from '@lb/protocol'

/** Far more than any request has, and so little that no walk through it fills a stack, in a worker either. */
export const MAX_LEVELS = 500

/** How much of the way is told: the rest of it is as long as the nesting is deep. */
const TOLD_LEVELS = 4

/**
 * The place where a value nests deeper than can be walked. Requests and answers are trees, and much of a conversion is
 * recursion: what is too deep is turned away at the door, so that nothing behind it has to count. What is kept as text passes:
 * nobody walks it.
 */
export function nestingProblem(value: unknown): ShapeProblem | undefined {
  const path = tooDeepAt(value, MAX_LEVELS)
  return path === undefined ? undefined : { path, expected: `no more than ${MAX_LEVELS} levels of nesting` }
}

function tooDeepAt(value: unknown, levels: number): string | undefined {
  if (typeof value !== 'object' || value === null || value instanceof RawJson) return undefined
  if (levels === 0) return ''
  for (const name in value) {
    const at = tooDeepAt((value as Readonly<Record<string, unknown>>)[name], levels - 1)
    if (at !== undefined) return levels > MAX_LEVELS - TOLD_LEVELS ? `/${name}${at}` : ''
  }
  return undefined
}
