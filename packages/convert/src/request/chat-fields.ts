import type { Chat } from '@lb/protocol'
import type { LossCode } from '../losses.ts'
import type { ChatRun } from './chat-run.ts'

/** Members of a Chat request that Anthropic has no twin for, when they say something, and what is lost with them. */
interface Row {
  readonly loss: LossCode
  readonly says: (value: unknown) => boolean
  readonly names: readonly string[]
}

const isSet = (value: unknown): boolean => value !== null && value !== false
const isNumber = (value: unknown): boolean => typeof value === 'number' && value !== 0

const rows: readonly Row[] = [
  {
    loss: 'sampling_dropped',
    says: isNumber,
    names: ['presence_penalty', 'frequency_penalty', 'repetition_penalty', 'min_p'],
  },
  { loss: 'sampling_dropped', says: isSet, names: ['logit_bias', 'seed'] },
  { loss: 'feature_dropped', says: isNumber, names: ['top_logprobs'] },
  {
    loss: 'feature_dropped',
    says: isSet,
    names: [
      'prediction',
      'store',
      'metadata',
      'moderation',
      'prompt_cache_key',
      'prompt_cache_retention',
      'reasoning_format',
      'clear_thinking',
      'provider',
      'models',
      'transforms',
    ],
  },
  { loss: 'verbosity_dropped', says: isSet, names: ['verbosity'] },
]

/** Members that are converted elsewhere, or refused, or say nothing of their own. */
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
  'prompt_cache_options',
  'usage',
])

/** Reports every member that cannot be carried over, known or not. */
export function reportChatFields(request: Chat.Request, run: ChatRun): void {
  for (const [name, value] of Object.entries(request)) {
    if (converted.has(name) || value === undefined) continue
    const row = rows.find(({ names }) => names.includes(name))
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
