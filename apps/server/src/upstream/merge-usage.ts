import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'

/** Token counts as a stream tells them: later ones replace earlier ones; a `null` is no count. */
export function mergeUsage(before: JsonObject, after: Json | undefined): JsonObject {
  if (!isJsonObject(after)) return before
  const counts = Object.entries(after).filter(([, value]) => value !== null)
  return { ...before, ...Object.fromEntries(counts) }
}
