export type { CarrierMode } from './carrier.ts'
export type { ConversionContext } from './context.ts'
export {
  type AnthropicErrorAnswer,
  convertChatErrorToAnthropic,
  convertChatStreamErrorToAnthropic,
} from './errors/to-anthropic.ts'
export type { UpstreamError } from './errors/upstream-error.ts'
export { type Loss, type LossCode, lossCodes, lossMeanings } from './losses.ts'
export type { FetchedFile, RequestOptions } from './options.ts'
export { namedProfiles } from './profiles/named.ts'
export { type ModelRule, type Profile, profileForModel } from './profiles/profile.ts'
export { type Refusal, type RefusalCode, refusalMeanings } from './refusal.ts'
export { convertAnthropicRequestToChat } from './request/anthropic-to-chat.ts'
export type { ConvertedRequest } from './request/result.ts'
export type { ConvertedAnswer, FailedAnswer } from './response/answer.ts'
export { convertChatResponseToAnthropic } from './response/chat-to-anthropic.ts'
export { foldAnthropicEvents } from './response/fold-anthropic.ts'
export type { AnswerOptions } from './stream/answer.ts'
export type { ByteStreamConverter, ByteStreamReport } from './stream/bytes.ts'
export { createChatToAnthropicStream } from './stream/chat-to-anthropic.ts'
export { createChatToAnthropicByteStream } from './stream/chat-to-anthropic-bytes.ts'
export type { StartOn, StreamConverter, StreamError, StreamReport } from './stream/report.ts'
export { convertChatUsageToAnthropic } from './usage/chat-to-anthropic.ts'
