import type { Anthropic, OpenAiErrorBody } from '@lb/protocol'
import type { Loss } from './losses.ts'

/** Why a request was not converted. Stable, like loss codes. */
export type RefusalCode = keyof typeof refusalMeanings

/** The registry: every code, and what it means. */
export const refusalMeanings = {
  invalid_request: 'the request does not have the shape of its own dialect',
  loss_refused: 'strict mode: a loss that was declared unacceptable',
  media_type_not_supported: 'the target does not take files of this type',
  media_not_supported: 'the target does not take images, files or audio here',
  file_id_not_portable: 'a file id belongs to the provider that issued it',
  needs_bytes: 'the target takes no URLs: the caller must fetch them first',
  server_tool_not_supported: "the target cannot run the provider's own tool",
  toolset_not_supported: 'the schemas of a toolset are not known here',
  container_not_supported: 'code containers stay with their provider',
  mcp_not_supported: 'the target does not connect to MCP servers',
  thread_not_supported: 'the history is not in the request',
  cache_warming_not_supported: 'max_tokens 0 asks for an effect that the target does not have',
  compaction_unreadable: 'the summary of the earlier conversation is encrypted',
  conflicting_output_format: 'two different output formats were asked for',
  tool_result_without_call: 'a tool result answers no call',
  tool_choice_unknown: 'the chosen tool is not declared',
  tool_name_duplicate: 'two tools have one name',
  tool_arguments_invalid: 'arguments of a past call are not a JSON object',
  tool_schema_not_supported: 'the target does not take schemas of this form',
  empty_turn: 'a turn has no content',
  prefill_not_supported: 'the conversation must end with a user turn',
  needs_responses_dialect: 'the model reasons with tools only on the Responses API',
  parameter_not_supported: 'a parameter changes the shape of the answer',
  inference_geo_not_supported: 'the target does not let the caller choose where to compute',
} as const

/**
 * A request that cannot be said in the target's dialect. Nothing was sent.
 */
export interface Refusal {
  readonly code: RefusalCode
  /** JSON pointer into the request. */
  readonly path: string
  /** One line: the path, what is wrong, and what to do. */
  readonly message: string
  /** The HTTP status to answer with. */
  readonly status: 400
  /** The answer's body, in the client's own error shape. */
  readonly body: Anthropic.ErrorBody | OpenAiErrorBody
  /** For `needs_bytes`: what to fetch and pass as `fetched`. */
  readonly urls: readonly string[]
  readonly losses: readonly Loss[]
}

/** A JSON pointer as Anthropic writes paths in messages: `messages.0.content`. */
export function dotted(path: string): string {
  return path.slice(1).replaceAll('/', '.')
}

/** A JSON pointer as OpenAI writes paths in messages: `messages[0].content`. */
export function bracketed(path: string): string {
  return path
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
}
