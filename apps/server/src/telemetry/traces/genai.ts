import type { Attributes } from '@opentelemetry/api'
import type { ClientRequest, Endpoint } from '../../ingress/client-request.ts'
import type { TokenCounts } from '../metrics/token-counts.ts'
import type { TracedUpstream } from './traces.ts'

/**
 * Requests and attempts in the words of OpenTelemetry's GenAI conventions (in development; the names are those of November 2026).
 * Never a word of a prompt or an answer.
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/client-inference.md
 */
export function requestAttributes(request: ClientRequest): Attributes {
  const session = request.headers['x-claude-code-session-id']
  return {
    'gen_ai.operation.name': operations[request.endpoint],
    'gen_ai.provider.name': request.endpoint === 'chat' ? 'openai' : 'anthropic',
    'gen_ai.request.model': request.model,
    ...(request.stream ? { 'gen_ai.request.stream': true } : {}),
    ...(session === undefined ? {} : { 'gen_ai.conversation.id': session }),
    ...asked(request),
    'http.request.method': 'POST',
    'lb.request.id': request.id,
  }
}

/** Counting tokens is no operation of the conventions; its name is ours. */
const operations: Readonly<Record<Endpoint, string>> = {
  messages: 'chat',
  chat: 'chat',
  'count-tokens': 'count_tokens',
}

/** `{operation} {model}`. A client's novel in the place of a model does not become a name. */
export function spanName(endpoint: Endpoint, model: string): string {
  return `${operations[endpoint]} ${model.slice(0, 128)}`
}

/** Numbers at the top level of a request that the conventions have a name for. */
const numbers: Readonly<Record<string, string>> = {
  max_tokens: 'gen_ai.request.max_tokens',
  max_completion_tokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  top_p: 'gen_ai.request.top_p',
  top_k: 'gen_ai.request.top_k',
}

function asked({ outline, body }: ClientRequest): Attributes {
  const found: Attributes = {}
  for (const { name, start, end } of outline.members) {
    const attribute = Object.hasOwn(numbers, name) ? numbers[name] : undefined
    const value = attribute === undefined ? Number.NaN : Number(body.toString('latin1', start, end))
    if (attribute !== undefined && Number.isFinite(value)) found[attribute] = value
  }
  return found
}

/** What an attempt asks, and whom. */
export function attemptAttributes(
  request: ClientRequest,
  model: string,
  upstream: TracedUpstream | undefined,
): Attributes {
  const url = upstream === undefined ? undefined : new URL(upstream.baseUrl)
  return {
    'gen_ai.operation.name': operations[request.endpoint],
    'gen_ai.provider.name': vendorOf(url?.hostname ?? '', upstream?.dialect ?? ''),
    'gen_ai.request.model': model,
    ...(request.stream ? { 'gen_ai.request.stream': true } : {}),
    ...(url === undefined ? {} : { 'server.address': url.hostname, 'server.port': portOf(url) }),
    ...(upstream === undefined ? {} : { 'lb.provider': upstream.name }),
  }
}

/** The conventions' input counts everything that was read, cached or not; the buckets are parts of it. */
export function usageAttributes({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: TokenCounts): Attributes {
  const written = cacheWrite5m + cacheWrite1h
  return {
    'gen_ai.usage.input_tokens': input + cacheRead + written,
    'gen_ai.usage.output_tokens': output,
    ...(cacheRead === 0 ? {} : { 'gen_ai.usage.cache_read.input_tokens': cacheRead }),
    ...(written === 0 ? {} : { 'gen_ai.usage.cache_write.input_tokens': written }),
  }
}

/** The conventions' names for vendors, by the end of their hosts. */
const vendors: readonly (readonly [host: string, vendor: string])[] = [
  ['anthropic.com', 'anthropic'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['openai.com', 'openai'],
  ['amazonaws.com', 'aws.bedrock'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['deepseek.com', 'deepseek'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral_ai'],
  ['moonshot.ai', 'moonshot_ai'],
  ['moonshot.cn', 'moonshot_ai'],
  ['perplexity.ai', 'perplexity'],
  ['x.ai', 'x_ai'],
]

/** Whose API it is, as well as its address tells; a host that nobody knows is named after what it speaks. */
function vendorOf(host: string, dialect: string): string {
  const found = vendors.find(([name]) => host === name || host.endsWith(`.${name}`))
  return found?.[1] ?? (dialect === 'anthropic' ? 'anthropic' : 'openai')
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port)
}
