import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

/** What an SDK sees instead of the network. */
function served(sse: string): () => Promise<Response> {
  return async () => new Response(sse, { headers: { 'content-type': 'text/event-stream' } })
}

/**
 * The official SDK as a judge: it reads a stream as any client does, and gives the message that it understood. What it
 * cannot read it throws.
 */
export async function readWithAnthropicSdk(sse: string): Promise<Anthropic.Message> {
  const client = new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: served(sse) })
  const stream = client.messages.stream({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
  return stream.finalMessage()
}

/** OpenAI's official SDK as a judge of Chat streams. */
export async function readWithOpenAiSdk(sse: string): Promise<OpenAI.ChatCompletion> {
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: served(sse) })
  const stream = client.chat.completions.stream({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  return stream.finalChatCompletion()
}
