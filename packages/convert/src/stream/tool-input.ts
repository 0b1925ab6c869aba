import { err, isJsonObject, type Json, ok, parseJson, type Result } from '@lb/protocol'
import { nestingProblem } from '../nesting.ts'
import type { Notes } from '../notes.ts'
import type { CallProblem } from './writer-host.ts'

/** The arguments of a whole call as the text of a JSON object; or that they are no JSON, or nest too deeply. */
export function normalizedArguments(text: string, notes: Notes): Result<string, CallProblem> {
  const trimmed = text.trim()
  const parsed = parseJson(trimmed)
  if (!parsed.ok) return err('arguments-invalid')
  const { value } = parsed
  // Some servers say `null` where there are none.
  if (value === null) return ok('{}')
  const inner = typeof value === 'string' ? parseJson(value) : undefined
  const isDecoded = inner?.ok === true && isJsonObject(inner.value)
  const meant: Json = isDecoded ? inner.value : value
  if (nestingProblem(meant) !== undefined) return err('arguments-too-deep')
  if (isJsonObject(value)) return ok(trimmed)
  notes.loss(isDecoded ? 'tool_arguments_decoded' : 'tool_arguments_wrapped', '')
  return ok(isDecoded ? String(value).trim() : `{"value":${trimmed}}`)
}
