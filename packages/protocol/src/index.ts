import type * as Anthropic from './anthropic/wire.ts'
import type * as Chat from './openai/chat/wire.ts'
import type * as Responses from './openai/responses/wire.ts'

export {
  eventKeep as anthropicEventKeep,
  messageKeep as anthropicMessageKeep,
  parseRequest as parseAnthropicRequest,
  requestKeep as anthropicRequestKeep,
} from './anthropic/parse.ts'
export {
  type BadResponse,
  type CredentialOwner,
  classify,
  type Observation,
  type ObservedResponse,
} from './failure/classify.ts'
export { contextTooLongTypes, saysContextTooLong } from './failure/context-too-long.ts'
export { type ErrorBody, errorOf, readErrorBody } from './failure/error-body.ts'
export { moneyTypes } from './failure/money-is-gone.ts'
export { type ResetHeaders, retryAfterMs } from './failure/reset-time.ts'
export {
  type Failure,
  type FailureAct,
  type FailureKind,
  type FailureRow,
  type FailureScope,
  failureKinds,
  failureTable,
} from './failure/table.ts'
export {
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonProblem,
  member,
  numberMember,
  parseJson,
  stringMember,
} from './json.ts'
export { editJsonObject, type JsonEdits } from './json-edit.ts'
export { createJsonGuard, type JsonGuard } from './json-guard.ts'
export {
  firstElement,
  type JsonLimits,
  type JsonMember,
  type JsonOutline,
  type JsonScanProblem,
  nextElement,
  scanJsonObject,
} from './json-scan.ts'
export type { Moment } from './moment.ts'
export {
  parseAnswer as parseChatAnswer,
  parseRequest as parseChatRequest,
  requestKeep as chatRequestKeep,
} from './openai/chat/parse.ts'
export type { OpenAiErrorBody } from './openai/error.ts'
export { type JsonTree, type KeepPaths, parseJsonKeeping, RawJson, rawJson, stringifyJson } from './raw-json.ts'
export { assertNever, err, ok, type Result } from './result.ts'
export type { ShapeProblem } from './shape.ts'
export { createSseCutter, type SseCutter } from './sse/cut.ts'
export {
  createSseDecoder,
  type SseDecoded,
  type SseDecoder,
  type SseEnd,
  type SseEvent,
  type SseLimits,
} from './sse/decode.ts'
export { encodeSseComment, encodeSseData, encodeSseEvent } from './sse/encode.ts'
export { TransientMap } from './transient-map.ts'
// The wire types keep their short names: `Anthropic.Request`, `Chat.Chunk`, `Responses.Item`.
export type { Anthropic, Chat, Responses }
