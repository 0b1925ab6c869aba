import { convertChatUsageToAnthropic } from '@lb/convert'
import {
  type CredentialOwner,
  classify,
  err,
  type Failure,
  isJsonObject,
  type Json,
  type JsonObject,
  ok,
  parseJson,
  type Result,
  stringMember,
} from '@lb/protocol'
import type { Adapter, WholeAnswer } from './adapter.ts'
import { readChatRefusal } from './chat-refusal.ts'
import { createChatRelay } from './chat-relay.ts'
import { explodeCompletion } from './explode-completion.ts'
import { answerMembers } from './whole-answer.ts'

/** Chat Completions on both sides: bytes pass as they are, and are looked at only as far as they must be. */
export const chatAdapter: Adapter = {
  createReader: (credential, maxEventBytes) => createChatRelay({ credential, maxEventBytes }),
  readWhole: readChatAnswer,
  explode: explodeChatAnswer,
  readRefusal: readChatRefusal,
}

function readChatAnswer(body: Buffer, credential: CredentialOwner): Result<WholeAnswer, Failure> {
  const members = answerMembers(body, credential)
  if (!members.ok) return members
  const choices = members.value.value('choices')
  if (!Array.isArray(choices)) return err(classify({ seen: 'bad-response', reason: 'not-a-message' }))
  const stopReason = stringMember(choices[0], 'finish_reason')
  const usage = usageOf(members.value.value('usage'))
  return ok({ body, usage, ...(stopReason === undefined ? {} : { stopReason }) })
}

/** In Anthropic's terms, like all usage inside of lb; nothing where nothing was told. */
function usageOf(usage: Json | undefined): JsonObject {
  return isJsonObject(usage) ? ({ ...convertChatUsageToAnthropic(usage).value } as JsonObject) : {}
}

/** The stream of a whole answer: every choice in one chunk, all members that the answer has. */
function explodeChatAnswer(body: Buffer, credential: CredentialOwner): Result<Buffer, Failure> {
  const read = readChatAnswer(body, credential)
  if (!read.ok) return read
  const completion = parseJson(body.toString('utf8'))
  if (!completion.ok || !isJsonObject(completion.value))
    return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  return ok(Buffer.from(explodeCompletion(completion.value)))
}
