import { type Anthropic, type Chat, isJsonObject, type JsonTree, parseJson, RawJson } from '@lb/protocol'
import { type ChatPairs, type PairedCall, pairChatCalls } from './chat-pairs.ts'
import { blocksOfParts, textBlocks } from './chat-parts.ts'
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
  const builder = createTurnBuilder(pairs, run)
  for (const [index, message] of messages.entries()) {
    if (index < start) continue
    const path = `/messages/${index}`
    reportName(message, path, run)
    if (firstSpoken === -1) {
      run.notes.loss('role_changed', path)
      builder.user(instructionBlocks(message, path, run), path)
    } else builder.add(message, path)
  }
  return { system, messages: builder.end() }
}

function reportName(message: Chat.Message, path: string, run: ChatRun): void {
  if (message.role !== 'function' && 'name' in message && message.name) run.notes.loss('name_dropped', `${path}/name`)
}

function instructionBlocks(message: Chat.Message, path: string, run: ChatRun): readonly Anthropic.TextBlock[] {
  reportName(message, path, run)
  const { content } = message
  return blocksOfParts(content as Chat.InstructionMessage['content'], `${path}/content`, run).filter(
    (block) => block.type === 'text',
  )
}

type Block = Anthropic.RequestBlock

interface TurnBuilder {
  add(message: Chat.Message, path: string): void
  user(blocks: readonly Block[], path: string): void
  end(): readonly Anthropic.Turn[]
}

function createTurnBuilder(pairs: ChatPairs, run: ChatRun): TurnBuilder {
  const turns: { role: 'user' | 'assistant' | 'system'; content: Block[] }[] = []
  // Calls of the assistant turn that is being put together: their results open the next turn.
  let open: PairedCall[] = []

  function append(role: 'user' | 'assistant', blocks: readonly Block[]): void {
    if (role === 'user') moveSystemTurn()
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...blocks)
    else if (blocks.length > 0) turns.push({ role, content: [...blocks] })
  }

  /** An instruction may stand behind a user turn and before an answer, not between two user turns. */
  function moveSystemTurn(): void {
    const last = turns.at(-1)
    if (last?.role !== 'system') return
    turns.pop()
    run.notes.loss('system_turn_moved', '/messages')
    append('user', last.content.map(reminder))
  }

  function answer(): void {
    if (open.length > 0) append('user', resultBlocks(open, run))
    open = []
  }

  function user(blocks: readonly Block[], path: string): void {
    answer()
    if (blocks.length === 0)
      run.notes.refuse('empty_turn', `${path}/content`, 'a message without content cannot be sent; leave it out')
    append('user', blocks)
  }

  function instruction(message: Chat.InstructionMessage, path: string): void {
    answer()
    const texts = instructionBlocks(message, path, run)
    if (texts.length === 0) return
    if (run.profile.systemTurns && turns.at(-1)?.role === 'user') {
      turns.push({ role: 'system', content: [...texts] })
      return
    }
    run.notes.loss('system_turn_moved', path)
    append('user', texts.map(reminder))
  }

  function assistant(message: Chat.AssistantMessage, path: string): void {
    const blocks = spokenBlocks(message, path, run)
    const calls = pairs.calls.get(message) ?? []
    answer()
    if (blocks.length === 0 && calls.length === 0) run.notes.loss('empty_turn_dropped', path)
    append('assistant', [...blocks, ...calls.map((call) => toolUse(call, run))])
    open.push(...calls)
  }

  function orphan(message: Chat.ToolMessage | Chat.FunctionMessage, path: string): void {
    if (!pairs.orphans.has(message)) return
    const id = message.role === 'tool' ? message.tool_call_id : message.name
    if (run.options.lenient !== true) {
      run.notes.refuse('tool_result_without_call', path, `the result of ${id} answers no call; leave it out`)
      return
    }
    answer()
    run.notes.loss('tool_result_orphaned', path)
    append('user', [
      ...textBlocks(`[result of the unknown call ${id}]`, {}, path, run),
      ...blocksOfParts(message.content, `${path}/content`, run),
    ])
  }

  return {
    add(message, path) {
      if (message.role === 'assistant') assistant(message, path)
      else if (message.role === 'user') user(blocksOfParts(message.content, `${path}/content`, run), path)
      else if (message.role === 'tool' || message.role === 'function') orphan(message, path)
      else instruction(message, path)
    },
    user,
    end() {
      answer()
      return turns
    },
  }
}

function reminder(block: Block): Block {
  return block.type === 'text' ? { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` } : block
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
  run.notes.loss('thinking_dropped', path)
  return []
}

/** Only reasoning that Anthropic signed may go back to it. It comes in the form in which gateways hand it on. */
function reasoningBlocks(message: Chat.AssistantMessage, path: string, run: ChatRun): readonly Block[] {
  const details = mergedDetails(message.reasoning_details ?? [])
  const blocks = details.flatMap((entry): readonly Block[] => {
    if (!String(entry.format).startsWith('anthropic')) return []
    if (entry.type === 'reasoning.encrypted' && entry.data) return [{ type: 'redacted_thinking', data: entry.data }]
    return entry.signature ? [{ type: 'thinking', thinking: entry.text ?? '', signature: entry.signature }] : []
  })
  const hasReasoning = details.length > 0 || message.reasoning_content || message.reasoning
  if (hasReasoning && blocks.length === 0) run.notes.loss('thinking_dropped', path)
  return blocks
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
  if (typeof content === 'string') return { type: 'tool_result', tool_use_id, ...(content === '' ? {} : { content }) }
  const blocks = blocksOfParts(content, `${path}/content`, run)
  return { type: 'tool_result', tool_use_id, ...(blocks.length === 0 ? {} : { content: blocks }) }
}
