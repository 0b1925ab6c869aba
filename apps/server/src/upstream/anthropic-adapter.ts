import {
  anthropicMessageKeep,
  type CredentialOwner,
  classify,
  err,
  type Failure,
  isJsonObject,
  type Json,
  type JsonObject,
  ok,
  parseJsonKeeping,
  type Result,
} from '@lb/protocol'
import type { Adapter, WholeAnswer } from './adapter.ts'
import { readAnthropicRefusal } from './anthropic-refusal.ts'
import { createAnthropicRelay } from './anthropic-relay.ts'
import { explodeMessage } from './explode-message.ts'
import { answerMembers } from './whole-answer.ts'

/** Anthropic on both sides: bytes pass as they are, and are looked at only as far as they must be. */
export const anthropicAdapter: Adapter = {
  createReader: (credential, maxEventBytes) => createAnthropicRelay({ credential, maxEventBytes }),
  readWhole: readAnthropicAnswer,
  explode: explodeAnthropicAnswer,
  readRefusal: readAnthropicRefusal,
}

/** A whole answer, or a count of tokens. */
function readAnthropicAnswer(body: Buffer, credential: CredentialOwner): Result<WholeAnswer, Failure> {
  const members = answerMembers(body, credential)
  if (!members.ok) return members
  const { has, value } = members.value
  if (!has('content') && !has('input_tokens')) return err(classify({ seen: 'bad-response', reason: 'not-a-message' }))
  const stopReason = value('stop_reason')
  return ok({ body, usage: usageOf(value('usage')), ...(typeof stopReason === 'string' ? { stopReason } : {}) })
}

/** The stream of a whole answer: every block in one delta, all members that the answer has. */
function explodeAnthropicAnswer(body: Buffer, credential: CredentialOwner): Result<Buffer, Failure> {
  const read = readAnthropicAnswer(body, credential)
  if (!read.ok) return read
  const message = parseJsonKeeping(body.toString('utf8'), anthropicMessageKeep)
  if (!message.ok || !isJsonObject(message.value))
    return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  return ok(Buffer.from(explodeMessage(message.value)))
}

function usageOf(usage: Json | undefined): JsonObject {
  return isJsonObject(usage) ? usage : {}
}
