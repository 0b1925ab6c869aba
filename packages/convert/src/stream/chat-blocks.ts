import { isJsonObject, type Json, type JsonObject, parseJson, RawJson, stringifyJson, stringMember } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import type { Notes } from '../notes.ts'
import type { ChatWriter } from './chat-writer.ts'
import { type Citations, createCitations } from './citations.ts'

/** The content blocks of an Anthropic answer as deltas of a Chat answer. */
export interface ChatBlocks {
  readonly context: ChatClientContext
  readonly writer: ChatWriter
  readonly notes: Notes
  readonly keep: (name: string, value: Json) => void
  readonly citations: Citations
  readonly open: Map<number, OpenBlock>
  callCount: number
  saidText: boolean
  /** Whether something else was said since the last text. */
  isApart: boolean
}

/** A block that has begun. */
interface OpenBlock {
  readonly kind: 'text' | 'thinking' | 'call' | 'hidden'
  /** Of a call: its place among the calls. */
  readonly callIndex: number
  /** Of a call: arguments that came with its beginning. */
  readonly initial: string
  /** Of a call with free text: its head, and its arguments until they are whole. The client gets the text that is in them. */
  readonly custom: { readonly id: string; readonly name: string; readonly pieces: string[] } | undefined
  hasArguments: boolean
}

/** Starts the blocks of one answer. */
export function createChatBlocks(
  writer: ChatWriter,
  context: ChatClientContext,
  notes: Notes,
  keep: (name: string, value: Json) => void,
): ChatBlocks {
  const citations = createCitations(notes, keep)
  return { context, writer, notes, keep, citations, open: new Map(), callCount: 0, saidText: false, isApart: false }
}

/** A block begins, perhaps with content. */
export function startBlock(blocks: ChatBlocks, index: number, block: JsonObject): void {
  // Some servers number all blocks alike, and end none.
  if (blocks.open.has(index)) stopBlock(blocks, index)
  const type = stringMember(block, 'type') ?? ''
  const start = Object.hasOwn(starts, type) ? starts[type] : undefined
  if (start !== undefined) {
    start(blocks, index, block)
    return
  }
  blocks.notes.loss('hosted_call_dropped', `/content/${index}`, type)
  hide(blocks, index, block)
}

/** A block goes on. What the delta is counts, not what the block was said to be. */
export function continueBlock(blocks: ChatBlocks, index: number, delta: JsonObject): void {
  const type = stringMember(delta, 'type') ?? ''
  const say = Object.hasOwn(deltas, type) ? deltas[type] : undefined
  const known = blocks.open.get(index)
  if (say === undefined) {
    if (known?.kind !== 'hidden') blocks.notes.loss('event_unexpected', `/content/${index}`, type)
    return
  }
  if (known === undefined) blocks.notes.loss('event_unexpected', `/content/${index}`, type)
  say(blocks, index, delta, known ?? remember(blocks, index, { kind: kindOfDelta[type] ?? 'hidden' }))
}

/** A block has ended. */
export function stopBlock(blocks: ChatBlocks, index: number): void {
  const block = blocks.open.get(index)
  if (block?.kind === 'call' && !block.hasArguments) writeArguments(blocks, block, block.initial)
  if (block?.custom !== undefined) writeCustomCall(blocks, block.callIndex, block.custom)
  blocks.citations.close(index)
  blocks.open.delete(index)
}

/** The last words: the ends that were never said, and sources. */
export function endBlocks(blocks: ChatBlocks): void {
  const { writer, citations, open } = blocks
  for (const index of [...open.keys()]) stopBlock(blocks, index)
  const annotations = citations.annotations()
  if (annotations.length > 0) writer.delta({ annotations })
}

function remember(blocks: ChatBlocks, index: number, changes: Partial<OpenBlock> & Pick<OpenBlock, 'kind'>): OpenBlock {
  const block: OpenBlock = { callIndex: 0, initial: '', custom: undefined, hasArguments: false, ...changes }
  blocks.open.set(index, block)
  if (block.kind !== 'text') blocks.isApart = true
  return block
}

const starts: Readonly<Record<string, (blocks: ChatBlocks, index: number, block: JsonObject) => void>> = {
  text: startText,
  thinking: startThinking,
  redacted_thinking: startRedacted,
  tool_use: startCall,
}

function startText(blocks: ChatBlocks, index: number, block: JsonObject): void {
  remember(blocks, index, { kind: 'text' })
  const { citations } = block
  for (const citation of Array.isArray(citations) ? citations : []) blocks.citations.add(index, citation)
  writeText(blocks, index, stringMember(block, 'text') ?? '')
}

function startThinking(blocks: ChatBlocks, index: number, block: JsonObject): void {
  remember(blocks, index, { kind: 'thinking' })
  writeThinking(blocks, index, stringMember(block, 'thinking') ?? '')
  writeSignature(blocks, index, stringMember(block, 'signature') ?? '')
}

function startRedacted(blocks: ChatBlocks, index: number, block: JsonObject): void {
  remember(blocks, index, { kind: 'hidden' })
  const data = stringMember(block, 'data') ?? ''
  blocks.writer.delta({ reasoning_details: [{ type: 'reasoning.encrypted', data, format: FORMAT, index }] })
}

