/**
 * What a conversion could not carry over. Nothing is dropped or changed without one of these codes.
 *
 * Codes are stable: they are metric labels, log words and switches of strict mode. What each means is in {@link lossMeanings};
 * `losses.test.ts` fails for a code that no test shows.
 */
export type LossCode = keyof typeof lossMeanings

/** One kind of loss in one conversion. */
export interface Loss {
  readonly code: LossCode
  /** JSON pointer into the source: where it happened first. Empty: the whole document, or a stream. */
  readonly path: string
  /** What it was about there: a field's name, a value. Never content. */
  readonly detail?: string
  /** How often it happened. */
  readonly count: number
}

/** The registry: every code, and what it means for the reader of the answer. */
export const lossMeanings = {
  // Requests: limits and parameters.
  max_tokens_clamped: 'max_tokens was lowered to what the model can do',
  sampling_dropped: 'a sampling parameter was left out; the target does not take it',
  sampling_clamped: 'a sampling parameter was moved into the range that the target takes',
  stop_emulated: 'stop sequences are looked for by the converter, because the target takes none or fewer',
  stop_dropped: 'a stop sequence of white space was left out; the target refuses it',
  user_id_hashed: 'the user id was replaced by its digest; it is too long, of foreign form, or names a person',
  user_id_dropped: 'the user id was left out; the target has no field for it',
  service_tier_changed: 'the service tier was translated to one that is not the same product',
  speed_dropped: 'the wish for fast mode was left out',
  task_budget_dropped: 'the task budget was left out',
  context_management_dropped: 'context edits were left out: the history is sent whole',
  inference_geo_dropped: 'the wish where to compute was left out; this may concern compliance',
  feature_dropped: 'a member that only the other provider understands was left out',
  unknown_field: 'a member that nobody here knows was left out',
  verbosity_dropped: 'the wish for a longer or shorter answer was left out',
  // Requests: prompt caching.
  cache_control_dropped: 'cache breakpoints were left out; the target has none, or caches by itself',
  cache_ttl_changed: 'the lifetime of a cache entry was changed to one the target has',
  cache_breakpoints_trimmed: 'only the last cache breakpoints were kept, as many as the target takes',
  billing_header_dropped: "the client's billing line was left out of the system prompt; it is meant for Anthropic only",
  // Requests: turns.
  block_boundaries_joined: 'texts that stood apart were joined into one',
  block_order_lost: 'text that stood behind a tool call now stands before it',
  empty_text_dropped: 'an empty text was left out',
  empty_turn_dropped: 'a turn without content was left out',
  system_turn_moved: 'an instruction in mid-conversation became a reminder in a user message',
  system_turn_option_dropped: 'an option of an instruction in mid-conversation was left out',
  tool_changes_flattened: 'tools that come and go in mid-conversation were all declared from the start',
  prefill_not_supported: 'the answer may not go on from the prefilled text',
  prefill_trimmed: 'white space at the end of the prefilled text was left out; the target refuses it',
  prefill_continued: 'a user turn was added behind the prefilled text, because the model does not go on from it',
  name_dropped: "a speaker's name was left out",
  role_changed: 'a message was given another role, because the target demands one',
  // Requests: content.
  citations_dropped: 'citations were left out; the text is whole',
  image_option_dropped: 'how an image should be scaled was left out',
  document_as_text: 'a document became text with its title before it',
  search_result_as_text: 'a search result became text',
  block_as_text: 'a block of a type that the target has not became text',
  block_dropped: 'a block that means nothing to the target was left out',
  unknown_block: 'a block of a type that nobody here knows was left out',
  compaction_as_text: 'a summary of the earlier conversation became a user message',
  thinking_dropped: 'past reasoning was left out; it belongs to another model, or the target does not want it',
  thinking_emptied: 'an empty reasoning stands in for one that the target demands and nobody has',
  refusal_as_text: 'a past refusal became ordinary text',
  // Requests: tool calls and results.
  tool_result_missing: 'a call that was never answered got a result that says so',
  tool_result_moved: 'a tool result was moved to directly behind its call',
  tool_result_duplicate: 'of several results for one call only the last was kept',
  tool_result_orphaned: 'a result without a call became text',
  tool_error_as_text: "a result's error flag became a word in its text",
  tool_reference_as_text: 'the result of a tool search became text; the tools are declared from the start',
  media_moved: 'images or files of a tool result follow in a user message',
  tool_caller_dropped: 'who made a call was left out',
  server_tool_flattened: "a past call of the provider's own tool became an ordinary call",
  server_tool_unpaired: "a past call of the provider's own tool without result was left out",
  tool_arguments_wrapped: 'arguments that are no JSON object were wrapped into one',
  // Requests: tools.
  tool_strict_dropped: 'a tool is not enforced strictly: its schema does not comply, or the target cannot',
  tool_examples_described: 'examples of a tool were appended to its description',
  tool_option_dropped: 'an option of a tool was left out',
  tool_not_callable: 'a tool that only code may call was left out',
  tools_deferred_sent: 'tools that were to be loaded on demand were sent at once',
  provider_tool_declared: 'a tool that the provider knows was declared with its documented schema',
  server_tool_dropped: 'a tool that the provider would run was left out',
  server_tool_declared: 'a tool that the provider would run was declared as one that the caller runs',
  server_tool_native: "a tool that the provider would run was replaced by the target's own",
  custom_tool_as_function: 'a free-form tool became a function with one string',
  tool_choice_weakened: 'the model may choose more freely than asked',
  parallel_not_enforced: 'several calls at once cannot be forbidden',
  tools_filtered: 'only the tools that may be chosen were declared',
  // Requests: reasoning.
  effort_changed: 'the level of effort was changed to the nearest one the model has',
  thinking_budget_as_effort: 'a reasoning budget in tokens became a level of effort',
  thinking_budget_lowered: 'a reasoning budget was lowered to fit into max_tokens',
  thinking_not_disabled: 'reasoning cannot be switched off; it was set as low as possible',
  thinking_disabled: 'reasoning was switched off; the target does not combine it with the rest of the request',
  thinking_not_controlled: 'the target has no switch for reasoning that we know',
  // Requests: output format and schemas.
  output_format_weakened: 'the schema of the answer is asked for, not enforced',
  schema_adapted: 'a JSON schema was rewritten for a target that does not take all of it',
  // Answers.
  extra_choices: 'of several answers only the first was kept',
  empty_response: 'the answer has no content',
  finish_missing: 'the stream ended without a reason',
  finish_unknown: 'the reason for the end is not known',
  finish_without_call: 'the answer says it calls a tool, and calls none',
  error_after_content: 'an error behind a whole answer was left out',
  tool_call_dropped: 'a tool call without name and arguments was left out',
  call_dropped: 'of several calls only the first was kept; the client declared functions, and has room for one',
  tool_name_guessed: 'a tool call without a name got that of the only declared tool',
  tool_delta_late: 'text behind the end of the arguments of a call was left out',
  tool_arguments_invalid: 'the arguments of a call are not a JSON object',
  tool_arguments_decoded: 'arguments that were encoded twice were decoded once',
  media_dropped: 'audio or images of the answer were left out',
  usage_missing: 'the provider did not say what the answer cost',
  usage_adjusted: 'token counts that contradict each other were brought into order',
  data_after_end: 'something behind the end of the stream was left out',
  hosted_call_dropped: 'a call that the upstream ran itself was left out',
  event_missing: 'the stream skipped numbers of its own count',
  annotations_dropped: 'sources were left out of the content',
  signature_dropped: 'the signature of a reasoning came too late to be placed',
  event_unexpected: 'an event came where the protocol allows none',
  pause_as_length: 'the provider paused the turn; the target has no word for that',
  stop_reason_changed: 'the reason for the end has no twin',
} as const

/** All codes, in the order of the registry. */
export const lossCodes: readonly LossCode[] = /* @__PURE__ */ Object.keys(lossMeanings) as LossCode[]
