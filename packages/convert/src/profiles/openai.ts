import { conservative } from './conservative.ts'
import type { Profile, ThinkingControl } from './profile.ts'

/** OpenAI's newest reasoning models: they reason by default, and on Chat Completions not together with tools. */
const openAiThinking: ThinkingControl = {
  on: {},
  off: { reasoning_effort: 'none' },
  absent: 'on',
  effort: { member: 'reasoning_effort', levels: ['none', 'low', 'medium', 'high', 'xhigh'] },
  budgetMember: null,
  withTools: false,
  withForcedTool: true,
}

const noneByDefault: ThinkingControl = { ...openAiThinking, absent: 'off', withTools: true }

/** OpenAI's Chat Completions. @see https://platform.openai.com/docs/api-reference/chat/create */
export const openai: Profile = {
  ...conservative,
  id: 'openai',
  maxTokensField: 'max_completion_tokens',
  systemRole: 'developer',
  systemPlacement: 'anywhere',
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  files: 'data',
  parallelToolCalls: 'supported',
  strictTools: true,
  thinking: openAiThinking,
  reasoningField: 'none',
  reasoningReplay: 'never',
  samplingWithThinking: [],
  stopMax: 0,
  promptCacheKey: true,
  userField: 'safety_identifier',
  serviceTiers: true,
  emptyAssistant: null,
  webSearch: { web_search_options: {} },
  models: [
    {
      match: ['gpt-4*', 'gpt-3.5*', 'ft:gpt-4*', 'ft:gpt-3.5*', 'chatgpt-4o*', '*-chat-latest'],
      set: { systemRole: 'system', thinking: null, samplingWithThinking: ['temperature', 'top_p'], stopMax: 4 },
    },
    {
      match: ['o1*', 'o3*', 'o4*'],
      set: {
        parallelToolCalls: 'rejected',
        thinking: {
          ...openAiThinking,
          off: null,
          effort: { member: 'reasoning_effort', levels: ['low', 'medium', 'high'] },
          withTools: true,
          withForcedTool: true,
        },
      },
    },
    { match: ['o1-mini*', 'o1-preview*'], set: { systemRole: 'user', thinking: null, sampling: [] } },
    {
      match: ['gpt-5', 'gpt-5-mini*', 'gpt-5-nano*', 'gpt-5-20*', 'gpt-5-codex*', 'gpt-5-pro*'],
      set: {
        thinking: {
          ...openAiThinking,
          off: null,
          effort: { member: 'reasoning_effort', levels: ['minimal', 'low', 'medium', 'high'] },
          withTools: true,
          withForcedTool: true,
        },
      },
    },
    { match: ['gpt-5.1*', 'gpt-5.2*', 'gpt-5.3*'], set: { thinking: noneByDefault } },
    { match: ['gpt-5.6*', 'gpt-6*'], set: { cache: 'breakpoints' } },
  ],
}

/** OpenAI's Responses. @see https://platform.openai.com/docs/api-reference/responses/create */
export const responses: Profile = {
  ...openai,
  id: 'openai-responses',
  dialect: 'responses',
  toolResultMedia: 'inside',
  files: 'data-and-url',
  toolIds: 'responses64',
  thinking: {
    ...openAiThinking,
    off: { reasoning: { effort: 'none' } },
    effort: { member: 'reasoning.effort', levels: ['none', 'low', 'medium', 'high', 'xhigh'] },
    withTools: true,
    withForcedTool: true,
  },
  reasoningReplay: 'always',
  stopMax: 0,
  requestDefaults: { store: false, include: ['reasoning.encrypted_content'] },
  webSearch: null,
  models: [
    {
      match: ['gpt-4*', 'gpt-3.5*', 'ft:gpt-4*', 'ft:gpt-3.5*', 'chatgpt-4o*', '*-chat-latest'],
      set: { thinking: null, samplingWithThinking: ['temperature', 'top_p'], requestDefaults: { store: false } },
    },
    {
      match: ['o1*', 'o3*', 'o4*', 'gpt-5', 'gpt-5-mini*', 'gpt-5-nano*', 'gpt-5-20*', 'gpt-5-codex*', 'gpt-5-pro*'],
      set: {
        thinking: {
          on: {},
          off: null,
          absent: 'on',
          effort: { member: 'reasoning.effort', levels: ['low', 'medium', 'high'] },
          budgetMember: null,
          withTools: true,
          withForcedTool: true,
        },
      },
    },
    { match: ['gpt-5.6*', 'gpt-6*'], set: { cache: 'breakpoints' } },
  ],
}
