import { type Json, type JsonObject, type Responses, stringMember } from '@lb/protocol'
import { appendAll } from '../append-all.ts'
import { argumentsText } from './call-arguments.ts'
import { type ReplayedReasoning, replayedReasoning } from './replayed-reasoning.ts'
import type { Run } from './run.ts'
import { withCache, withError } from './tool-result-parts.ts'
import type { AssistantTurn, Part, ResultsTurn, Said, TextPart, ToolResult, Turn } from './turns.ts'

/**
 * Writes turns as the input items of the Responses API. Nothing has to be moved here: what the model said keeps its order,
 * results hold images and files, and instructions stand where they were given.
 */
export function responsesItems(turns: readonly Turn[], isThinking: boolean, run: Run): readonly Responses.Item[] {
  const lastSpoken = turns.findLastIndex((turn) => turn.kind === 'user')
  const items: Responses.Item[] = []
  let answerStart = 0
  for (const [index, turn] of turns.entries()) {
    if (turn.kind === 'system') items.push(instructionItem(turn.texts, run))
    else if (turn.kind === 'user') items.push(userItem(turn.parts, run))
    else if (turn.kind === 'results') addOutputs(turn, items, answerStart, run)
    else {
      answerStart = items.length
      appendAll(items, assistantItems(turn, { isCurrent: index > lastSpoken, isThinking }, run))
    }
  }
  return items
}

function userItem(parts: readonly Part[], run: Run): Responses.InputMessage {
  return { type: 'message', role: 'user', content: parts.map((part) => inputPart(part, run)) }
}

/** Outputs stand behind all calls of the answer, or each behind its own. */
function addOutputs(turn: ResultsTurn, items: Responses.Item[], answerStart: number, run: Run): void {
  const outputs = turn.results.map((result) => outputItem(result, run))
  if (!run.profile.pairedToolOutputs) {
    appendAll(items, outputs)
    return
  }
  const byCall = new Map(outputs.map((output) => [output.call_id, output]))
  const answer = items.splice(answerStart)
  for (const item of answer) {
    items.push(item)
    const output = item.type === 'function_call' ? byCall.get(item.call_id) : undefined
    if (output !== undefined) items.push(output)
  }
}

/** Instructions in place. */
export function instructionItem(texts: readonly TextPart[], run: Run): Responses.InputMessage {
  const role = run.profile.systemRole
  return { type: 'message', role, content: texts.map((part) => inputPart(part, run)) }
}

function inputPart(part: Part, run: Run): Responses.InputPart {
  const mark = cacheMark(part, run)
  if (part.kind === 'text') return { type: 'input_text', text: part.text, ...mark }
  if (part.kind === 'image') return { type: 'input_image', image_url: part.url, detail: 'auto', ...mark }
  return part.isData
    ? { type: 'input_file', filename: part.filename, file_data: part.url, ...mark }
    : { type: 'input_file', file_url: part.url, ...mark }
}

function cacheMark({ cache, path }: Part, run: Run): Responses.CacheBreakpoint {
  if (cache === undefined) return {}
  if (run.profile.cache !== 'breakpoints') {
    run.notes.loss('cache_control_dropped', path)
    return {}
  }
  run.notes.loss('cache_ttl_changed', path, cache.ttl ?? '5m')
  run.cacheMarks.push(path)
  return { prompt_cache_breakpoint: { mode: 'explicit' } }
}

function outputItem(result: ToolResult, run: Run): Responses.FunctionCallOutput {
  const parts = withCache(withError(result.parts, result, run), result)
  const [only] = parts
  const isText = parts.length === 0 || (parts.length === 1 && only?.kind === 'text' && only.cache === undefined)
  const text = only?.kind === 'text' ? only.text : run.profile.emptyToolResult
  return {
    type: 'function_call_output',
    call_id: run.ids.of(result.callId),
    output: isText ? text : parts.map((part) => inputPart(part, run)),
  }
}

interface Place {
  readonly isCurrent: boolean
  readonly isThinking: boolean
}

function assistantItems(turn: AssistantTurn, place: Place, run: Run): readonly Responses.Item[] {
  const reasoning = replayedReasoning(turn, place, run)
  const items: Responses.Item[] = []
  const lastOther = turn.said.findLastIndex((said) => said.kind !== 'thinking')
  let text: OutputText[] | undefined
  for (const [index, said] of turn.said.entries()) {
    if (said.kind === 'text') {
      text = addText(said, reasoning, items, text, run)
      continue
    }
    const added =
      said.kind === 'call' ? [functionCall(said, run)] : reasoningItems(said, index < lastOther, reasoning, run)
    if (added.length > 0) text = undefined
    items.push(...added)
  }
  if (items.length === 0) run.notes.loss('empty_turn_dropped', turn.path)
  return items
}

type OutputText = Extract<Responses.Item, { readonly role: 'assistant' }>['content'][number]

/**
 * Texts that follow each other are parts of one message, unless they were said in different phases.
 *
 * @param open the parts of the message that is last, where it is one of texts.
 * @returns the parts of the message that is last now.
 */
function addText(
  said: TextPart,
  reasoning: ReplayedReasoning,
  items: Responses.Item[],
  open: OutputText[] | undefined,
  run: Run,
): OutputText[] {
  if (said.cache !== undefined) run.notes.loss('cache_control_dropped', said.path)
  const part = { type: 'output_text', text: said.text, annotations: [] } as const
  const phase = phaseOf(reasoning.signatures.get(said))
  if (open !== undefined && phase === undefined) {
    open.push(part)
    return open
  }
  const content: OutputText[] = [part]
  items.push({ type: 'message', role: 'assistant', content, ...(phase === undefined ? {} : { phase }) })
  return content
}

function phaseOf(carried: Json | undefined): 'commentary' | 'final_answer' | undefined {
  const phase = stringMember(carried, 'phase')
  return phase === 'commentary' || phase === 'final_answer' ? phase : undefined
}

/** A reasoning is refused without what it led to. */
function reasoningItems(
  said: Extract<Said, { readonly kind: 'thinking' }>,
  hasMore: boolean,
  reasoning: ReplayedReasoning,
  run: Run,
): readonly Responses.Item[] {
  const item = reasoning.items.get(said)
  if (item === undefined) return []
  if (hasMore) return [restoredItem(item, said.text)]
  run.notes.loss('thinking_dropped', said.path)
  return []
}

/** The item as it came: the texts are in the block, a blank line apart, and the item has their lengths. */
function restoredItem(item: JsonObject, text: string): Responses.Reasoning {
  let at = 0
  const restore = (kept: Json | undefined): readonly string[] =>
    (Array.isArray(kept) ? kept : []).map((one) => {
      if (typeof one !== 'number') return String(one)
      const piece = text.slice(at, at + one)
      if (one > 0) at += one + '\n\n'.length
      return piece
    })
  const content = restore(item['content'])
  const summary = restore(item['summary'])
  const encrypted = stringMember(item, 'encrypted_content')
  return {
    type: 'reasoning',
    id: stringMember(item, 'id') ?? '',
    summary: summary.map((piece) => ({ type: 'summary_text', text: piece })),
    ...(content.length === 0 ? {} : { content: content.map((piece) => ({ type: 'reasoning_text', text: piece })) }),
    ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
  }
}

function functionCall(said: Extract<Said, { readonly kind: 'call' }>, run: Run): Responses.FunctionCall {
  if (said.cache !== undefined) run.notes.loss('cache_control_dropped', said.path)
  return {
    type: 'function_call',
    call_id: run.ids.of(said.id),
    name: run.names.of(said.name),
    arguments: argumentsText(said.input),
  }
}
