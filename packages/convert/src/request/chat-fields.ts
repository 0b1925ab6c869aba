import type { Chat } from '@lb/protocol'
import type { LossCode } from '../losses.ts'
import type { ChatRun } from './chat-run.ts'

/** The members of a Chat request that Anthropic has no twin for. */
interface Row {
  readonly says: (value: unknown) => boolean
  readonly loss: LossCode
}

const isSet = (value: unknown): boolean => value !== null && value !== false
const isNumber = (value: unknown): boolean => typeof value === 'number' && value !== 0

const rows: Readonly<Record<string, Row>> = {
  presence_penalty: { says: isNumber, loss: 'sampling_dropped' },
  frequency_penalty: { says: isNumber, loss: 'sampling_dropped' },
  repetition_penalty: { says: isNumber, loss: 'sampling_dropped' },
  min_p: { says: isNumber, loss: 'sampling_dropped' },
  logit_bias: { says: isSet, loss: 'sampling_dropped' },
  seed: { says: isSet, loss: 'sampling_dropped' },
  top_logprobs: { says: isNumber, loss: 'feature_dropped' },
  prediction: { says: isSet, loss: 'feature_dropped' },
  store: { says: isSet, loss: 'feature_dropped' },
  metadata: { says: isSet, loss: 'feature_dropped' },
  moderation: { says: isSet, loss: 'feature_dropped' },
  prompt_cache_key: { says: isSet, loss: 'feature_dropped' },
  prompt_cache_retention: { says: isSet, loss: 'feature_dropped' },
  prompt_cache_options: { says: () => false, loss: 'feature_dropped' },
  reasoning_format: { says: isSet, loss: 'feature_dropped' },
  clear_thinking: { says: isSet, loss: 'feature_dropped' },
  provider: { says: isSet, loss: 'feature_dropped' },
  models: { says: isSet, loss: 'feature_dropped' },
  transforms: { says: isSet, loss: 'feature_dropped' },
  usage: { says: () => false, loss: 'feature_dropped' },
  verbosity: { says: isSet, loss: 'verbosity_dropped' },
}

/** Members that are converted elsewhere, or refused. */
const converted: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'enable_thinking',
  'thinking_budget',
  'n',
  'logprobs',
  'modalities',
  'audio',
  'user',
  'safety_identifier',
  'service_tier',
  'web_search_options',
  'cache_control',
])

/** Reports every member that cannot be carried over, known or not. */
export function reportChatFields(request: Chat.Request, run: ChatRun): void {
  for (const [name, value] of Object.entries(request)) {
    if (converted.has(name) || value === undefined) continue
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined
    if (row === undefined) run.notes.loss('unknown_field', `/${name}`, name)
    else if (row.says(value)) run.notes.loss(row.loss, `/${name}`, name)
  }
  const { user, safety_identifier, prompt_cache_options } = request
  if (user && safety_identifier && user !== safety_identifier) run.notes.loss('user_id_dropped', '/user')
  if (prompt_cache_options?.ttl)
    run.notes.loss('cache_ttl_changed', '/prompt_cache_options/ttl', prompt_cache_options.ttl)
}

/** Refuses what would change the shape of the answer: the client would not find what it waits for. */
export function refuseChatFields(request: Chat.Request, run: ChatRun): void {
  const refuse = (name: string, what: string): void =>
    run.notes.refuse('parameter_not_supported', `/${name}`, `${what} cannot be had from this model; leave it out`)
  if ((request.n ?? 1) > 1) refuse('n', 'several answers')
  if (request.logprobs === true) refuse('logprobs', 'log probabilities')
  if (request.modalities?.includes('audio') === true) refuse('modalities', 'spoken answers')
  if (request.audio !== undefined && request.audio !== null) refuse('audio', 'spoken answers')
}
