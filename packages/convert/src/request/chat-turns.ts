import { type Anthropic, type Chat, isJsonObject, type JsonTree, parseJson, RawJson } from '@lb/protocol'
import { appendAll } from '../append-all.ts'
import { isCarrier } from '../carrier.ts'
import type { AnthropicProfile } from '../profiles/anthropic.ts'
import { type ChatPairs, type PairedCall, pairChatCalls } from './chat-pairs.ts'
import { blocksOfParts, textBlocks, unknownPart } from './chat-parts.ts'
import type { ChatRun } from './chat-run.ts'

/** The messages of a Chat request in Anthropic's order, which is stricter. */
export interface AnthropicTurns {
  readonly system: readonly Anthropic.TextBlock[]
  readonly messages: readonly Anthropic.Turn[]
}

/**
 * Brings the messages of a Chat request into Anthropic's order: instructions at the start apart, roles that alternate, every
 * call answered at the start of the next turn, no text without a character in it.
 */
export function anthropicTurns(request: Chat.Request, run: ChatRun): AnthropicTurns {
  const messages = request.messages
  const pairs = pairChatCalls(messages, (path) => run.notes.loss('tool_result_duplicate', path))
  const firstSpoken = messages.findIndex((message) => message.role !== 'system' && message.role !== 'developer')
  // A conversation of instructions only: the last one is what there is to answer.
  const start = firstSpoken === -1 ? messages.length - 1 : firstSpoken
  const system = messages
    .slice(0, Math.max(0, start))
    .flatMap((message, index) => instructionBlocks(message, `/messages/${index}`, run))
  const draft: Draft = { run, pairs, turns: [], open: [] }
  for (const [index, message] of messages.entries()) {
    if (index < start) continue
    const path = `/messages/${index}`
    reportName(message, path, run)
    if (firstSpoken === -1) {
      run.notes.loss('role_changed', path)
      addUser(draft, instructionBlocks(message, path, run), path)
    } else addMessage(draft, message, path)
  }
  answerCalls(draft)
  return { system, messages: draft.turns }
}

function reportName(message: Chat.Message, path: string, run: ChatRun): void {
  if (message.role !== 'function' && 'name' in message && message.name) run.notes.loss('name_dropped', `${path}/name`)
}

function instructionBlocks(message: Chat.Message, path: string, run: ChatRun): readonly Anthropic.TextBlock[] {
  reportName(message, path, run)
  const { content } = message
  const blocks = blocksOfParts(content as Chat.InstructionMessage['content'], `${path}/content`, run)
  const texts = blocks.filter((block) => block.type === 'text')
  if (texts.length < blocks.length) run.notes.loss('block_dropped', `${path}/content`, 'instructions are text')
  return marked(texts, message)
}

/** A cache mark on a message covers all of it: it stands on the last block. */
function marked<T extends Block>(blocks: readonly T[], message: Chat.Message): readonly T[] {
  const last = blocks.at(-1)
  const mark = 'cache_control' in message ? message.cache_control : undefined
  if (last === undefined || !mark || 'cache_control' in last || /thinking$/.test(last.type)) return blocks
  return [...blocks.slice(0, -1), { ...last, cache_control: mark }]
}

type Block = Anthropic.RequestBlock

/** Turns in the making. */
interface Draft {
  readonly run: ChatRun
  readonly pairs: ChatPairs
  readonly turns: { role: 'user' | 'assistant' | 'system'; content: Block[] }[]
  /** Calls of the last assistant turn: their results open the next turn. */
  open: readonly PairedCall[]
}

function addMessage(draft: Draft, message: Chat.Message, path: string): void {
  if (message.role === 'assistant') addAssistant(draft, message, path)
  else if (message.role === 'user')
    addUser(draft, marked(blocksOfParts(message.content, `${path}/content`, draft.run), message), path)
  else if (message.role === 'tool' || message.role === 'function') addOrphan(draft, message, path)
  else addInstruction(draft, message, path)
}

/** Roles alternate: what one role says in several messages is one turn. */
function append(draft: Draft, role: 'user' | 'assistant', blocks: readonly Block[]): void {
  if (role === 'user') moveSystemTurn(draft)
  const last = draft.turns.at(-1)
  if (last?.role === role) appendAll(last.content, blocks)
  else if (blocks.length > 0) draft.turns.push({ role, content: [...blocks] })
}

