import { isJsonObject, type Json, member, stringMember } from '@lb/protocol'

/** What a request asks for, as far as routing cares. */
export interface RequestFeatures {
  /** Estimated input tokens. */
  readonly tokens: number
  readonly thinking: boolean
  /** An image anywhere, also inside a tool result. */
  readonly images: boolean
  readonly webSearch: boolean
  readonly tools: boolean
  /** A call that no user waits for: titles, summaries, classifiers. */
  readonly background: boolean
}

/** `when` of a route entry: every member that is there must hold. */
export interface RouteCondition {
  readonly minTokens?: number
  readonly maxTokens?: number
  readonly thinking?: boolean
  readonly images?: boolean
  readonly webSearch?: boolean
  readonly tools?: boolean
  readonly background?: boolean
}

/** Whether `features` are what `when` asks for. No condition holds always. */
export function holds(when: RouteCondition | undefined, features: RequestFeatures): boolean {
  if (when === undefined) return true
  if (when.minTokens !== undefined && features.tokens < when.minTokens) return false
  if (when.maxTokens !== undefined && features.tokens > when.maxTokens) return false
  return flags.every((flag) => when[flag] === undefined || when[flag] === features[flag])
}

const flags = ['thinking', 'images', 'webSearch', 'tools', 'background'] as const

/**
 * Reads the features of a request to Anthropic's Messages or to OpenAI's Chat Completions: no member means one thing here and
 * another there, so both are read alike.
 *
 * @param tokens the estimate, because counting is not routing's business.
 * @param headers by lower-case name; Claude Code says `x-app: cli-bg` on calls that no user waits for.
 * @see https://platform.claude.com/docs/en/api/messages
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export function featuresOf(
  body: Json,
  tokens: number,
  headers: Readonly<Record<string, string | undefined>>,
): RequestFeatures {
  const tools = [...listOf(member(body, 'tools')), ...listOf(member(body, 'functions'))]
  const thinking = stringMember(member(body, 'thinking'), 'type')
  const effort = stringMember(body, 'reasoning_effort') ?? stringMember(member(body, 'reasoning'), 'effort') ?? 'none'
  return {
    tokens,
    thinking: thinking === 'enabled' || thinking === 'adaptive' || effort !== 'none',
    images: hasImage(member(body, 'messages')),
    webSearch: isJsonObject(member(body, 'web_search_options')) || tools.some(isWebSearch),
    tools: tools.length > 0,
    background: headers['x-app'] === 'cli-bg',
  }
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function isWebSearch(tool: Json): boolean {
  return /^web_search/.test(stringMember(tool, 'type') ?? stringMember(tool, 'name') ?? '')
}

const images: ReadonlySet<string | undefined> = new Set(['image', 'image_url'])

/**
 * Content is a list of blocks; the content of a tool result is one again, and so is a document's source. The request's depth is
 * bounded at ingress.
 */
function hasImage(blocks: Json | undefined): boolean {
  return listOf(blocks).some(
    (block) =>
      images.has(stringMember(block, 'type')) ||
      hasImage(member(block, 'content')) ||
      hasImage(member(member(block, 'source'), 'content')),
  )
}
