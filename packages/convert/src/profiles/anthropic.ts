import { type Level, matchesModel, type Sampling } from './profile.ts'

/**
 * What an endpoint that speaks Anthropic Messages takes, as data: Anthropic's own by model family and API version, clouds
 * that host it, and vendors that imitate it.
 */
export interface AnthropicProfile {
  readonly id: string
  readonly dialect: 'anthropic'
  /** Of the header `anthropic-version`. From 2026-10-21 on sampling parameters are refused. */
  readonly apiVersion: '2023-06-01' | '2026-10-21'
  /** Larger requests are clamped, and requests without a limit get this one: the API demands one. */
  readonly maxOutputTokens: number
  /** How reasoning is asked for: by the model's own measure, or by a budget in tokens. */
  readonly thinking: 'adaptive' | 'budget' | 'none'
  readonly thinkingOff: boolean
  /** Values of `output_config.effort`. Empty: there is no such member. */
  readonly effort: readonly Level[]
  readonly sampling: readonly Sampling[]
  /** Whether `temperature` and `top_p` may stand in one request. */
  readonly samplingTogether: boolean
  /** Whether the model goes on from a final assistant turn. */
  readonly prefill: boolean
  /** Whether instructions may stand in mid-conversation. */
  readonly systemTurns: boolean
  readonly forcedTools: 'always' | 'without-thinking' | 'never'
  /** Whether `output_config.format` is taken. */
  readonly outputFormat: boolean
  readonly strictTools: boolean
  readonly images: 'none' | 'data' | 'data-and-url'
  readonly documents: 'none' | 'data' | 'data-and-url'
  /** How many cache breakpoints are taken. */
  readonly cacheBreakpoints: number
  /** The first turn has to be the user's. */
  readonly userFirst: boolean
  /**
   * What happens to signatures of reasoning.
   * - `verified`: a signature that is not genuine fails the request.
   * - `ignored`: thinking is taken with any signature, or none.
   * - `carried`: there is no endpoint; the request goes on into another dialect, which wants what this package carries.
   */
  readonly signatures: 'verified' | 'ignored' | 'carried'
  /** Block types of requests that are refused. */
  readonly unsupportedBlocks: readonly string[]
  /** Whether the provider runs tools of its own. */
  readonly serverTools: boolean
  /** What `metadata.user_id` may look like, as a regular expression. `null`: anything. */
  readonly userIdPattern: string | null
  /** Values of `anthropic-beta` that are taken. `null`: all. */
  readonly betas: readonly string[] | null
  /** Exceptions by model; later rules win. */
  readonly models: readonly AnthropicModelRule[]
}

/** Changes for models whose name matches. `*` stands for any characters. */
export interface AnthropicModelRule {
  readonly match: readonly string[]
  readonly set: Partial<Omit<AnthropicProfile, 'id' | 'dialect' | 'models'>>
}

/** The profile as it is for one model: all rules that match are applied. */
export function anthropicProfileForModel(profile: AnthropicProfile, model: string): AnthropicProfile {
  // Clouds put their own words before the name: `us.anthropic.claude-…`.
  const name = model.slice(Math.max(0, model.indexOf('claude')))
  const rules = profile.models.filter((rule) => rule.match.some((pattern) => matchesModel(pattern, name)))
  return { ...profile, ...Object.assign({}, ...rules.map((rule) => rule.set)), models: [] }
}

