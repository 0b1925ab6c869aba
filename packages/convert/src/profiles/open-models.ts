import { conservative } from './conservative.ts'
import type { Profile, ThinkingControl } from './profile.ts'

/** Vendors of open models, by their own endpoints. */

/** A switch that several vendors share: `thinking: { type }`. */
function typeSwitch(
  effort: ThinkingControl['effort'] = null,
  on: Readonly<Record<string, string | boolean>> = {},
): ThinkingControl {
  return {
    on: { thinking: { type: 'enabled', ...on } },
    off: { thinking: { type: 'disabled' } },
    absent: 'on',
    effort,
    budgetMember: null,
    withTools: true,
    withForcedTool: false,
  }
}

/** @see https://api-docs.deepseek.com/guides/thinking_mode */
export const deepseek: Profile = {
  ...conservative,
  id: 'deepseek',
  images: 'none',
  toolChoice: ['auto', 'none', 'required', 'named'],
  jsonOutput: 'json_object',
  thinking: typeSwitch({ member: 'reasoning_effort', levels: ['high', 'max'] }),
  reasoningRequired: true,
  samplingWithThinking: [],
  stopMax: 16,
  prefill: { message: { prefix: true } },
}

/** @see https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model */
export const kimi: Profile = {
  ...conservative,
  id: 'kimi',
  images: 'data',
  toolChoice: ['auto', 'none'],
  thinking: typeSwitch(),
  reasoningRequired: true,
  samplingWithThinking: [],
  stopMax: 5,
  promptCacheKey: true,
  prefill: { message: { partial: true } },
  models: [{ match: ['kimi-k2-thinking*', 'kimi-thinking*'], set: { thinking: { ...typeSwitch(), off: null } } }],
}

/** @see https://docs.z.ai/guides/capabilities/thinking-mode */
export const glm: Profile = {
  ...conservative,
  id: 'glm',
  toolChoice: ['auto'],
  jsonOutput: 'json_object',
  // Without `clear_thinking: false` the server forgets reasoning between tool calls.
  thinking: typeSwitch(null, { clear_thinking: false }),
  reasoningReplay: 'always',
  stopMax: 1,
  requestDefaults: { tool_stream: true },
  models: [
    {
      match: ['glm-5*'],
      set: {
        thinking: typeSwitch({ member: 'reasoning_effort', levels: ['low', 'high', 'max'] }, { clear_thinking: false }),
      },
    },
  ],
}

/** @see https://help.aliyun.com/zh/model-studio/deep-thinking */
export const qwen: Profile = {
  ...conservative,
  id: 'qwen',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  parallelToolCalls: 'supported',
  toolChoice: ['auto', 'none', 'named'],
  thinking: {
    on: { enable_thinking: true },
    off: { enable_thinking: false },
    absent: 'off',
    effort: null,
    budgetMember: 'thinking_budget',
    withTools: true,
    withForcedTool: false,
  },
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
  cache: 'cache_control',
}

/** @see https://docs.mistral.ai/api/ */
export const mistral: Profile = {
  ...conservative,
  id: 'mistral',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  alternateRoles: true,
  toolIds: 'mistral9',
  toolChoice: ['auto', 'none', 'required'],
  parallelToolCalls: 'supported',
  strictTools: true,
  reasoningField: 'content-parts',
  prefill: { message: { prefix: true } },
  streamUsage: false,
}
