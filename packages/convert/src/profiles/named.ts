import { conservative } from './conservative.ts'
import { cerebras, fireworks, geminiCompat, groq, openrouter, together, xai } from './hosts.ts'
import { llamaCpp, ollama, vllm } from './local.ts'
import { deepseek, glm, kimi, mistral, qwen } from './open-models.ts'
import { openai, responses } from './openai.ts'
import type { Profile } from './profile.ts'

/**
 * Profiles by the name that a configuration uses. Each starts from the conservative one and says only what differs.
 *
 * Facts are from the vendors' documentation and from recorded traffic; where both are silent, the conservative value stays.
 */
export const namedProfiles: Readonly<Record<string, Profile>> = {
  'openai-compatible': conservative,
  openai,
  'openai-responses': responses,
  azure: { ...openai, id: 'azure', files: 'none', promptCacheKey: false, userField: 'user' },
  'azure-responses': { ...responses, id: 'azure-responses', files: 'data' },
  'deepseek-responses': {
    ...responses,
    id: 'deepseek',
    images: 'none',
    files: 'none',
    promptCacheKey: false,
    userField: 'none',
    pairedToolOutputs: true,
    models: [],
  },
  openrouter,
  deepseek,
  kimi,
  glm,
  qwen,
  mistral,
  groq,
  cerebras,
  together,
  fireworks,
  xai,
  ollama,
  vllm,
  'llama.cpp': llamaCpp,
  'gemini-compat': geminiCompat,
}
