import { isJsonObject, type Json, type JsonObject, member, stringMember } from '@lb/protocol'
import { documentPages } from './document-pages.ts'
import { type ImageSize, imageSize } from './image-size.ts'

/**
 * Takes a request apart into what costs tokens: texts, images, pages, and the things that models wrap in words of their
 * own (messages, tools).
 *
 * Rules of this file:
 * - Nothing is skipped because it is unknown: a block that nobody here has heard of counts as its JSON. Estimates that
 *   leave something out make a client overrun the window.
 * - One table for both dialects: their block types do not collide.
 */
export function piecesOf(request: Json): Pieces {
  const found = nothing()
  for (const [name, value] of Object.entries(isJsonObject(request) ? request : {})) members.get(name)?.(value, found)
  return found
}

/** What of a request costs tokens. */
export interface Pieces {
  /** Every text that the model gets to see, in any order; objects as compact JSON. */
  readonly texts: readonly string[]
  /** One entry for each image; `undefined` where its size is not known. */
  readonly images: readonly (ImageSize | undefined)[]
  /** Pages of all documents together, mostly a guess. */
  readonly pages: number
  readonly messages: number
  readonly tools: number
  /** Calls of tools and their results, each. */
  readonly calls: number
  /** Whether the model must call a tool, which is said to it in words. */
  readonly isForced: boolean
  /** Whether the answer must follow a schema, which is said to it in words. */
  readonly isStructured: boolean
  /** Characters of earlier thinking; they are among the texts, too. */
  readonly thinkingLength: number
  /** What makes the estimate uncertain, and the request unfit to learn from. */
  readonly doubts: ReadonlySet<Doubt>
}

/**
 * - `image`, `document`, `media`: costed by rule of thumb.
 * - `remote`: content that only the upstream will fetch.
 * - `server-tool`: the vendor runs a tool, and its prompt and results are not here.
 * - `thinking`: earlier thinking, of which the vendor drops what it no longer needs.
 * - `edited`: the vendor edits the context before the model sees it.
 * - `unknown`: a kind of content that this version does not know.
 */
export type Doubt = 'image' | 'document' | 'media' | 'remote' | 'server-tool' | 'thinking' | 'edited' | 'unknown'

type Found = {
  -readonly [Key in keyof Pieces]: Pieces[Key] extends readonly (infer Item)[] ? Item[] : Pieces[Key]
} & { doubts: Set<Doubt> }

type Taker = (value: Json, found: Found) => void

/** The members of a request that reach the model. Everything else is for the vendor alone. */
const members: ReadonlyMap<string, Taker> = new Map<string, Taker>([
  ['system', takeContent],
  ['messages', (value, found) => takeEach(value, takeMessage, found)],
  ['tools', (value, found) => takeEach(value, takeTool, found)],
  ['functions', (value, found) => takeEach(value, takeTool, found)],
  ['tool_choice', takeChoice],
  ['output_config', (value, found) => takeSchema(member(member(value, 'format'), 'schema'), found)],
  ['output_format', (value, found) => takeSchema(member(value, 'schema'), found)],
  ['response_format', (value, found) => takeSchema(member(value, 'json_schema'), found)],
  ['context_management', doubt('edited')],
  ['container', doubt('server-tool')],
  ['mcp_servers', doubt('server-tool')],
])

function takeChoice(choice: Json, found: Found): void {
  const word = typeof choice === 'string' ? choice : (stringMember(choice, 'type') ?? '')
  found.isForced = ['required', 'any', 'tool', 'function'].includes(word)
}

function takeSchema(schema: Json | undefined, found: Found): void {
  found.isStructured = found.isStructured || schema !== undefined
  takeJson(schema, found)
}

function takeMessage(message: Json, found: Found): void {
  found.messages += 1
  if (stringMember(message, 'role') === 'tool') found.calls += 1
  takeContent(member(message, 'content') ?? null, found)
  takeText(member(message, 'name'), found)
  takeText(member(message, 'refusal'), found)
  takeText(member(message, 'reasoning_content'), found)
  takeEach(member(message, 'tool_calls'), takeCall, found)
}

function takeCall(call: Json, found: Found): void {
  found.calls += 1
  takeText(member(member(call, 'function'), 'name'), found)
  takeText(member(member(call, 'function'), 'arguments'), found)
}

function takeTool(tool: Json, found: Found): void {
  found.tools += 1
  // Chat Completions wraps its tools.
  const inner = member(tool, 'function') ?? tool
  // A type of its own is a tool that the vendor describes to the model in words that are not here.
  if (!['function', 'custom'].includes(stringMember(tool, 'type') ?? 'custom')) found.doubts.add('server-tool')
  takeJson(without(inner, 'cache_control'), found)
}

