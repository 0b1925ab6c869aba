import { isJsonObject, type Json, type JsonObject, parseJson, RawJson, stringifyJson, stringMember } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import type { Notes } from '../notes.ts'
import type { ChatWriter } from './chat-writer.ts'
import { createCitations } from './citations.ts'

/** The content blocks of an Anthropic answer as deltas of a Chat answer. */
export interface ChatBlocks {
  start(index: number, block: JsonObject): void
  delta(index: number, delta: JsonObject): void
  stop(index: number): void
  /** The last words: sources. */
  end(): void
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

/** The form in which gateways hand Anthropic's reasoning on. @see https://openrouter.ai/docs/use-cases/reasoning-tokens */
const FORMAT = 'anthropic-claude-v1'

/** Starts the blocks of one answer. */
export function createChatBlocks(
  writer: ChatWriter,
  context: ChatClientContext,
  notes: Notes,
  keep: (name: string, value: Json) => void,
): ChatBlocks {
  const open = new Map<number, OpenBlock>()
  const citations = createCitations(notes, keep)
  const customTools = new Set(context.customTools)
  let calls = 0
  let saidText = false
  let isApart = false

  function remember(index: number, changes: Partial<OpenBlock> & Pick<OpenBlock, 'kind'>): OpenBlock {
    const block: OpenBlock = { callIndex: 0, initial: '', custom: undefined, hasArguments: false, ...changes }
    open.set(index, block)
    if (block.kind !== 'text') isApart = true
    return block
  }

  /** Texts next to each other are one; between others something else was said. */
  function text(piece: string): void {
    if (piece === '') return
    if (isApart && saidText) notes.loss('block_boundaries_joined', '/content')
    const apart = isApart && saidText ? '\n\n' : ''
    isApart = false
    saidText = true
    citations.count(apart + piece)
    writer.delta({ content: apart + piece })
  }

  function thinking(index: number, piece: string): void {
    if (piece === '') return
    const detail = { type: 'reasoning.text', text: piece, format: FORMAT, index }
    writer.delta({ reasoning_content: piece, reasoning_details: [detail] })
  }

  function callStart(index: number, block: JsonObject): void {
    const caller = stringMember(block['caller'], 'type') ?? 'direct'
    if (caller !== 'direct') {
      notes.loss('tool_caller_dropped', `/content/${index}/caller`, caller)
      hide(index, block)
      return
    }
    const said = stringMember(block, 'name') ?? ''
    const name = Object.hasOwn(context.renamedTools, said) ? (context.renamedTools[said] as string) : said
    const initial = initialArguments(block['input'])
    const id = stringMember(block, 'id') ?? ''
    const isCustom = customTools.has(name)
    const callIndex = calls
    calls += 1
    remember(index, { kind: 'call', callIndex, initial, custom: isCustom ? { id, name, pieces: [] } : undefined })
    if (!isCustom)
      writer.delta({ tool_calls: [{ index: callIndex, id, type: 'function', function: { name, arguments: '' } }] })
  }

  function hide(index: number, block: JsonObject): void {
    remember(index, { kind: 'hidden' })
    keep(stringMember(block, 'type') ?? 'block', block)
  }

  function callArguments(block: OpenBlock, piece: string): void {
    if (piece === '') return
    block.hasArguments = true
    if (block.custom !== undefined) block.custom.pieces.push(piece)
    else writer.delta({ tool_calls: [{ index: block.callIndex, function: { arguments: piece } }] })
  }

  function customCall(index: number, { id, name, pieces }: NonNullable<OpenBlock['custom']>): void {
    const parsed = parseJson(pieces.join(''))
    const input = (parsed.ok ? stringMember(parsed.value, 'input') : undefined) ?? pieces.join('')
    writer.delta({ tool_calls: [{ index, id, type: 'custom', custom: { name, input } }] })
  }

  const starts: Readonly<Record<string, (index: number, block: JsonObject) => void>> = {
    text(index, block) {
      remember(index, { kind: 'text' })
      citations.open(index)
      for (const citation of listOf(block['citations'])) citations.add(index, citation)
      text(stringMember(block, 'text') ?? '')
    },
    thinking(index, block) {
      remember(index, { kind: 'thinking' })
      thinking(index, stringMember(block, 'thinking') ?? '')
      signature(index, stringMember(block, 'signature') ?? '')
    },
    redacted_thinking(index, block) {
      remember(index, { kind: 'hidden' })
      const data = stringMember(block, 'data') ?? ''
      writer.delta({ reasoning_details: [{ type: 'reasoning.encrypted', data, format: FORMAT, index }] })
    },
    tool_use: callStart,
  }

  function signature(index: number, said: string): void {
    if (said === '') return
    writer.delta({ reasoning_details: [{ type: 'reasoning.text', signature: said, format: FORMAT, index }] })
  }

  const deltas: Readonly<Record<string, (index: number, block: OpenBlock, delta: JsonObject) => void>> = {
    text_delta: (_index, _block, delta) => text(stringMember(delta, 'text') ?? ''),
    thinking_delta: (index, _block, delta) => thinking(index, stringMember(delta, 'thinking') ?? ''),
    signature_delta: (index, _block, delta) => signature(index, stringMember(delta, 'signature') ?? ''),
    input_json_delta(_index, block, delta) {
      if (block.kind === 'call') callArguments(block, stringMember(delta, 'partial_json') ?? '')
    },
    citations_delta: (index, _block, delta) => citations.add(index, delta['citation'] ?? null),
  }

  return {
    start(index, block) {
      const type = stringMember(block, 'type') ?? ''
      const begin = Object.hasOwn(starts, type) ? starts[type] : undefined
      if (begin !== undefined) begin(index, block)
      else {
        notes.loss('hosted_call_dropped', `/content/${index}`, type)
        hide(index, block)
      }
    },
    delta(index, delta) {
      const type = stringMember(delta, 'type') ?? ''
      const say = Object.hasOwn(deltas, type) ? deltas[type] : undefined
      if (say === undefined) return
      let block = open.get(index)
      if (block === undefined) {
        // A delta without a beginning still says what it is.
        notes.loss('event_unexpected', `/content/${index}`, type)
        block = remember(index, {
          kind: type === 'text_delta' ? 'text' : type === 'thinking_delta' ? 'thinking' : 'hidden',
        })
      }
      say(index, block, delta)
    },
    stop(index) {
      const block = open.get(index)
      if (block?.kind === 'call' && !block.hasArguments) callArguments(block, block.initial)
      if (block?.custom !== undefined) customCall(block.callIndex, block.custom)
      citations.close(index)
      open.delete(index)
    },
    end() {
      const annotations = citations.annotations()
      if (annotations.length > 0) writer.delta({ annotations })
    },
  }
}

/** Arguments that came with the beginning of a call. Clients parse them, so there is always an object. */
function initialArguments(input: Json | RawJson | undefined): string {
  if (input instanceof RawJson) return input.text
  return isJsonObject(input) ? stringifyJson(input) : '{}'
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
