import { errorOf, isJsonObject, type Json, type JsonObject, member } from '@lb/protocol'

/**
 * The error in a chunk, if there is one. Servers put it beside an answer, or in its place, and some have an empty one
 * beside every answer.
 *
 * @param hasChoices whether there is an answer in the chunk: then only a plain error is one.
 */
export function errorIn(chunk: JsonObject, hasChoices: boolean): JsonObject | undefined {
  const { error, x_groq } = chunk
  // Groq's word for why it stopped early. No reason to finish comes behind it.
  const groq = member(x_groq, 'error')
  if (saysAnything(groq)) return { error: groq as Json }
  if (chunk['object'] === 'error' || chunk['type'] === 'error') return chunk
  if (error !== undefined && error !== null && (!hasChoices || saysAnything(error))) return chunk
  const { base_resp } = chunk
  if (base_resp !== undefined && errorOf({ base_resp }) !== undefined) return chunk
  return !hasChoices && errorOf(chunk)?.message ? chunk : undefined
}

/** Whether there is a word, a number or a `true` in a value. */
function saysAnything(value: Json | undefined): boolean {
  if (isJsonObject(value)) return Object.values(value).some(saysAnything)
  return Array.isArray(value) ? value.some(saysAnything) : Boolean(value)
}
