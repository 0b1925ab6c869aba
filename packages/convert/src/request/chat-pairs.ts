import type { Chat } from '@lb/protocol'
import { toBase64url } from '../base64url.ts'
import { sha256 } from '../sha256.ts'

/**
 * The tool calls of a Chat conversation and their results, paired. Anthropic demands that the ids of a conversation are
 * unique, so a call that repeats an earlier id gets one of its own.
 */
export interface ChatPairs {
  /** Of each message that has any, in their order. */
  readonly calls: ReadonlyMap<Chat.Message, readonly PairedCall[]>
  readonly orphans: ReadonlySet<Chat.Message>
}

export interface PairedCall {
  /** Unique in the conversation; not yet made legal. */
  readonly id: string
  readonly name: string
  /** JSON text, or free text where `isCustom`. */
  readonly arguments: string
  readonly isCustom: boolean
  readonly path: string
  /** Absent: nobody ever answered. */
  result: ChatResult | undefined
}

export interface ChatResult {
  readonly message: Chat.ToolMessage | Chat.FunctionMessage
  readonly path: string
  /** Whether something else was said between the call and the result. */
  readonly isMoved: boolean
  /** Results are sent in the order in which they came. */
  readonly order: number
}

/** Pairs the calls and results of `messages`. `onDuplicate` hears of results for a call that had one. */
export function pairChatCalls(messages: readonly Chat.Message[], onDuplicate: (path: string) => void): ChatPairs {
  const calls = new Map<Chat.Message, readonly PairedCall[]>()
  const orphans = new Set<Chat.Message>()
  // The calls of each id in the last message that has it, and of each name for results from before there were ids.
  const byId = new Map<string, Sharing>()
  const byName = new Map<string, Sharing>()
  const speakers = new Map<PairedCall, Chat.Message>()
  const uses = new Map<string, number>()
  let lastSpeaker: Chat.Message | undefined
  let order = 0
  for (const [index, message] of messages.entries()) {
    const path = `/messages/${index}`
    if (message.role === 'tool' || message.role === 'function') {
      const named = message.role === 'tool' ? byId.get(message.tool_call_id) : byName.get(message.name)
      if (named === undefined) {
        orphans.add(message)
        continue
      }
      const call = nextOf(named)
      if (call.result !== undefined) onDuplicate(path)
      const isMoved = speakers.get(call) !== lastSpeaker
      call.result = { message, path, isMoved, order }
      order += 1
      continue
    }
    lastSpeaker = message
    if (message.role !== 'assistant') continue
    const made = callsOf(message, path, (id) => uniqueId(id, uses))
    if (made.length === 0) continue
    calls.set(
      message,
      made.map(({ call }) => call),
    )
    for (const [id, sharing] of byTheirIds(made)) byId.set(id, sharing)
    for (const { call } of made) {
      byName.set(call.name, { calls: [call], at: 0 })
      speakers.set(call, message)
    }
  }
  return { calls, orphans }
}

/** Calls of one answer that go by one id: some servers give all of them the same. Their results come in their order. */
interface Sharing {
  readonly calls: PairedCall[]
  /** The first that may not have a result yet. */
  at: number
}

/** The first call without a result; else the last one. */
function nextOf(sharing: Sharing): PairedCall {
  const { calls } = sharing
  while (sharing.at < calls.length - 1 && calls[sharing.at]?.result !== undefined) sharing.at += 1
  return calls[sharing.at] as PairedCall
}

interface MadeCall {
  /** The id that results name. */
  readonly id: string
  readonly call: PairedCall
}

function callsOf(message: Chat.AssistantMessage, path: string, unique: (id: string) => string): readonly MadeCall[] {
  const made = (message.tool_calls ?? []).map((entry, index): MadeCall => {
    const at = `${path}/tool_calls/${index}`
    const isCustom = entry.type === 'custom'
    const call = isCustom
      ? { name: entry.custom.name, arguments: entry.custom.input }
      : { name: entry.function.name, arguments: entry.function.arguments }
    return { id: entry.id, call: { ...call, id: unique(entry.id), isCustom, path: at, result: undefined } }
  })
  const legacy = message.function_call
  if (!legacy) return made
  // The old form has no id. One is made from what the call says, so that it is the same in every request.
  const id = `lb_${toBase64url(sha256(`${legacy.name}(${legacy.arguments})`)).slice(0, 24)}`
  const call = { ...legacy, id: unique(id), isCustom: false, path: `${path}/function_call`, result: undefined }
  return [...made, { id, call }]
}

function byTheirIds(made: readonly MadeCall[]): ReadonlyMap<string, Sharing> {
  const calls = new Map<string, Sharing>()
  for (const { id, call } of made) {
    const sharing = calls.get(id)
    if (sharing === undefined) calls.set(id, { calls: [call], at: 0 })
    else sharing.calls.push(call)
  }
  return calls
}

/** The id itself the first time; then one that counts. */
function uniqueId(id: string, uses: Map<string, number>): string {
  const count = (uses.get(id) ?? 0) + 1
  uses.set(id, count)
  return count === 1 ? id : `${id}#${count}`
}