function takeContent(content: Json, found: Found): void {
  if (!Array.isArray(content)) takeText(content, found)
  else for (const block of content) takeBlock(block, found)
}

function takeBlock(block: Json, found: Found): void {
  if (!isJsonObject(block)) return takeJson(block, found)
  const take = blocks.get(stringMember(block, 'type') ?? '')
  if (take !== undefined) return take(block, found)
  found.doubts.add('unknown')
  const text = JSON.stringify(without(block, 'cache_control'), (_key, value) => {
    if (typeof value !== 'string' || !isOpaque(value)) return value
    found.pages += documentPages(value)
    return ''
  })
  found.texts.push(text)
}

/** Whether a long text is data rather than words: nobody writes a thousand characters without a space. */
function isOpaque(text: string): boolean {
  return text.length >= 1000 && !/\s/.test(text.slice(0, 1000))
}

/** How each kind of content block is taken. */
const blocks: ReadonlyMap<string, (block: JsonObject, found: Found) => void> = new Map<string, BlockTaker>([
  ['text', (block, found) => takeText(block['text'], found)],
  ['refusal', (block, found) => takeText(block['refusal'], found)],
  ['thinking', takeThinking],
  ['redacted_thinking', doubt('thinking')],
  ['tool_use', takeUse],
  ['tool_result', takeResult],
  ['image', (block, found) => takeImage(stringMember(member(block, 'source'), 'data'), found)],
  ['image_url', (block, found) => takeImageUrl(stringMember(member(block, 'image_url'), 'url') ?? '', found)],
  ['document', takeDocument],
  ['file', takeFile],
  ['input_audio', doubt('media')],
  ['search_result', takeSearchResult],
])

type BlockTaker = (block: JsonObject, found: Found) => void

function takeThinking(block: JsonObject, found: Found): void {
  found.doubts.add('thinking')
  found.thinkingLength += (stringMember(block, 'thinking') ?? '').length
  takeText(block['thinking'], found)
}

function takeUse(block: JsonObject, found: Found): void {
  found.calls += 1
  takeText(block['name'], found)
  takeJson(block['input'], found)
}

function takeResult(block: JsonObject, found: Found): void {
  found.calls += 1
  takeContent(block['content'] ?? null, found)
}

function takeSearchResult(block: JsonObject, found: Found): void {
  takeText(block['title'], found)
  takeText(block['source'], found)
  takeContent(block['content'] ?? null, found)
}

function takeImageUrl(url: string, found: Found): void {
  const prefix = /^data:[^,]*;base64,/.exec(url)?.[0]
  takeImage(prefix === undefined ? undefined : url.slice(prefix.length), found)
}

function takeImage(base64: string | undefined, found: Found): void {
  found.doubts.add('image')
  if (base64 === undefined) found.doubts.add('remote')
  found.images.push(base64 === undefined ? undefined : imageSize(base64))
}

function takeDocument(block: JsonObject, found: Found): void {
  takeText(block['title'], found)
  takeText(block['context'], found)
  const source = member(block, 'source')
  const type = stringMember(source, 'type')
  if (type === 'text') return takeText(member(source, 'data'), found)
  if (type === 'content') return takeContent(member(source, 'content') ?? null, found)
  takePages(stringMember(source, 'data'), found)
}

function takeFile(block: JsonObject, found: Found): void {
  const url = stringMember(block['file'], 'file_data')
  takeText(member(block['file'], 'filename'), found)
  takePages(url?.slice(url.indexOf(',') + 1), found)
}

function takePages(base64: string | undefined, found: Found): void {
  found.doubts.add('document')
  if (base64 === undefined) found.doubts.add('remote')
  found.pages += base64 === undefined ? 1 : documentPages(base64)
}

function takeText(text: Json | undefined, found: Found): void {
  if (typeof text === 'string' && text !== '') found.texts.push(text)
  else if (typeof text === 'object' && text !== null) takeJson(text, found)
}

function takeJson(value: Json | undefined, found: Found): void {
  if (value !== undefined && value !== null) found.texts.push(JSON.stringify(value))
}

function takeEach(values: Json | undefined, take: Taker, found: Found): void {
  for (const value of Array.isArray(values) ? values : []) take(value, found)
}

function doubt(kind: Doubt): Taker {
  return (_value, found) => {
    found.doubts.add(kind)
  }
}

function nothing(): Found {
  const counts = { pages: 0, messages: 0, tools: 0, calls: 0, thinkingLength: 0 }
  return { ...counts, texts: [], images: [], isForced: false, isStructured: false, doubts: new Set() }
}

function without(value: Json, name: string): Json {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) : value
}