const olderModels: readonly AnthropicModelRule[] = [
  {
    match: ['claude-opus-4-8*', 'claude-opus-4-7*'],
    set: { systemTurns: false },
  },
  {
    match: ['claude-opus-4-6*', 'claude-sonnet-4-6*'],
    set: {
      sampling: ['temperature', 'top_p', 'top_k'],
      effort: ['low', 'medium', 'high', 'max'],
      systemTurns: false,
      forcedTools: 'without-thinking',
    },
  },
  {
    match: [
      'claude-opus-4-5*',
      'claude-sonnet-4-5*',
      'claude-haiku-4-5*',
      'claude-*-4-1*',
      'claude-*-4-0*',
      'claude-*-4-2025*',
      'claude-3*',
    ],
    set: {
      maxOutputTokens: 64_000,
      thinking: 'budget',
      effort: [],
      sampling: ['temperature', 'top_p', 'top_k'],
      prefill: true,
      systemTurns: false,
      forcedTools: 'without-thinking',
    },
  },
  {
    match: ['claude-opus-4-1*', 'claude-*-4-5*', 'claude-*-4-6*'],
    set: { samplingTogether: false },
  },
  { match: ['claude-opus-4-5*'], set: { effort: ['low', 'medium', 'high'] } },
  {
    match: ['claude-*-4-1*', 'claude-*-4-0*', 'claude-opus-4-2025*'],
    set: { maxOutputTokens: 32_000, outputFormat: false, strictTools: false },
  },
  { match: ['claude-3*'], set: { maxOutputTokens: 8192, thinking: 'none', outputFormat: false, strictTools: false } },
  { match: ['claude-3-7*'], set: { maxOutputTokens: 64_000, thinking: 'budget' } },
  { match: ['claude-fable-*', 'claude-mythos-*'], set: { thinkingOff: false, forcedTools: 'never' } },
]

const anthropic: AnthropicProfile = {
  id: 'anthropic',
  dialect: 'anthropic',
  apiVersion: '2023-06-01',
  maxOutputTokens: 128_000,
  thinking: 'adaptive',
  thinkingOff: true,
  effort: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: [],
  samplingTogether: true,
  prefill: false,
  systemTurns: true,
  forcedTools: 'always',
  outputFormat: true,
  strictTools: true,
  images: 'data-and-url',
  documents: 'data-and-url',
  cacheBreakpoints: 4,
  userFirst: false,
  signatures: 'verified',
  unsupportedBlocks: [],
  serverTools: true,
  userIdPattern: null,
  betas: null,
  models: olderModels,
}

/** Betas that the clouds take. What is not listed makes them refuse the request. */
const cloudBetas: readonly string[] = [
  'context-1m-2025-08-07',
  'interleaved-thinking-2025-05-14',
  'context-management-2025-06-27',
  'fine-grained-tool-streaming-2025-05-14',
]

/** A vendor that imitates the API: no provider tools, no PDFs, and signatures that nobody checks. */
const imitation: AnthropicProfile = {
  ...anthropic,
  id: 'anthropic-compatible',
  maxOutputTokens: 32_000,
  thinking: 'budget',
  effort: [],
  sampling: ['temperature', 'top_p', 'top_k'],
  prefill: true,
  systemTurns: false,
  outputFormat: false,
  strictTools: false,
  images: 'data',
  documents: 'none',
  signatures: 'ignored',
  unsupportedBlocks: ['document', 'redacted_thinking', 'search_result', 'container_upload'],
  serverTools: false,
  betas: [],
  models: [],
}

/** Profiles by the name that a configuration uses. */
export const namedAnthropicProfiles: Readonly<Record<string, AnthropicProfile>> = {
  anthropic,
  bedrock: {
    ...anthropic,
    id: 'bedrock',
    images: 'data',
    documents: 'data',
    serverTools: false,
    userFirst: true,
    betas: cloudBetas,
  },
  vertex: { ...anthropic, id: 'vertex', images: 'data', documents: 'data', userFirst: true, betas: cloudBetas },
  'anthropic-compatible': imitation,
  deepseek: {
    ...imitation,
    id: 'deepseek',
    images: 'none',
    unsupportedBlocks: [...imitation.unsupportedBlocks, 'image'],
    userIdPattern: '^[a-zA-Z0-9_-]+$',
    effort: ['high', 'max'],
  },
  kimi: { ...imitation, id: 'kimi' },
  glm: { ...imitation, id: 'glm' },
  minimax: {
    ...imitation,
    id: 'minimax',
    images: 'none',
    unsupportedBlocks: [...imitation.unsupportedBlocks, 'image'],
  },
  qwen: { ...imitation, id: 'qwen' },
}
