export {
  type BadResponse,
  type CredentialOwner,
  classify,
  type Observation,
  type ObservedResponse,
} from './failure/classify.ts'
export { type ErrorBody, errorOf, readErrorBody } from './failure/error-body.ts'
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
export {
  editJsonObject,
  type JsonEdits,
  type JsonLimits,
  type JsonMember,
  type JsonOutline,
  type JsonScanProblem,
  scanJsonObject,
} from './json-scan.ts'
export type { Moment } from './moment.ts'
export { assertNever, err, ok, type Result } from './result.ts'
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