/** An instruction may stand behind a user turn and before an answer, not between two user turns. */
function moveSystemTurn(draft: Draft): void {
  const last = draft.turns.at(-1)
  if (last?.role !== 'system') return
  draft.turns.pop()
  draft.run.notes.loss('system_turn_moved', '/messages')
  append(draft, 'user', last.content.filter((block) => block.type === 'text').map(reminder))
}

function answerCalls(draft: Draft): void {
  if (draft.open.length > 0) append(draft, 'user', resultBlocks(draft.open, draft.run))
  draft.open = []
}

function addUser(draft: Draft, blocks: readonly Block[], path: string): void {
  answerCalls(draft)
  if (blocks.length === 0) {
    draft.run.notes.refuse('empty_turn', `${path}/content`, 'a message without content cannot be sent; leave it out')
  }
  append(draft, 'user', blocks)
}

function addInstruction(draft: Draft, message: Chat.InstructionMessage, path: string): void {
  answerCalls(draft)
  const texts = instructionBlocks(message, path, draft.run)
  if (texts.length === 0) return
  if (draft.run.profile.systemTurns && draft.turns.at(-1)?.role === 'user') {
    draft.turns.push({ role: 'system', content: [...texts] })
    return
  }
  draft.run.notes.loss('system_turn_moved', path)
  append(draft, 'user', texts.map(reminder))
}

function addAssistant(draft: Draft, message: Chat.AssistantMessage, path: string): void {
  answerCalls(draft)
  const blocks = spokenBlocks(message, path, draft.run)
  const calls = draft.pairs.calls.get(message) ?? []
  if (blocks.length === 0 && calls.length === 0) draft.run.notes.loss('empty_turn_dropped', path)
  append(draft, 'assistant', marked([...blocks, ...calls.map((call) => toolUse(call, draft.run))], message))
  draft.open = calls
}

/** A result without a call: refused as Anthropic refuses it, or kept as text. */
function addOrphan(draft: Draft, message: Chat.ToolMessage | Chat.FunctionMessage, path: string): void {
  const { run } = draft
  if (!draft.pairs.orphans.has(message)) return
  const id = message.role === 'tool' ? message.tool_call_id : message.name
  if (run.options.lenient !== true) {
    run.notes.refuse('tool_result_without_call', path, `the result of ${id} answers no call; leave it out`)
    return
  }
  answerCalls(draft)
  run.notes.loss('tool_result_orphaned', path)
  append(draft, 'user', [
    { type: 'text', text: `[result of the unknown call ${id}]` },
    ...blocksOfParts(message.content, `${path}/content`, run),
  ])
}

