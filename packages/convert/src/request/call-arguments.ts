import { type JsonTree, RawJson, stringifyJson } from '@lb/protocol'

/**
 * The arguments of a call as JSON text: the client's own text where the request was read with `parseJsonKeeping`, else the
 * object in its own order of keys. Where there are none they are an empty object: servers read them with a JSON parser, and
 * expect one.
 */
export function argumentsText(input: JsonTree): string {
  return input instanceof RawJson ? input.text : stringifyJson(input ?? {})
}
