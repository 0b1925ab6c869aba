import {
  type CredentialOwner,
  classify,
  err,
  type Failure,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonOutline,
  ok,
  parseJson,
  type Result,
  scanJsonObject,
} from '@lb/protocol'
import type { Adapter, WholeAnswer } from './adapter.ts'
import { readAnthropicRefusal } from './anthropic-refusal.ts'
import { createAnthropicRelay } from './anthropic-relay.ts'
import { explodeMessage } from './explode-message.ts'

/** Anthropic on both sides: bytes pass as they are, and are looked at only as far as they must be. */
export function anthropicAdapter(maxEventBytes: number): Adapter {
  return {
    createReader: (credential) => createAnthropicRelay({ credential, maxEventBytes }),
    readWhole: readAnthropicAnswer,
    explode: explodeAnthropicAnswer,
    readRefusal: readAnthropicRefusal,
  }
}

/**
 * Judges a whole answer by its outline: it must be one JSON object, and an answer rather than an error. What is in it is
 * not looked at; odd shapes pass.
 */
function readAnthropicAnswer(body: Buffer, credential: CredentialOwner): Result<WholeAnswer, Failure> {
  if (body.length === 0) return err(classify({ seen: 'bad-response', reason: 'empty' }))
  const outline = scanJsonObject(body, { maxDepth: 1000, maxValues: 10_000_000 })
  if (!outline.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  const value = (name: string): Json | undefined => memberValue(body, outline.value, name)
  const names = outline.value.members.map((member) => member.name)
  if (names.includes('error') && value('error') !== null) {
    return err(classify({ seen: 'error-event', error: { error: value('error') ?? null }, credential }))
  }
  const isAnswer = names.includes('content') || names.includes('input_tokens')
  if (!isAnswer) return err(classify({ seen: 'bad-response', reason: 'not-a-message' }))
  const stopReason = value('stop_reason')
  return ok({ body, usage: usageOf(value('usage')), ...(typeof stopReason === 'string' ? { stopReason } : {}) })
}

/** The stream of a whole answer: every block in one delta, all members that the answer has. */
function explodeAnthropicAnswer(body: Buffer, credential: CredentialOwner): Result<Buffer, Failure> {
  const read = readAnthropicAnswer(body, credential)
  if (!read.ok) return read
  const message = parseJson(body.toString('utf8'))
  if (!message.ok || !isJsonObject(message.value))
    return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  return ok(Buffer.from(explodeMessage(message.value)))
}

function memberValue(body: Buffer, { members }: JsonOutline, name: string): Json | undefined {
  const found = members.findLast((member) => member.name === name)
  if (found === undefined) return undefined
  const parsed = parseJson(body.toString('utf8', found.start, found.end))
  return parsed.ok ? parsed.value : undefined
}

function usageOf(usage: Json | undefined): JsonObject {
  return isJsonObject(usage) ? usage : {}
}
