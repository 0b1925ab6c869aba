import { ask } from './requests.ts'

/** Requests that use every member and every kind of block there is, so that tests can make each of them odd in its turn. */

const cache_control = { type: 'ephemeral', ttl: '1h' }
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
const schema = { type: 'object', properties: { a: { type: ['string', 'null'], minLength: 2 }, b: { const: 1 } } }

const anthropicTools = [
  {
    name: 't',
    description: 'd',
    input_schema: schema,
    strict: true,
    input_examples: [{ a: 'x' }],
    defer_loading: true,
    eager_input_streaming: true,
    allowed_callers: ['direct'],
    cache_control,
  },
  { type: 'bash_20250124', name: 'bash' },
  { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
  { type: 'tool_search_tool_regex_20251119', name: 'search' },
]

const said = [
  { type: 'thinking', thinking: 'hm', signature: 'genuine' },
  { type: 'redacted_thinking', data: 'x' },
  { type: 'text', text: 'b', citations: [{ type: 'char_location' }] },
  { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' }, caller: { type: 'direct' } },
  { type: 'web_search_tool_result', tool_use_id: 's1', content: [{ url: 'u', encrypted_content: 'z' }] },
  { type: 'mcp_tool_use', id: 'm1', name: 'm', server_name: 's', input: {} },
  { type: 'mcp_tool_result', tool_use_id: 'm1', is_error: true, content: [{ type: 'text', text: 'r' }] },
  {
    type: 'tool_use',
    id: 'toolu_1',
    name: 't',
    input: { a: 1 },
    caller: { type: 'direct', tool_id: 'x' },
    toolset_name: 'z',
    cache_control,
  },
]

const searched = { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] }

const asked = [
  { type: 'text', text: 'a', cache_control, citations: [{ type: 'char_location' }] },
  { ...image, transformations: { oversized_image: 'downsize' } },
  { type: 'image', source: { type: 'url', url: 'https://host/y.png' } },
  {
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data: 'd' },
    title: 't',
    context: 'c',
    citations: { enabled: true },
  },
  { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'q' }] } },
  { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } },
  { ...searched, citations: { enabled: true } },
  { type: 'browser_state', url: 'u' },
]

const changes = [
  { type: 'text', text: 'from now on' },
  { type: 'tool_addition', tool: { type: 'tool', definition: { name: 'u', input_schema: { type: 'object' } } } },
  { type: 'tool_removal', tool: { type: 'tool_reference', name: 't' } },
]

/** An Anthropic request. */
export const wholeAnthropicRequest: object = ask({
  max_tokens: 5000,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: 1' },
    { type: 'text', text: 'sys', cache_control },
  ],
  stream: true,
  stop_sequences: ['a'],
  temperature: 1,
  top_p: 1,
  top_k: 3,
  service_tier: 'auto',
  speed: 'fast',
  cache_control,
  container: 'c',
  thread: { type: 'new' },
  metadata: { user_id: 'user_x_account_y_session_z' },
  thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
  output_config: { effort: 'high', format: { type: 'json_schema', schema }, task_budget: { total: 3 } },
  output_format: { type: 'json_schema', schema },
  mcp_servers: [{ type: 'url', name: 'm', url: 'https://host', tool_configuration: { enabled: false } }],
  context_management: { edits: [] },
  tools: anthropicTools,
  tool_choice: { type: 'tool', name: 't', disable_parallel_tool_use: true },
  messages: [
    { role: 'user', content: asked },
    { role: 'system', content: changes, clear_at: 'x', output_config: { effort: 'low' } },
    { role: 'assistant', content: said },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          is_error: true,
          toolset_name: 'z',
          cache_control,
          content: [{ type: 'text', text: 'r' }, image, { type: 'tool_reference', tool_name: 'q' }, searched],
        },
        { type: 'text', text: 'next' },
      ],
    },
  ],
})

