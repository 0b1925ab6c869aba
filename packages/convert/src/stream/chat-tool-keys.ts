import { isJsonObject, type Json, numberMember, parseJson, RawJson, stringMember } from '@lb/protocol'
import type { CallDelta, KnownCall } from './writer-host.ts'

/**
 * Which call a tool delta belongs to. The index says so, where there is one and it means something: some servers leave it
 * out, some start at 1 or skip, and some send 0 for every call.
 */
export interface ToolKeys {
  keyOf(delta: ToolDelta): string
}

/** A tool delta, read from whatever a server sent. */
export interface ToolDelta extends CallDelta {
  readonly index: number | undefined
  /** Free text instead of JSON. */
  readonly isCustom: boolean
}

/** Starts the keys of one answer. */
export function createToolKeys(known: (key: string) => KnownCall | undefined): ToolKeys {
  const keyByIndex = new Map<number, string>()
  const keyById = new Map<string, string>()
  let last: string | undefined
  let count = 0

  function fresh(): string {
    count += 1
    return `call ${count}`
  }

  function byIndex(delta: ToolDelta, index: number): string {
    const key = keyByIndex.get(index)
    if (key !== undefined) return isAnother(delta, known(key)) ? fresh() : key
    const meant = delta.name ? undefined : byId(delta)
    if (meant !== undefined) return meant
    // Some servers begin a second call at the index of the first, and go on at its own.
    const isTail = !delta.id && !delta.name && last !== undefined && known(last)?.progress === 'empty'
    return isTail ? (last as string) : fresh()
  }

  function byIdentity(delta: ToolDelta): string {
    const key = byId(delta)
    if (key !== undefined) return key
    return last !== undefined && isMore(delta, known(last)) ? last : fresh()
  }

  function byId({ id }: ToolDelta): string | undefined {
    return id ? keyById.get(id) : undefined
  }

  return {
    keyOf(delta) {
      // In a whole message every entry is a call, whatever its index and its id are.
      const key = delta.isWhole ? fresh() : delta.index === undefined ? byIdentity(delta) : byIndex(delta, delta.index)
      if (delta.index !== undefined) keyByIndex.set(delta.index, key)
      if (delta.id) keyById.set(delta.id, key)
      last = key
      return key
    },
  }
}

/** The index is that of a call that has ended: this is the next one. */
function isAnother(delta: ToolDelta, call: KnownCall | undefined): boolean {
  if (call === undefined || !delta.name) return false
  // Where nobody has an id, a name with arguments behind arguments that are whole begins a call.
  if (!delta.id && call.id === '') return call.progress === 'complete' && Boolean(delta.arguments?.trim())
  if (!delta.id || call.id === '' || delta.id === call.id) return false
  // Only in the middle of arguments a new name and id say nothing: there they are misnamed pieces of the call.
  return call.progress === 'complete' || call.progress === 'empty'
}

/** Without an index: this is more of the last call. Some servers repeat its name, or give every piece an id of its own. */
function isMore({ id, name }: ToolDelta, last: KnownCall | undefined): boolean {
  if (!name) return !id || last?.progress !== 'complete'
  return !id && name === last?.name && last.progress !== 'complete'
}

/** Reads an entry of `tool_calls`, whole or in pieces. `undefined`: there is nothing in it. */
export function readToolDelta(entry: Json, isWhole: boolean): ToolDelta | undefined {
  if (!isJsonObject(entry)) return undefined
  // Snowflake sends an empty object of every kind beside the one that is meant.
  const isCustom = stringMember(entry, 'type') === 'custom'
  const inner = isCustom ? entry['custom'] : entry['function']
  const text = isCustom ? stringMember(inner, 'input') : argumentsOf(inner)
  return {
    index: numberMember(entry, 'index'),
    id: stringMember(entry, 'id'),
    name: stringMember(inner, 'name'),
    arguments: isCustom && text !== undefined ? JSON.stringify({ input: text }) : text,
    isWhole,
    isCustom,
  }
}

/** JSON text; a few servers send the value itself, which is text, too, where it was read with `parseChatAnswer`. */
export function argumentsOf(call: Json | undefined): string | undefined {
  if (!isJsonObject(call)) return undefined
  const said: Json | RawJson | undefined = call['arguments']
  if (said instanceof RawJson) return textIn(said)
  if (typeof said === 'string' || said === undefined || said === null) return said ?? undefined
  return JSON.stringify(said)
}

function textIn({ text }: RawJson): string {
  const parsed = parseJson(text)
  return parsed.ok && typeof parsed.value === 'string' ? parsed.value : text
}
