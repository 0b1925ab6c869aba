import { conservative } from './conservative.ts'
import type { Profile } from './profile.ts'

/** Servers that people run themselves. */

/** @see https://docs.ollama.com/api/openai-compatibility */
export const ollama: Profile = {
  ...conservative,
  id: 'ollama',
  images: 'data',
  reasoningField: 'reasoning',
  constantIds: true,
}

/** @see https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
export const vllm: Profile = {
  ...conservative,
  id: 'vllm',
  toolIds: 'any',
  thinking: {
    on: { chat_template_kwargs: { enable_thinking: true } },
    off: { chat_template_kwargs: { enable_thinking: false } },
    absent: 'on',
    effort: null,
    budgetMember: null,
    withTools: true,
    withForcedTool: true,
  },
  reasoningField: 'reasoning',
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
  stopMax: 16,
  prefill: { request: { continue_final_message: true, add_generation_prompt: false } },
}

/** @see https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md */
export const llamaCpp: Profile = {
  ...conservative,
  id: 'llama.cpp',
  toolIds: 'any',
  sampling: ['temperature', 'top_p', 'top_k'],
  samplingWithThinking: ['temperature', 'top_p', 'top_k'],
  stopMax: 16,
  schemaFixes: ['drop-meta'],
}
