import { type Chat, type Json, type JsonObject, stringMember } from '@lb/protocol'
import { appendAll } from '../append-all.ts'
import { contentTag } from '../sha256.ts'
import { argumentsText } from './call-arguments.ts'
import { mixedContent, textContent } from './chat-content.ts'
import { type ReplayedReasoning, replayedReasoning } from './replayed-reasoning.ts'
import type { Run } from './run.ts'
import { withCache, withError } from './tool-result-parts.ts'
import type { AssistantTurn, Part, ResultsTurn, Said, SystemTurn, TextPart, Turn } from './turns.ts'

/** Writes turns as Chat messages. `isThinking`: whether the model will reason in this request. */
export function chatMessages(turns: readonly Turn[], isThinking: boolean, run: Run): readonly Chat.Message[] {
  const draft: Draft = { messages: [], grown: undefined }
  const lastSpoken = turns.findLastIndex((turn) => turn.kind === 'user')
  for (const [index, turn] of turns.entries()) {
    if (turn.kind === 'system') systemTurn(turn, draft, run)
    else if (turn.kind === 'user')
      addUser({ role: 'user', content: mixedContent(turn.parts, 'user', '\n\n', run) }, draft, run)
    else if (turn.kind === 'results') resultsTurn(turn, draft, run)
    else add(draft, assistantTurn(turn, { isCurrent: index > lastSpoken, isThinking }, run))
  }
  return draft.messages
}

/** Messages in the making. */
interface Draft {
  readonly messages: Chat.Message[]
  /** The parts of the last message, where it was put together here and may still grow. */
  grown: Chat.Part[] | undefined
}

function add(draft: Draft, messages: readonly Chat.Message[]): void {
  if (messages.length > 0) draft.grown = undefined
  draft.messages.push(...messages)
}

/** Instructions as the target's own kind of message. */
export function instructionMessage(texts: readonly TextPart[], run: Run): Chat.Message {
  const role = run.profile.systemRole
  return role === 'user'
    ? { role, content: textContent(texts, 'user', '\n\n', run) }
    : { role, content: textContent(texts, 'system', '\n\n', run) }
}

function systemTurn(turn: SystemTurn, draft: Draft, run: Run): void {
  if (run.profile.systemPlacement === 'anywhere') {
    add(draft, [instructionMessage(turn.texts, run)])
    return
  }
  run.notes.loss('system_turn_moved', turn.path)
  const texts = turn.texts.map((part) => ({ ...part, text: `<system-reminder>\n${part.text}\n</system-reminder>` }))
  const reminder: Chat.UserMessage = { role: 'user', content: textContent(texts, 'user', '\n\n', run) }
  const last = draft.messages.at(-1)
  if (last?.role === 'user') join(last, reminder, draft, run)
  else add(draft, [reminder])
}

function addUser(message: Chat.UserMessage, draft: Draft, run: Run): void {
  const last = draft.messages.at(-1)
  if (run.profile.alternateRoles && last?.role === 'user') join(last, message, draft, run)
  else add(draft, [message])
}

/** Puts a message behind the last one, into one with it. */
function join(last: Chat.UserMessage, other: Chat.UserMessage, draft: Draft, run: Run): void {
  const { messages } = draft
  const areTexts = typeof last.content === 'string' && typeof other.content === 'string'
  if (areTexts && !run.profile.contentArrays.includes('user')) {
    messages[messages.length - 1] = { ...last, content: `${last.content}\n\n${other.content}` }
    return
  }
  if (draft.grown === undefined) {
    draft.grown = [...partsOf(last.content)]
    messages[messages.length - 1] = { ...last, content: draft.grown }
  }
  appendAll(draft.grown, partsOf(other.content))
}

