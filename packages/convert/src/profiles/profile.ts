import type { JsonObject } from '@lb/protocol'

/**
 * What a vendor's OpenAI-compatible endpoint takes and gives, as data. Everything that differs between vendors is a field
 * here; nothing in this package asks for a vendor's name.
 *
 * A profile is plain JSON, so that a configuration file can change any field (see `profileWith`).
 */
export interface Profile {
  /** Names the vendor family; written into reasoning carriers, so that reasoning goes back only to where it came from. */
  readonly id: string
  readonly dialect: 'chat' | 'responses'
  /** OpenAI's reasoning models refuse `max_tokens`; older compatible servers ignore the newer name. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens'
  /** Larger requests are clamped. `null`: not known. */
  readonly maxOutputTokens: number | null
  readonly systemRole: 'developer' | 'system' | 'user'
  /** Chat templates of several open models fail on a system message that is not the first. */
  readonly systemPlacement: 'first-only' | 'anywhere'
  /** In which roles content may be an array of parts. Elsewhere parts are joined to one string. */
  readonly contentArrays: readonly ('system' | 'user' | 'assistant' | 'tool')[]
  /** User messages that follow each other become one. */
  readonly alternateRoles: boolean
  /** Whether a tool result may hold images and files, or they must follow in a user message. */
  readonly toolResultMedia: 'inside' | 'moved'
  readonly images: 'none' | 'data' | 'data-and-url'
  readonly imageTypes: readonly string[]
  readonly files: 'none' | 'data' | 'data-and-url'
  readonly toolIds: ToolIdRule
  readonly toolNameMax: number
  readonly toolChoice: readonly ('auto' | 'none' | 'required' | 'named')[]
  readonly parallelToolCalls: 'supported' | 'ignored' | 'rejected'
  readonly strictTools: boolean
  /** Whether tools must be declared because the history calls them, even when the request has none. */
  readonly declareHistoryTools: boolean
  readonly jsonOutput: 'json_schema' | 'json_object' | 'none'
  readonly jsonOutputWithTools: boolean
  /** How reasoning is switched. `null`: nothing is known, nothing is sent. */
  readonly thinking: ThinkingControl | null
  /** In which field past reasoning goes back. */
  readonly reasoningField: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'content-parts' | 'none'
  /**
   * Which past reasoning goes back.
   * - `always`: all of it.
   * - `tool-turns`: of turns with tool calls.
   * - `current-turn`: of what came after the last thing the user said.
   * - `never`: none.
   */
  readonly reasoningReplay: 'always' | 'tool-turns' | 'current-turn' | 'never'
  /** The model is one of Anthropic's behind a gateway, so that genuine signatures are worth sending. */
  readonly signedReasoning: boolean
  /** The vendor answers 400 when a turn with tool calls lacks its reasoning: then foreign or empty reasoning is better than none. */
  readonly reasoningRequired: boolean
  /** What stands in for the signature of a turn's first call, where nobody has it and the vendor refuses the call without. `''`: nothing. */
  readonly missingSignature: string
  /** The vendor puts reasoning between `<think>` tags at the start of the content. */
  readonly reasoningTags: boolean
  readonly sampling: readonly Sampling[]
  /** What of `sampling` remains while the model reasons. */
  readonly samplingWithThinking: readonly Sampling[]
  /** How many stop sequences are taken. The rest is emulated on the answer. */
  readonly stopMax: number
  /** Which cache marks are taken: OpenAI's `prompt_cache_breakpoint`, or Anthropic's `cache_control` on parts. */
  readonly cache: 'none' | 'breakpoints' | 'cache_control'
  readonly promptCacheKey: boolean
  readonly userField: 'safety_identifier' | 'user' | 'none'
  /** Whether `service_tier` is understood. */
  readonly serviceTiers: boolean
  /** Calls and their outputs have to alternate, even when calls were made together. */
  readonly pairedToolOutputs: boolean
  /** What stands in an assistant message that has calls and no text. */
  readonly emptyAssistant: null | ''
  /** What stands in a tool message whose result is empty. */
  readonly emptyToolResult: string
  /** What marks a final assistant turn as one to be continued: members of that message, or of the request. `null`: nothing does. */
  readonly prefill: { readonly message: JsonObject } | { readonly request: JsonObject } | null
  /** Members that every request gets, e.g. `{ "store": false }`. */
  readonly requestDefaults: JsonObject
  /** What switches the vendor's own web search on, for `serverTools: 'native'`. */
  readonly webSearch: JsonObject | null
  /** Whether `stream_options.include_usage` is understood. */
  readonly streamUsage: boolean
  readonly schemaFixes: readonly SchemaFix[]
  /** Answers carry ids that are not unique, so that message ids must be made. */
  readonly constantIds: boolean
  /** A call whose arguments are still empty when something else arrives has none. */
  readonly emptyArgumentsComplete: boolean
  /** Exceptions by model; later rules win. */
  readonly models: readonly ModelRule[]
}

/**
 * What a tool-call id may look like.
 * - `openai40`, `responses64`: letters, digits, `_`, `-`, up to that length.
 * - `mistral9`: exactly nine letters or digits.
 * - `any`: anything.
 */
export type ToolIdRule = 'openai40' | 'mistral9' | 'responses64' | 'any'

/** Sampling parameters that both dialects have. */
export type Sampling = 'temperature' | 'top_p' | 'top_k'

/** Levels of reasoning effort, from none to most. */
export type Level = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** How a vendor's reasoning is switched on, off, and up. */
export interface ThinkingControl {
  /** Members that switch it on. Empty: it needs no switch. */
  readonly on: JsonObject
  /** Members that switch it off. `null`: it cannot be switched off. */
  readonly off: JsonObject | null
  /** What happens when a request says nothing. */
  readonly absent: 'on' | 'off'
  /** Where the level goes, and which levels are taken. A dot leads into an object. */
  readonly effort: {
    readonly member: 'reasoning_effort' | 'reasoning.effort'
    readonly levels: readonly Level[]
  } | null
  /** Where a budget in tokens goes; exact, hence preferred to a level. */
  readonly budgetMember: 'thinking_budget' | 'reasoning.max_tokens' | null
  /** Whether function tools may be combined with it. */
  readonly withTools: boolean
  /** Whether a tool may be forced while it is on. */
  readonly withForcedTool: boolean
}

/** Rewritings of JSON Schemas for servers that do not take all of it. Each is reported, and changes nothing when repeated. */
export type SchemaFix = 'drop-meta' | 'const-to-enum' | 'nullable-to-any-of'

/** Changes of a profile for models whose name, without a vendor's prefix, matches. `*` stands for any characters. */
export interface ModelRule {
  readonly match: readonly string[]
  readonly set: Partial<Omit<Profile, 'id' | 'models'>>
}

/** The profile as it is for one model: all rules that match are applied. */
export function profileForModel(profile: Profile, model: string): Profile {
  const rules = profile.models.filter((rule) => rule.match.some((pattern) => matchesModel(pattern, model)))
  return { ...profile, ...Object.assign({}, ...rules.map((rule) => rule.set)), models: [] }
}

/** Whether a model's name matches a pattern, compared in lower case and without a prefix like `openai/`. */
export function matchesModel(pattern: string, model: string): boolean {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  const [head = '', ...pieces] = pattern.toLowerCase().split('*')
  const tail = pieces.pop()
  if (tail === undefined) return name === head
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false
  let at = head.length
  for (const piece of pieces) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at <= name.length - tail.length
}
