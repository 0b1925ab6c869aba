import { conservative } from './conservative.ts'
import type { Profile } from './profile.ts'

/** Hosts of other vendors' models, and gateways. */

/** @see https://openrouter.ai/docs/api-reference/chat-completion */
export const openrouter: Profile = {
  ...conservative,
  id: 'openrouter',
  systemPlacement: 'anywhere',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  files: 'data-and-url',
  parallelToolCalls: 'supported',
  strictTools: true,
  thinking: {
    on: { reasoning: { enabled: true } },
    off: { reasoning: { effort: 'none' } },
    absent: 'on',
    effort: { member: 'reasoning.effort', levels: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] },
    budgetMember: 'reasoning.max_tokens',
    withTools: true,
    withForcedTool: true,
  },
  reasoningField: 'reasoning_details',
  reasoningReplay: 'always',
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
  cache: 'cache_control',
  userField: 'user',
  webSearch: { plugins: [{ id: 'web' }] },
  models: [{ match: ['claude*'], set: { signedReasoning: true } }],
}

/** @see https://console.groq.com/docs/reasoning */
export const groq: Profile = {
  ...conservative,
  id: 'groq',
  maxTokensField: 'max_completion_tokens',
  contentArrays: ['user', 'system'],
  parallelToolCalls: 'supported',
  jsonOutputWithTools: false,
  thinking: {
    on: { reasoning_format: 'parsed' },
    off: null,
    absent: 'on',
    effort: { member: 'reasoning_effort', levels: ['low', 'medium', 'high'] },
    budgetMember: null,
    withTools: true,
    withForcedTool: true,
  },
  reasoningField: 'reasoning',
  userField: 'user',
  models: [
    {
      match: ['qwen*'],
      set: {
        thinking: {
          on: { reasoning_format: 'parsed', reasoning_effort: 'default' },
          off: { reasoning_effort: 'none' },
          absent: 'on',
          effort: null,
          budgetMember: null,
          withTools: true,
          withForcedTool: true,
        },
      },
    },
    { match: ['llama*', 'moonshot*', 'kimi*'], set: { thinking: null } },
  ],
}

/** @see https://inference-docs.cerebras.ai/api-reference/chat-completions */
export const cerebras: Profile = {
  ...conservative,
  id: 'cerebras',
  maxTokensField: 'max_completion_tokens',
  images: 'none',
  parallelToolCalls: 'supported',
  strictTools: true,
  reasoningField: 'reasoning',
  userField: 'user',
}

/** @see https://docs.together.ai/reference/chat-completions-1 */
export const together: Profile = {
  ...conservative,
  id: 'together',
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
}

/** @see https://docs.fireworks.ai/api-reference/post-chatcompletions */
export const fireworks: Profile = {
  ...conservative,
  id: 'fireworks',
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
  userField: 'user',
}

/** @see https://docs.x.ai/docs/api-reference */
export const xai: Profile = {
  ...conservative,
  id: 'xai',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  systemPlacement: 'anywhere',
  parallelToolCalls: 'supported',
  strictTools: true,
  thinking: {
    on: {},
    off: null,
    absent: 'on',
    effort: { member: 'reasoning_effort', levels: ['low', 'high'] },
    budgetMember: null,
    withTools: true,
    withForcedTool: true,
  },
  reasoningReplay: 'never',
  stopMax: 0,
  userField: 'user',
  models: [{ match: ['grok-4*', '*non-reasoning*'], set: { thinking: null } }],
}

/** @see https://ai.google.dev/gemini-api/docs/openai */
export const geminiCompat: Profile = {
  ...conservative,
  id: 'gemini-compat',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  images: 'data',
  files: 'none',
  toolIds: 'any',
  parallelToolCalls: 'rejected',
  thinking: {
    on: {},
    off: { reasoning_effort: 'none' },
    absent: 'on',
    effort: { member: 'reasoning_effort', levels: ['none', 'minimal', 'low', 'medium', 'high'] },
    budgetMember: null,
    withTools: true,
    withForcedTool: true,
  },
  reasoningField: 'none',
  reasoningReplay: 'never',
  stopMax: 5,
  schemaFixes: ['drop-meta', 'const-to-enum'],
  // https://ai.google.dev/gemini-api/docs/thought-signatures: the word for calls that another model made.
  models: [{ match: ['gemini-3*', 'gemini-4*'], set: { missingSignature: 'skip_thought_signature_validator' } }],
}
