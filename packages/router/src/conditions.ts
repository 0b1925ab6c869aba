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
 * Reads the features of an Anthropic Messages request.
 *
 * @param tokens the estimate, because counting is not routing's business.
 * @param headers by lower-case name; Claude Code says `x-app: cli-bg` on calls that no user waits for.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function featuresOf(
  body: Json,
  tokens: number,
  headers: Readonly<Record<string, string | undefined>>,
): RequestFeatures {
  const tools = member(body, 'tools')
  const list = Array.isArray(tools) ? tools : []
  const thinking = stringMember(member(body, 'thinking'), 'type')
  return {
    tokens,
    thinking: thinking === 'enabled' || thinking === 'adaptive',
    images: hasImage(member(body, 'messages')),
    webSearch: list.some((tool) => /^web_search/.test(stringMember(tool, 'type') ?? stringMember(tool, 'name') ?? '')),
    tools: list.length > 0,
    background: headers['x-app'] === 'cli-bg',
  }
}

/** Content is a list of blocks, and a tool result's content is one again: the request's depth is bounded at ingress. */
function hasImage(blocks: Json | undefined): boolean {
  if (!Array.isArray(blocks)) return false
  return blocks.some(
    (block) => isJsonObject(block) && (stringMember(block, 'type') === 'image' || hasImage(member(block, 'content'))),
  )
}
