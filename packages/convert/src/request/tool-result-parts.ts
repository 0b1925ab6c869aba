import type { Run } from './run.ts'
import type { Part, ToolResult } from './turns.ts'

/** How a result says in its text that it failed. */
export const ERROR_MARK = '[tool error]'

/** A failed result says so in its text: no other dialect has a flag for it. */
export function withError(parts: readonly Part[], result: ToolResult, run: Run): readonly Part[] {
  if (!result.isError) return parts
  run.notes.loss('tool_error_as_text', `${result.path}/is_error`)
  const [first, ...rest] = parts
  const mark = { kind: 'text', cache: undefined, path: result.path } as const
  if (first === undefined) return [{ ...mark, text: ERROR_MARK }]
  return first.kind === 'text'
    ? [{ ...first, text: `${ERROR_MARK} ${first.text}` }, ...rest]
    : [{ ...mark, text: ERROR_MARK }, ...parts]
}

/** A cache mark on the result itself covers its last part. */
export function withCache(parts: readonly Part[], result: ToolResult): readonly Part[] {
  const last = parts.at(-1)
  if (result.cache === undefined || last === undefined) return parts
  return [...parts.slice(0, -1), { ...last, cache: last.cache ?? result.cache }]
}