function reminder(block: Anthropic.TextBlock): Anthropic.TextBlock {
  return { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` }
}

/** What the model said beside its calls: reasoning with a genuine signature, then text. */
function spokenBlocks(message: Chat.AssistantMessage, path: string, run: ChatRun): readonly Block[] {
  const { content, refusal } = message
  const texts = Array.isArray(content)
    ? content.flatMap((part: NonNullable<typeof content>[number], index: number) =>
        spokenPart(part, `${path}/content/${index}`, run),
      )
    : blocksOfParts(content as string | null | undefined, `${path}/content`, run)
  if (refusal) run.notes.loss('refusal_as_text', `${path}/refusal`)
  return [...reasoningBlocks(message, path, run), ...texts, ...textBlocks(refusal ?? '', {}, `${path}/refusal`, run)]
}

type SpokenPart = Extract<NonNullable<Chat.AssistantMessage['content']>, readonly unknown[]>[number]

function spokenPart(part: SpokenPart, path: string, run: ChatRun): readonly Block[] {
  if (part.type === 'refusal') {
    run.notes.loss('refusal_as_text', path)
    return textBlocks(part.refusal, {}, path, run)
  }
  if (part.type === 'text') return textBlocks(part.text, part, path, run)
  const type: string = part.type
  if (type !== 'thinking' && type !== 'reasoning') return unknownPart(part, path, run)
  run.notes.loss('thinking_dropped', path)
  return []
}

/** Only reasoning that Anthropic signed may go back to it. It comes in the form in which gateways hand it on. */
function reasoningBlocks(message: Chat.AssistantMessage, path: string, run: ChatRun): readonly Block[] {
  const details = mergedDetails(message.reasoning_details ?? [])
  const blocks = details.map((entry) => reasoningBlock(entry, run.profile)).filter((block) => block !== undefined)
  const { reasoning_content, reasoning, reasoning_text, reasoning_opaque } = message
  const hasText = Boolean(reasoning_content || reasoning || reasoning_text || reasoning_opaque)
  if (blocks.length < details.length || (hasText && blocks.length === 0)) run.notes.loss('thinking_dropped', path)
  return blocks
}

/** What this package carried for another vendor is in a form that says Anthropic, and is not. */
function reasoningBlock(
  entry: Chat.ReasoningDetail,
  { signatures, unsupportedBlocks }: AnthropicProfile,
): Block | undefined {
  const isEncrypted = entry.type === 'reasoning.encrypted'
  const signature = isEncrypted ? entry.data : entry.signature
  if (!signature || !String(entry.format).startsWith('anthropic')) return undefined
  if (isCarrier(signature) && signatures !== 'carried') return undefined
  if (!isEncrypted) return { type: 'thinking', thinking: entry.text ?? '', signature }
  return unsupportedBlocks.includes('redacted_thinking') ? undefined : { type: 'redacted_thinking', data: signature }
}

/** A client that read a stream may hold an entry in pieces: its text, and its signature at the end. */
function mergedDetails(entries: readonly Chat.ReasoningDetail[]): readonly Chat.ReasoningDetail[] {
  const merged: Chat.ReasoningDetail[] = []
  for (const entry of entries) {
    const last = merged.at(-1)
    const isSame = entry.type === 'reasoning.text' && last?.type === entry.type && last.index === entry.index
    if (isSame && !last.signature) {
      merged[merged.length - 1] = { ...last, ...entry, text: (last.text ?? '') + (entry.text ?? '') }
    } else merged.push(entry)
  }
  return merged
}

function toolUse(call: PairedCall, run: ChatRun): Anthropic.ToolUseBlock {
  return { type: 'tool_use', id: run.ids.of(call.id), name: run.names.of(call.name), input: inputOf(call, run) }
}

/** The arguments as the text of an object: Anthropic takes nothing else. They are never repaired. */
function inputOf(call: PairedCall, run: ChatRun): JsonTree {
  if (call.isCustom) return { input: call.arguments }
  const text = call.arguments.trim()
  if (text === '') return {}
  const parsed = parseJson(text)
  const path = `${call.path}/function/arguments`
  if (parsed.ok && isJsonObject(parsed.value)) return new RawJson(text)
  if (parsed.ok || run.options.lenient === true) run.notes.loss('tool_arguments_wrapped', path)
  else run.notes.refuse('tool_arguments_invalid', path, 'the arguments are not JSON; send what the model wrote')
  return parsed.ok ? { value: new RawJson(text) } : { _raw: call.arguments }
}

/** Results in the order in which they came, and one for each call that was never answered. */
function resultBlocks(calls: readonly PairedCall[], run: ChatRun): readonly Anthropic.ToolResultBlock[] {
  const order = (call: PairedCall): number => call.result?.order ?? Number.MAX_SAFE_INTEGER
  return calls.toSorted((one, other) => order(one) - order(other)).map((call) => resultBlock(call, run))
}

function resultBlock(call: PairedCall, run: ChatRun): Anthropic.ToolResultBlock {
  const tool_use_id = run.ids.of(call.id)
  if (call.result === undefined) {
    run.notes.loss('tool_result_missing', call.path)
    return { type: 'tool_result', tool_use_id, content: '[no result: the call was interrupted]' }
  }
  const { message, path, isMoved } = call.result
  if (isMoved) run.notes.loss('tool_result_moved', path)
  const { content } = message
  const result = { type: 'tool_result', tool_use_id } as const
  const said = typeof content === 'string' ? content : blocksOfParts(content, `${path}/content`, run)
  const [block] = marked([said.length === 0 ? result : { ...result, content: said }], message)
  return block as Anthropic.ToolResultBlock
}
