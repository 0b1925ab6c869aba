import { err, ok, type Result } from './result.ts'

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject

/** A JSON object whose members are not known. */
export interface JsonObject {
  [key: string]: Json
}

/** Why a text is not JSON, in the words of the engine that read it. */
export interface JsonProblem {
  readonly message: string
}

/**
 * Parses JSON text. The one place where `JSON.parse` may be called: it throws on bad input, and outside this function
 * bad input is a value.
 *
 * The text must already be bounded in size and depth (see {@link scanJsonObject}): the engine's parser recurses.
 */
export function parseJson(text: string): Result<Json, JsonProblem> {
  try {
    return ok(JSON.parse(text) as Json)
  } catch (error) {
    return err({ message: (error as Error).message })
  }
}

/** Whether `value` is a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member `key` of `value` if it is an object that owns it, else `undefined`. Prototype members are never seen. */
export function member(value: unknown, key: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** The member `key` of `value` if it is a string, else `undefined`. */
export function stringMember(value: unknown, key: string): string | undefined {
  const found = member(value, key)
  return typeof found === 'string' ? found : undefined
}

/** The member `key` of `value` if it is a finite number, else `undefined`. */
export function numberMember(value: unknown, key: string): number | undefined {
  const found = member(value, key)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}
