import { isJsonObject, type Json } from '@lb/protocol'

// Tests read requests of unknown shape freely; what they read is checked by comparison.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any

/** What of a request must arrive, whatever its dialect. Written apart from the conversions. */
export interface Substance {
  /** Everything that somebody said or a tool gave back. */
  readonly texts: readonly string[]
  /** Data of images and files, without their headers. */
  readonly media: readonly string[]
  readonly calls: readonly Call[]
  readonly tools: readonly string[]
}

interface Call {
  readonly id: string
  readonly name: string
  /** What was said as arguments, as a value. */
  readonly input: Json
}

/** The substance of an Anthropic request. What stands before a compaction is no longer part of it. */
export function substanceOfAnthropic(request: Any): Substance {
  const cut = (request.messages as Any[]).findLastIndex((turn) =>
    listOf(turn.content).some(({ type }) => type === 'compaction'),
  )
  const turns = request.messages.slice(Math.max(0, cut))
  const system = listOf(request.system).filter(({ text }) => !text.startsWith('x-anthropic-billing-header:'))
  const blocks: Any[] = [...system, ...turns.flatMap((turn: Any) => listOf(turn.content))]
  const inner = blocks.flatMap((block) => [block, ...innerBlocks(block)])
  return {
    texts: inner.flatMap(textsIn),
    media: inner.flatMap((block) => (block.source?.type === 'base64' ? [block.source.data] : [])),
    calls: blocks.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    tools: (request.tools ?? []).filter(isRunByClient).map(({ name }: Any) => name),
  }
}

/** The provider's own tools are another matter: they are refused, or left out on demand. */
function isRunByClient({ type }: Any): boolean {
  return type === undefined || type === 'custom' || /^(bash|text_editor|memory)_/.test(type)
}

function listOf(content: Any): Any[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
}

function innerBlocks(block: Any): Any[] {
  if (block.type === 'tool_result' || block.type === 'search_result' || block.type === 'mcp_tool_result')
    return listOf(block.content)
  return block.source?.type === 'content' ? listOf(block.source.content) : []
}

function textsIn(block: Any): string[] {
  if (block.type === 'text') return [block.text]
  if (block.type === 'document')
    return [block.title ?? '', block.context ?? '', block.source.type === 'text' ? block.source.data : '']
  return block.type === 'compaction' ? [block.content ?? ''] : []
}

/** The substance of a Chat request. */
export function substanceOfChat(request: Any): Substance {
  const messages: Any[] = request.messages
  const parts = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []),
  )
  return {
    texts: [...parts.map(({ text }) => text ?? ''), ...messages.map(({ refusal }) => refusal ?? '')],
    media: parts.map((part) => dataOf(part.image_url?.url ?? part.file?.file_data ?? '')).filter((data) => data !== ''),
    calls: messages.flatMap(({ tool_calls }) => (tool_calls ?? []).map(callOf)),
    tools: (request.tools ?? []).flatMap((tool: Any) => tool.function?.name ?? tool.custom?.name ?? []),
  }
}

function callOf({ id, function: fn, custom }: Any): Call {
  return fn === undefined
    ? { id, name: custom.name, input: { input: custom.input } }
    : { id, name: fn.name, input: argumentsOf(fn.arguments) }
}

function dataOf(url: string): string {
  return url.startsWith('data:') ? url.slice(url.indexOf(',') + 1) : ''
}

/** No arguments are none. What is no object stands in one. */
function argumentsOf(text: string): Json {
  const value: Json = text.trim() === '' ? {} : (JSON.parse(text) as Json)
  return isJsonObject(value) ? value : { value }
}

/**
 * What of `source` did not arrive in `target`. Empty: everything did.
 *
 * @param renamed names of tools that are different in the target: the target's name first.
 */
export function lost(
  source: Substance,
  target: Substance,
  renamed: Readonly<Record<string, string>>,
): readonly string[] {
  const said = target.texts.join('\n')
  const lines = source.texts.flatMap((text) => text.split('\n')).map((line) => line.trim())
  const nameOf = (name: string): string => renamed[name] ?? name
  const found = target.calls.map(({ name, input }) => JSON.stringify([nameOf(name), input]))
  const wanted = source.calls.map(({ name, input }) => JSON.stringify([name, input]))
  const tools = new Set(target.tools.map(nameOf))
  return [
    ...lines.filter((line) => !said.includes(line)).map((line) => `text ${line}`),
    ...source.media.filter((data) => !target.media.includes(data)).map((data) => `media ${data.slice(0, 20)}`),
    ...wanted.filter((call) => !found.includes(call)).map((call) => `call ${call}`),
    ...(isInOrder(wanted, found) ? [] : ['the order of calls']),
    ...source.tools.filter((name) => !tools.has(name)).map((name) => `tool ${name}`),
  ]
}

function isInOrder(wanted: readonly string[], found: readonly string[]): boolean {
  let at = 0
  return wanted.every((call) => {
    at = found.indexOf(call, at) + 1
    return at > 0
  })
}

/** What a JSON pointer points at. `undefined`: nothing. */
export function pointed(json: Any, pointer: string): Any {
  return pointer
    .split('/')
    .slice(1)
    .reduce((value, name) => (value === undefined || value === null ? undefined : value[name]), json)
}