const chatTools = [
  { type: 'function', function: { name: 'f', description: 'd', parameters: schema, strict: true }, cache_control },
  {
    type: 'custom',
    custom: { name: 'c', description: 'd', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
  },
]

const answered = {
  role: 'assistant',
  name: 'bot',
  content: [
    { type: 'text', text: 'b' },
    { type: 'refusal', refusal: 'r' },
  ],
  refusal: 'no',
  reasoning_content: 'r',
  reasoning: 'r',
  reasoning_details: [
    { type: 'reasoning.text', text: 't', signature: 's', format: 'anthropic-claude-v1', index: 0 },
    { type: 'reasoning.encrypted', data: 'd', format: 'anthropic-claude-v1' },
  ],
  tool_calls: [
    { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
    { id: 'c2', type: 'custom', custom: { name: 'c', input: 'x' } },
  ],
  function_call: { name: 'old', arguments: '{}' },
}

/** A Chat request. */
export const wholeChatRequest: object = {
  model: 'gpt-x',
  max_tokens: 5000,
  max_completion_tokens: 5000,
  temperature: 1,
  top_p: 1,
  top_k: 3,
  stop: ['a'],
  stream: true,
  stream_options: { include_usage: true },
  parallel_tool_calls: false,
  reasoning_effort: 'high',
  reasoning: { effort: 'low', max_tokens: 2000, enabled: true },
  thinking: { type: 'enabled', budget_tokens: 4000 },
  enable_thinking: true,
  thinking_budget: 3,
  n: 1,
  logprobs: false,
  top_logprobs: 0,
  modalities: ['text'],
  user: 'u',
  safety_identifier: 's',
  service_tier: 'auto',
  web_search_options: { user_location: { type: 'approximate', approximate: { city: 'x' } } },
  verbosity: 'low',
  prediction: { type: 'content', content: 'x' },
  metadata: { a: 'b' },
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'explicit' },
  response_format: { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema, strict: true } },
  functions: [{ name: 'old', description: 'd', parameters: { type: 'object' } }],
  function_call: { name: 'old' },
  tools: chatTools,
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
  },
  messages: [
    { role: 'developer', content: [{ type: 'text', text: 'sys', cache_control }], name: 'n' },
    { role: 'system', content: 's' },
    {
      role: 'user',
      name: 'bob',
      content: [
        { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'x.pdf' } },
      ],
    },
    answered,
    { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'x' }] },
    { role: 'tool', tool_call_id: 'c2', content: 'y' },
    { role: 'function', name: 'old', content: 'z' },
    { role: 'developer', content: 'mid' },
    { role: 'user', content: 'end' },
  ],
}

/** A Chat request in the words of Responses, with everything that one may have. */
export const wholeResponsesRequest: object = {
  model: 'gpt-test',
  instructions: 'sys',
  input: [
    { role: 'developer', content: 'd' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
        { type: 'input_file', file_data: 'data:application/pdf;base64,AA', filename: 'f.pdf' },
      ],
    },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'e' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b' }] },
    { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 't', arguments: '{"a":1}' },
    { type: 'custom_tool_call', call_id: 'c2', name: 'p', input: 'free' },
    { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'r' }] },
    { type: 'custom_tool_call_output', call_id: 'c2', output: 'r' },
    { type: 'web_search_call', id: 'w' },
    { role: 'user', content: 'next' },
  ],
  tools: [
    { type: 'function', name: 't', description: 'd', parameters: { type: 'object' }, strict: true },
    { type: 'custom', name: 'p', format: { type: 'grammar', definition: 'x', syntax: 'lark' } },
  ],
  tool_choice: { type: 'function', name: 't' },
  max_output_tokens: 5000,
  reasoning: { effort: 'high', summary: 'auto' },
  text: { verbosity: 'low', format: { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: true } },
  include: ['reasoning.encrypted_content'],
  truncation: 'auto',
  stream_options: { include_usage: true },
}

/** A Chat request with Anthropic's tools and blocks, with everything that those may have. */
export const wholeBlocksRequest: object = {
  model: 'claude-test',
  max_tokens: 5000,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'image', source: { type: 'url', url: 'https://host/x.png' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'text', text: 'b' },
        { type: 'tool_use', id: 'toolu_1', name: 't', input: { a: 1 } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          is_error: true,
          content: [
            { type: 'text', text: 'r' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
        { type: 'text', text: 'next' },
      ],
    },
  ],
  tools: [{ name: 't', description: 'd', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
}
