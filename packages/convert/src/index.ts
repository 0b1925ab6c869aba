export type { CarrierMode } from './carrier.ts'
export type { ChatClientContext, ConversionContext } from './context.ts'
export {
  convertAnthropicErrorToOpenAi,
  convertAnthropicStreamErrorToOpenAi,
  type OpenAiErrorAnswer,
  openAiError,
} from './errors/anthropic-to-openai.ts'
export {
  type AnthropicErrorAnswer,
  convertOpenAiErrorToAnthropic,
  convertOpenAiStreamErrorToAnthropic,
  errorBody as anthropicError,
} from './errors/openai-to-anthropic.ts'
export type { UpstreamError } from './errors/upstream-error.ts'
export { type Loss, type LossCode, lossCodes, lossMeanings } from './losses.ts'
export type { FetchedFile, RequestOptions } from './options.ts'
export {
  type AnthropicModelRule,
  type AnthropicProfile,
  anthropicProfileForModel,
  namedAnthropicProfiles,
} from './profiles/anthropic.ts'
export { namedProfiles } from './profiles/named.ts'
export { type ModelRule, type Profile, profileForModel } from './profiles/profile.ts'
export { type Refusal, type RefusalCode, refusalMeanings } from './refusal.ts'
export {
  type SanitizedRequest,
  type SanitizeOptions,
  sanitizeAnthropicRequest,
} from './request/anthropic-to-anthropic.ts'
export { convertAnthropicRequestToChat } from './request/anthropic-to-chat.ts'
export { convertAnthropicRequestToResponses } from './request/anthropic-to-responses.ts'
export { convertChatRequestToAnthropic } from './request/chat-to-anthropic.ts'
export type { ConvertedRequest } from './request/result.ts'
export type { ConvertedAnswer, FailedAnswer } from './response/answer.ts'
export { convertAnthropicResponseToChat } from './response/anthropic-to-chat.ts'
export { convertChatResponseToAnthropic } from './response/chat-to-anthropic.ts'
export { foldAnthropicEvents } from './response/fold-anthropic.ts'
export { foldChatEvents } from './response/fold-chat.ts'
export { convertResponsesResponseToAnthropic } from './response/responses-to-anthropic.ts'
export type { AnswerOptions } from './stream/answer.ts'
export { createAnthropicToChatStream } from './stream/anthropic-to-chat.ts'
export { createAnthropicToChatByteStream } from './stream/anthropic-to-chat-bytes.ts'
export type { ByteStreamConverter, ByteStreamReport } from './stream/bytes.ts'
export { type ChatStreamEvent, encodeChatEvents } from './stream/chat-events.ts'
export { createChatToAnthropicStream } from './stream/chat-to-anthropic.ts'
export { createChatToAnthropicByteStream } from './stream/chat-to-anthropic-bytes.ts'
export { encodeAnthropicEvents } from './stream/encode.ts'
export type { StartOn, StreamConverter, StreamError, StreamReport } from './stream/report.ts'
export { createResponsesToAnthropicStream } from './stream/responses-to-anthropic.ts'
export { createResponsesToAnthropicByteStream } from './stream/responses-to-anthropic-bytes.ts'
export { convertAnthropicUsageToChat } from './usage/anthropic-to-chat.ts'
export { convertChatUsageToAnthropic } from './usage/chat-to-anthropic.ts'
export { convertResponsesUsageToAnthropic } from './usage/responses-to-anthropic.ts'
