import {
  type Anthropic,
  anthropicRequestKeep,
  type Chat,
  chatRequestKeep,
  type Json,
  type JsonTree,
  parseJsonKeeping,
  type Responses,
  type Result,
  stringifyJson,
} from '@lb/protocol'
import {
  type AnthropicProfile,
  type ChatClientContext,
  type ConversionContext,
  type ConvertedRequest,
  convertAnthropicRequestToChat,
  convertAnthropicRequestToResponses,
  convertChatRequestToAnthropic,
  type Loss,
  namedAnthropicProfiles,
  namedProfiles,
  type Profile,
  type Refusal,
  type RequestOptions,
} from '../src/index.ts'

/** A conversion that went well, with the JSON that is sent and a short form of its losses. */
export interface Sent<T, Context = ConversionContext> {
  readonly value: T
  readonly json: string
  readonly context: Context
  /** `code`, or `code:detail`, in their order. */
  readonly losses: readonly string[]
  readonly all: readonly Loss[]
}

/** The profile of that name. A misspelled name is a mistake of the test. */
export function named(name: string): Profile {
  const profile = namedProfiles[name]
  if (profile === undefined) throw new Error(`no profile ${name}`)
  return profile
}

/** A short request. */
export function ask(more: object = {}): object {
  return { model: 'claude-test-1', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...more }
}

/** A request of these turns. */
export function talk(messages: readonly unknown[], more: object = {}): object {
  return ask({ messages, ...more })
}

interface Target {
  readonly profile?: string | Profile
  readonly set?: Partial<Profile>
  readonly options?: Partial<RequestOptions>
}

function profileIn({ profile = 'openai-compatible', set = {} }: Target): Profile {
  return { ...(typeof profile === 'string' ? named(profile) : profile), ...set }
}

const optionsIn = ({ options = {} }: Target): RequestOptions => ({ model: 'up-1', seed: 'seed', ...options })

/** An Anthropic request as a Chat endpoint gets it. */
export function toChat(request: unknown, target: Target = {}): Sent<Chat.Request> {
  return sent(convertAnthropicRequestToChat(read(request), profileIn(target), optionsIn(target)))
}

/** An Anthropic request that no Chat endpoint can get. */
export function notToChat(request: unknown, target: Target = {}): Refusal {
  return refused(convertAnthropicRequestToChat(read(request), profileIn(target), optionsIn(target)))
}

/** An Anthropic request as a Responses endpoint gets it. */
export function toResponses(request: unknown, target: Target = {}): Sent<Responses.Request> {
  const profile = profileIn({ profile: 'openai-responses', ...target })
  return sent(convertAnthropicRequestToResponses(read(request), profile, optionsIn(target)))
}

/** An Anthropic request that no Responses endpoint can get. */
export function notToResponses(request: unknown, target: Target = {}): Refusal {
  const profile = profileIn({ profile: 'openai-responses', ...target })
  return refused(convertAnthropicRequestToResponses(read(request), profile, optionsIn(target)))
}

/** A Chat request as an Anthropic endpoint gets it. */
export function toAnthropic(
  request: unknown,
  options: Partial<RequestOptions> = {},
  profile: string | AnthropicProfile = 'anthropic',
): Sent<Anthropic.Request, ChatClientContext> {
  const target = typeof profile === 'string' ? anthropicNamed(profile) : profile
  return sent(convertChatRequestToAnthropic(readChat(request), target, chatOptions(options)))
}

/** A Chat request that no Anthropic endpoint can get. */
export function notToAnthropic(
  request: unknown,
  options: Partial<RequestOptions> = {},
  profile = 'anthropic',
): Refusal {
  return refused(convertChatRequestToAnthropic(readChat(request), anthropicNamed(profile), chatOptions(options)))
}

const chatOptions = (options: Partial<RequestOptions>): RequestOptions => ({
  model: 'claude-opus-5',
  seed: 'seed',
  ...options,
})

/** The Anthropic profile of that name. */
export function anthropicNamed(name: string): AnthropicProfile {
  const profile = namedAnthropicProfiles[name]
  if (profile === undefined) throw new Error(`no Anthropic profile ${name}`)
  return profile
}

/** Reads a request as a server reads it: from its bytes, with the arguments of calls kept as text. */
export function read(request: unknown): JsonTree {
  return readKeeping(typeof request === 'string' ? request : stringifyJson(request as object), anthropicRequestKeep)
}

/** The same for a Chat request. */
export function readChat(request: unknown): JsonTree {
  return readKeeping(typeof request === 'string' ? request : stringifyJson(request as object), chatRequestKeep)
}

function readKeeping(text: string, keep: Parameters<typeof parseJsonKeeping>[1]): JsonTree {
  const parsed = parseJsonKeeping(text, keep)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

function sent<T extends object, Context>(converted: Result<ConvertedRequest<T, Context>, Refusal>): Sent<T, Context> {
  if (!converted.ok) throw new Error(`refused: ${converted.error.message}`)
  const { value, losses, context } = converted.value
  return { value, json: stringifyJson(value), context, losses: shortly(losses), all: losses }
}

/** Losses in short. */
export function shortly(losses: readonly Loss[]): readonly string[] {
  return losses.map(({ code, detail }) => (detail === undefined ? code : `${code}:${detail}`))
}

function refused(converted: Result<unknown, Refusal>): Refusal {
  if (converted.ok) throw new Error('this was to be refused')
  return converted.error
}

/** A user turn of these blocks, and so on: shorter to read in tests than the objects themselves. */
export const user = (...content: readonly unknown[]): object => ({ role: 'user', content: one(content) })
export const assistant = (...content: readonly unknown[]): object => ({ role: 'assistant', content: one(content) })
export const system = (...content: readonly unknown[]): object => ({ role: 'system', content: one(content) })

function one(content: readonly unknown[]): unknown {
  const [only] = content
  if (content.length === 1 && typeof only === 'string') return only
  return content.map((block) => (typeof block === 'string' ? text(block) : block))
}

export const text = (said: string, more: object = {}): object => ({ type: 'text', text: said, ...more })
export const call = (id: string, name = 'Bash', input: Json = {}, more: object = {}): object => ({
  type: 'tool_use',
  id,
  name,
  input,
  ...more,
})
export const result = (tool_use_id: string, content?: unknown, more: object = {}): object => ({
  type: 'tool_result',
  tool_use_id,
  ...(content === undefined ? {} : { content }),
  ...more,
})
export const png = (data = 'iVBORw0KGgo='): object => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data },
})
export const pdf = (more: object = {}): object => ({
  type: 'document',
  source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
  ...more,
})
/** A tool as clients declare it. */
export const tool = (name = 'Bash', more: object = {}): object => ({
  name,
  description: `Runs ${name}.`,
  input_schema: { type: 'object', properties: { command: { type: 'string' } } },
  ...more,
})
