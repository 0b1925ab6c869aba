import { isJsonObject, parseJson } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/** The arguments of a whole call as the text of a JSON object. `undefined`: they are no JSON. */
export function normalizedArguments(text: string, notes: Notes): string | undefined {
  const trimmed = text.trim()
  const parsed = parseJson(trimmed)
  if (!parsed.ok) return undefined
  const { value } = parsed
  if (isJsonObject(value)) return trimmed
  // Some servers say `null` where there are none.
  if (value === null) return '{}'
  const inner = typeof value === 'string' ? parseJson(value) : undefined
  if (inner?.ok === true && isJsonObject(inner.value)) {
    notes.loss('tool_arguments_decoded', '')
    return String(value).trim()
  }
  notes.loss('tool_arguments_wrapped', '')
  return `{"value":${trimmed}}`
}