function partsOf(content: string | readonly Chat.Part[]): readonly Chat.Part[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** One tool message for each result. Media that cannot stand in them follow in one user message, with tags that refer. */
function resultsTurn(turn: ResultsTurn, draft: Draft, run: Run): void {
  const moved: Part[] = []
  for (const result of turn.results) {
    const parts =
      run.profile.toolResultMedia === 'inside' ? result.parts : result.parts.map((part) => moveMedia(part, moved, run))
    const content = mixedContent(withCache(withError(parts, result, run), result), 'tool', '\n', run)
    add(draft, [
      { role: 'tool', tool_call_id: run.ids.of(result.callId), content: content || run.profile.emptyToolResult },
    ])
  }
  if (moved.length > 0) addUser({ role: 'user', content: mixedContent(moved, 'user', '\n\n', run) }, draft, run)
}

function moveMedia(part: Part, moved: Part[], run: Run): Part {
  if (part.kind === 'text') return part
  run.notes.loss('media_moved', part.path)
  const tag = contentTag(part.url)
  moved.push(
    { kind: 'text', text: `This is file ${tag}:`, cache: undefined, path: part.path },
    { ...part, cache: undefined },
  )
  return { kind: 'text', text: `See file ${tag}.`, cache: part.cache, path: part.path }
}

interface Place {
  readonly isCurrent: boolean
  readonly isThinking: boolean
}

function assistantTurn(turn: AssistantTurn, place: Place, run: Run): readonly Chat.Message[] {
  const reasoning = replayedReasoning(turn, place, run)
  const texts = joinedTexts(turn.said, run)
  const calls = turn.said.filter(isCall).map((call, index) => chatCall(call, index === 0, reasoning, run))
  const fields = reasoningFields(reasoning, run)
  if (texts.length === 0 && calls.length === 0 && Object.keys(fields).length === 0) {
    run.notes.loss('empty_turn_dropped', turn.path)
    return []
  }
  const thinking =
    run.profile.reasoningField === 'content-parts' && reasoning.text ? [thinkingPart(reasoning.text)] : []
  const content = assistantContent(texts, thinking, calls.length > 0, run)
  const signature = turn.said
    .map((said) => (said.kind === 'text' ? reasoning.signatures.get(said) : undefined))
    .find(Boolean)
  return [
    {
      role: 'assistant',
      content,
      ...fields,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...extraContent(signature),
    },
  ]
}

function assistantContent(
  texts: readonly TextPart[],
  thinking: readonly Chat.ThinkingPart[],
  hasCalls: boolean,
  run: Run,
): NonNullable<Chat.AssistantMessage['content']> | null {
  const written = textContent(texts, 'assistant', '', run)
  if (thinking.length > 0) return [...thinking, ...(typeof written === 'string' ? textParts(written) : written)]
  return written === '' && hasCalls ? run.profile.emptyAssistant : written
}

function textParts(text: string): readonly Chat.TextPart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function thinkingPart(text: string): Chat.ThinkingPart {
  return { type: 'thinking', thinking: [{ type: 'text', text }] }
}

/**
 * The texts of a turn. Those next to each other are pieces of one sentence that citations cut, and are joined with
 * nothing; between others something else was said, and a blank line keeps them apart.
 */
function joinedTexts(said: readonly Said[], run: Run): readonly TextPart[] {
  const texts: TextPart[] = []
  let isApart = false
  let sawCall = false
  for (const one of said) {
    if (one.kind !== 'text') {
      isApart = true
      sawCall ||= one.kind === 'call'
      continue
    }
    if (sawCall) run.notes.loss('block_order_lost', one.path)
    const last = texts.at(-1)
    if (last === undefined || run.profile.contentArrays.includes('assistant')) texts.push(one)
    else {
      run.notes.loss('block_boundaries_joined', one.path)
      texts[texts.length - 1] = { ...one, text: last.text + (isApart ? '\n\n' : '') + one.text }
    }
    isApart = false
  }
  return texts
}

type Call = Extract<Said, { readonly kind: 'call' }>

function isCall(said: Said): said is Call {
  return said.kind === 'call'
}

function chatCall(call: Call, isFirst: boolean, reasoning: ReplayedReasoning, run: Run): Chat.FunctionCall {
  if (call.cache !== undefined) run.notes.loss('cache_control_dropped', call.path)
  const signature = reasoning.signatures.get(call) ?? (isFirst ? missingSignature(call, run) : undefined)
  return {
    id: run.ids.of(call.id),
    type: 'function',
    function: { name: run.names.of(call.name), arguments: argumentsText(call.input) },
    ...extraContent(signature),
  }
}

function missingSignature(call: Call, { profile, notes }: Run): string | undefined {
  if (profile.missingSignature === '') return undefined
  notes.loss('thinking_emptied', call.path)
  return profile.missingSignature
}

/** Gemini's signature, where its compatible endpoint wants it. @see https://ai.google.dev/gemini-api/docs/openai */
function extraContent(signature: Json | undefined): { readonly extra_content?: JsonObject } {
  return typeof signature !== 'string' ? {} : { extra_content: { google: { thought_signature: signature } } }
}

function reasoningFields(reasoning: ReplayedReasoning, run: Run): Partial<Chat.AssistantMessage> {
  const { text, details } = reasoning
  const own = copilotFields(reasoning)
  if (own !== undefined && run.profile.reasoningField !== 'none') return own
  switch (run.profile.reasoningField) {
    case 'reasoning_content':
      return text === undefined ? {} : { reasoning_content: text }
    case 'reasoning':
      return text === undefined ? {} : { reasoning: text }
    case 'reasoning_details':
      if (details.length > 0) return { reasoning_details: details.map(asDetail) }
      return text === undefined ? {} : { reasoning: text }
    default:
      return {}
  }
}

/** What came in GitHub Copilot's own members goes back in them, whatever the profile: nobody else has them. */
function copilotFields({ text, details }: ReplayedReasoning): Partial<Chat.AssistantMessage> | undefined {
  const opaque = details.map((entry) => stringMember(entry, 'opaque')).findLast((one) => one !== undefined)
  const pieces = details
    .filter((entry) => entry['type'] === 'reasoning_text')
    .map((entry) => stringMember(entry, 'text'))
  if (opaque === undefined && pieces.length === 0) return undefined
  const said = pieces.join('') || text
  return {
    ...(said ? { reasoning_text: said } : {}),
    ...(opaque === undefined ? {} : { reasoning_opaque: opaque }),
  }
}

/** Entries are handed back as they came, whatever they hold. */
function asDetail(entry: JsonObject): Chat.ReasoningDetail {
  return { type: '', ...entry }
}
