import { errorOf, isJsonObject, type Json, type JsonObject, member, numberMember, stringMember } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import { convertAnthropicStreamErrorToOpenAi, openAiError } from '../errors/anthropic-to-openai.ts'
import { createNotes, type Notes } from '../notes.ts'
import { type AnthropicCounts, chatUsage, noCounts, readAnthropicUsage } from '../usage/anthropic-to-chat.ts'
import { anthropicUsage } from '../usage/chat-to-anthropic.ts'
import { type ChatBlocks, continueBlock, createChatBlocks, endBlocks, startBlock, stopBlock } from './chat-blocks.ts'
import type { ChatStreamEvent } from './chat-events.ts'
import { type ChatWriter, createChatWriter } from './chat-writer.ts'
import { behindDoor } from './door.ts'
import type { StartOn, StreamConverter } from './report.ts'
import { finishReasonOf } from './stop-reasons.ts'

/**
 * Converts an Anthropic stream into a Chat Completions one.
 *
 *   waiting ── first content (or message_start) ──▶ started ── message_stop, or end behind a stop reason ──▶ finished
 *      │                                              │
 *      └──────── error, or end before a stop reason ──┴──▶ failed
 *
 * Text, reasoning and arguments are handed on as they come. What the provider ran itself is not shown as a call: nobody
 * but the provider could answer it.
 *
 * @param context what the conversion of the request gave.
 */
export function createAnthropicToChatStream(
  context: ChatClientContext,
  options: { readonly startOn?: StartOn } = {},
): StreamConverter<ChatStreamEvent> {
  const machine = createMachine(context, options.startOn ?? 'content')
  const { writer, notes } = machine
  const close = (): void => closeEarly(machine)
  return behindDoor({
    notes,
    isEnded: writer.isEnded,
    take: writer.take,
    push: (event) => readEvent(event, machine),
    mark: close,
    fail: (error) => failWith(error, machine),
    close,
    report() {
      const usage = machine.sawUsage ? anthropicUsage({ ...machine.counts, tier: null }) : undefined
      return { ...writer.report(), usage, losses: notes.losses(), aside: { ...machine.aside }, isSatisfied: false }
    },
  })
}

interface Machine {
  readonly notes: Notes
  readonly writer: ChatWriter
  readonly blocks: ChatBlocks
  readonly aside: { [name: string]: Json }
  counts: AnthropicCounts
  sawUsage: boolean
  messageId: string | undefined
}

function createMachine(context: ChatClientContext, startOn: StartOn): Machine {
  const notes = createNotes()
  const writer = createChatWriter(context, startOn)
  const aside: { [name: string]: Json } = Object.create(null)
  const keep = (name: string, value: Json): void => {
    aside[name] = value
  }
  const blocks = createChatBlocks(writer, context, notes, keep)
  return { notes, writer, blocks, aside, counts: noCounts, sawUsage: false, messageId: undefined }
}

type Reader = (event: JsonObject, machine: Machine) => void

/** One function for each event. */
const readers: Readonly<Record<string, Reader>> = {
  message_start: messageStart,
  content_block_start: (event, { blocks }) => startBlock(blocks, indexOf(event), objectIn(event, 'content_block')),
  content_block_delta: (event, { blocks }) => continueBlock(blocks, indexOf(event), objectIn(event, 'delta')),
  content_block_stop: (event, { blocks }) => stopBlock(blocks, indexOf(event)),
  message_delta: messageDelta,
  message_stop: messageStop,
  ping: (_event, { writer }) => writer.comment('ping'),
  error: failWith,
}

function readEvent(event: Json, machine: Machine): void {
  const type = stringMember(event, 'type') ?? ''
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined
  if (reader !== undefined && isJsonObject(event)) reader(event, machine)
  else if ((member(event, 'error') ?? null) !== null || (type === '' && errorOf(event)?.message))
    failWith(event, machine)
  else machine.notes.loss('event_unexpected', '', type)
}

function indexOf(event: JsonObject): number {
  return numberMember(event, 'index') ?? 0
}

function objectIn(event: JsonObject, name: string): JsonObject {
  const value = event[name]
  return isJsonObject(value) ? value : {}
}

/** Some servers put content, and even the end, into the beginning. */
function messageStart(event: JsonObject, machine: Machine): void {
  const message = objectIn(event, 'message')
  const id = stringMember(message, 'id') ?? ''
  if (machine.messageId !== undefined) {
    repeatedStart(id, machine)
    return
  }
  machine.messageId = id
  machine.writer.identify(id)
  machine.writer.begin()
  count(message['usage'], machine)
  const content = Array.isArray(message['content']) ? message['content'] : []
  for (const [index, block] of content.entries()) {
    if (!isJsonObject(block)) continue
    startBlock(machine.blocks, index, block)
    stopBlock(machine.blocks, index)
  }
  if (typeof message['stop_reason'] === 'string') stopped(message, machine)
}

function repeatedStart(id: string, machine: Machine): void {
  if (id === machine.messageId && !machine.writer.report().sawContent)
    machine.notes.loss('event_unexpected', '', 'message_start')
  else fail(500, 'upstream began a second answer inside the first', machine)
}

function count(usage: Json | undefined, machine: Machine): void {
  if (!isJsonObject(usage)) return
  machine.counts = readAnthropicUsage(usage, machine.counts)
  machine.sawUsage = true
}

function messageDelta(event: JsonObject, machine: Machine): void {
  count(event['usage'], machine)
  const delta = objectIn(event, 'delta')
  // There may be several, of which only the last says why the answer ended.
  if (typeof delta['stop_reason'] === 'string') stopped(delta, machine)
}

function stopped(said: JsonObject, machine: Machine): void {
  const { writer, notes, blocks, aside } = machine
  if (writer.hasFinished()) return
  const sequence = stringMember(said, 'stop_sequence')
  if (sequence !== undefined) aside['stop_sequence'] = sequence
  const explanation = stringMember(said['stop_details'], 'explanation')
  endBlocks(blocks)
  if (said['stop_reason'] === 'refusal' && explanation) writer.delta({ refusal: explanation })
  const reason = finishReasonOf(stringMember(said, 'stop_reason') ?? null, notes)
  writer.finish(reason === 'tool_calls' && blocks.context.legacyFunctions === true ? 'function_call' : reason)
}

function messageStop(_event: JsonObject, machine: Machine): void {
  if (!machine.writer.hasFinished()) stopped({}, machine)
  if (!machine.sawUsage) machine.notes.loss('usage_missing', '/usage')
  machine.writer.end(chatUsage(machine.counts))
}

/** The answer is whole once its stop reason was said; only its last event is missing then. */
function closeEarly(machine: Machine): void {
  if (machine.writer.hasFinished()) messageStop({}, machine)
  else fail(500, 'upstream stream ended early', machine)
}

function fail(status: number, message: string, machine: Machine): void {
  machine.writer.fail({ status, body: openAiError(message, 'server_error', null, null), upstream: undefined })
}

function failWith(error: Json, machine: Machine): void {
  const { status, body } = convertAnthropicStreamErrorToOpenAi(error)
  machine.writer.fail({ status, body, upstream: error })
}
