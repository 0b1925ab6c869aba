/**
 * How vendors say that a conversation is too long for the model, in the words of their messages. The code
 * `context_length_exceeded` says the same, but half of them do not send it.
 *
 * @param message of a structured error; bounded in length by who reads it.
 */
export function saysContextTooLong(message: string): boolean {
  return phrases.some((phrase) => phrase.test(message))
}

/** Codes and types that say so. */
export const contextTooLongTypes: readonly string[] = [
  'context_length_exceeded',
  'exceed_context_size_error', // llama.cpp
  'model_max_prompt_tokens_exceeded', // GitHub Copilot
]

const phrases: readonly RegExp[] = [
  /context_length_exceeded/i,
  /(prompt|input) is too long/i, // Anthropic, Fireworks, Bedrock
  /maximum (context|prompt) length/i, // OpenAI, vLLM, DeepSeek, Mistral, xAI
  /exceed(s|ed)? (the )?(model'?s )?(maximum |available )?context (window|length|size|limit)/i, // OpenAI Responses, llama.cpp
  /context window exceeds limit/i, // MiniMax
  /input token count.{0,40}exceeds/i, // Google
  /prompt token count of [\d,]+ exceeds/i, // GitHub Copilot
  /too many (input )?tokens/i,
  /exceeded model token limit/i, // Moonshot
  /prompt exceeds max length|prompt ?超长/i, // Z.ai
  /range of input length should be/i, // Alibaba
  /longer than the model'?s context length/i, // SGLang
  /`inputs` tokens \+ `max_new_tokens` must be/i, // Together
]
