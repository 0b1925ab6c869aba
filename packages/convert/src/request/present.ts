import type { Json, JsonObject } from '@lb/protocol'

/** The members that there are. */
export function present(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const object: JsonObject = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined) object[name] = value
  return object
}
