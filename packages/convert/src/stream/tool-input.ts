import { isJsonObject, parseJson } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/** The arguments of a whole call as the text of a JSON object, if they can be read as one. */
export function normalizedArguments(text: string, notes: Notes): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return '{}'
  const parsed = parseJson(trimmed)
  if (!parsed.ok) return undefined
  if (isJsonObject(parsed.value)) return trimmed
  if (typeof parsed.value === 'string') {
    const inner = parseJson(parsed.value)
    if (inner.ok && isJsonObject(inner.value)) {
      notes.loss('tool_arguments_decoded', '')
      return parsed.value.trim()
    }
  }
  notes.loss('tool_arguments_wrapped', '')
  return `{"value":${trimmed}}`
}
