import Anthropic from '@anthropic-ai/sdk'

/**
 * The official SDK as a judge: it reads a stream as any client does, and gives the message that it understood. What it
 * cannot read it throws.
 */
export async function readWithAnthropicSdk(sse: string): Promise<Anthropic.Message> {
  const client = new Anthropic({
    apiKey: 'none',
    maxRetries: 0,
    fetch: async () => new Response(sse, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const stream = client.messages.stream({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
  return stream.finalMessage()
}