/** Calls are numbered among themselves. One that code made is run by the provider, and nobody else could answer it. */
function startCall(blocks: ChatBlocks, index: number, block: JsonObject): void {
  const { context, notes, writer } = blocks
  const caller = stringMember(block['caller'], 'type') ?? 'direct'
  if (caller !== 'direct') {
    notes.loss('tool_caller_dropped', `/content/${index}/caller`, caller)
    hide(blocks, index, block)
    return
  }
  const said = stringMember(block, 'name') ?? ''
  const name = (Object.hasOwn(context.renamedTools, said) ? context.renamedTools[said] : undefined) ?? said
  const id = stringMember(block, 'id') ?? ''
  if (context.legacyFunctions === true && blocks.callCount > 0) {
    notes.loss('call_dropped', `/content/${index}`)
    hide(blocks, index, block)
    return
  }
  const custom = context.customTools.includes(name) ? { id, name, pieces: [] } : undefined
  const callIndex = blocks.callCount
  blocks.callCount += 1
  remember(blocks, index, { kind: 'call', callIndex, initial: initialArguments(block['input']), custom })
  if (context.legacyFunctions === true) writer.delta({ function_call: { name, arguments: '' } })
  else if (custom === undefined)
    writer.delta({ tool_calls: [{ index: callIndex, id, type: 'function', function: { name, arguments: '' } }] })
}

/** Arguments that came with the beginning of a call. Clients parse them, so there is always an object. */
function initialArguments(input: Json | RawJson | undefined): string {
  if (input instanceof RawJson) return input.text
  return isJsonObject(input) ? stringifyJson(input) : '{}'
}

function hide(blocks: ChatBlocks, index: number, block: JsonObject): void {
  remember(blocks, index, { kind: 'hidden' })
  blocks.keep(stringMember(block, 'type') ?? 'block', block)
}

type Continue = (blocks: ChatBlocks, index: number, delta: JsonObject, block: OpenBlock) => void

const deltas: Readonly<Record<string, Continue>> = {
  text_delta: (blocks, index, delta) => writeText(blocks, index, stringMember(delta, 'text') ?? ''),
  thinking_delta: (blocks, index, delta) => writeThinking(blocks, index, stringMember(delta, 'thinking') ?? ''),
  signature_delta: (blocks, index, delta) => writeSignature(blocks, index, stringMember(delta, 'signature') ?? ''),
  citations_delta: ({ citations }, index, delta) => citations.add(index, delta['citation'] ?? null),
  input_json_delta(blocks, _index, delta, block) {
    if (block.kind === 'call') writeArguments(blocks, block, stringMember(delta, 'partial_json') ?? '')
  },
}

/** What a delta without a beginning belongs to. */
const kindOfDelta: Readonly<Record<string, OpenBlock['kind']>> = { text_delta: 'text', thinking_delta: 'thinking' }

/** Texts next to each other are one; between others something else was said. */
function writeText(blocks: ChatBlocks, index: number, piece: string): void {
  if (piece === '') return
  const between = blocks.isApart && blocks.saidText ? '\n\n' : ''
  if (between !== '') blocks.notes.loss('block_boundaries_joined', '/content')
  blocks.isApart = false
  blocks.saidText = true
  blocks.citations.count(between)
  blocks.citations.open(index)
  blocks.citations.count(piece)
  blocks.writer.delta({ content: between + piece })
}

/** The form in which gateways hand Anthropic's reasoning on. @see https://openrouter.ai/docs/use-cases/reasoning-tokens */
const FORMAT = 'anthropic-claude-v1'

function writeThinking({ writer }: ChatBlocks, index: number, piece: string): void {
  if (piece === '') return
  const detail = { type: 'reasoning.text', text: piece, format: FORMAT, index }
  writer.delta({ reasoning_content: piece, reasoning_details: [detail] })
}

function writeSignature({ writer }: ChatBlocks, index: number, signature: string): void {
  if (signature === '') return
  writer.delta({ reasoning_details: [{ type: 'reasoning.text', signature, format: FORMAT, index }] })
}

function writeArguments({ writer, context }: ChatBlocks, block: OpenBlock, piece: string): void {
  if (piece === '') return
  block.hasArguments = true
  if (block.custom !== undefined) block.custom.pieces.push(piece)
  else if (context.legacyFunctions === true) writer.delta({ function_call: { arguments: piece } })
  else writer.delta({ tool_calls: [{ index: block.callIndex, function: { arguments: piece } }] })
}

function writeCustomCall({ writer }: ChatBlocks, index: number, custom: NonNullable<OpenBlock['custom']>): void {
  const { id, name, pieces } = custom
  const input = freeText(pieces.join(''))
  writer.delta({ tool_calls: [{ index, id, type: 'custom', custom: { name, input } }] })
}

/** The text in the arguments of a call with free text. Of arguments that were cut off, as much of it as there is. */
function freeText(said: string): string {
  const whole = parseJson(said)
  if (whole.ok) return stringMember(whole.value, 'input') ?? said
  const head = /^\s*\{\s*"input"\s*:\s*"/.exec(said)?.[0]
  if (head === undefined) return said
  // The cut may have gone through an escape, which is six characters long at most.
  for (let end = said.length; end >= said.length - 6; end -= 1) {
    const begun = parseJson(`"${said.slice(head.length, end)}"`)
    if (begun.ok) return String(begun.value)
  }
  return said
}
