import { type Anthropic, type Chat, stringMember } from '@lb/protocol'
import { base64urlToText } from '../base64url.ts'
import type { ChatRun } from './chat-run.ts'
import { parseDataUrl } from './data-url.ts'

/** Blocks that may stand in a user turn. */
export type UserBlock = Anthropic.TextBlock | Anthropic.ImageBlock | Anthropic.DocumentBlock

/** The content of a user's or a tool's message as blocks. Empty texts are left out: Anthropic refuses them. */
export function blocksOfParts(
  content: string | readonly Chat.Part[] | null | undefined,
  path: string,
  run: ChatRun,
): readonly UserBlock[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return textBlocks(content, {}, path, run)
  return content.flatMap((part, index) => blocksOfPart(part, `${path}/${index}`, run))
}

/** A text as blocks: one, or none if there is nothing to read in it. */
export function textBlocks(
  text: string,
  mark: Chat.CacheMark,
  path: string,
  run: ChatRun,
): readonly Anthropic.TextBlock[] {
  if (text.trim() !== '') return [{ type: 'text', text, ...cacheOf(mark) }]
  if (text !== '') run.notes.loss('empty_text_dropped', path)
  return []
}

/** The cache breakpoint behind a part, in either of its two forms. */
function cacheOf(mark: Chat.CacheMark): Anthropic.Cacheable {
  if (mark.cache_control) return { cache_control: mark.cache_control }
  return mark.prompt_cache_breakpoint ? { cache_control: { type: 'ephemeral' } } : {}
}

function blocksOfPart(part: Chat.Part, path: string, run: ChatRun): readonly UserBlock[] {
  switch (part.type) {
    case 'text':
      return textBlocks(part.text, part, path, run)
    case 'image_url':
      return imageBlocks(part, path, run)
    case 'file':
      return fileBlocks(part, path, run)
    case 'input_audio':
      run.notes.refuse('media_not_supported', path, 'audio cannot be sent to this model; send its text')
      return []
    default:
      return unknownPart(part, path, run)
  }
}

/** Whatever a part is called: what has a text says it. */
export function unknownPart(
  part: { readonly type: string },
  path: string,
  run: ChatRun,
): readonly Anthropic.TextBlock[] {
  const text = stringMember(part, 'text')
  run.notes.loss(text === undefined ? 'unknown_block' : 'block_as_text', path, part.type)
  return text === undefined ? [] : textBlocks(text, {}, path, run)
}

const imageTypes: readonly string[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

function imageBlocks(part: Chat.ImagePart, path: string, run: ChatRun): readonly Anthropic.ImageBlock[] {
  const { image_url } = part
  const { url, detail } = typeof image_url === 'string' ? { url: image_url } : image_url
  if (detail && detail !== 'auto') run.notes.loss('image_option_dropped', `${path}/image_url/detail`, 'detail')
  if (run.profile.images === 'none') {
    run.notes.refuse('media_not_supported', path, 'images cannot be sent to this model; leave them out')
    return []
  }
  const source = sourceOf(url, run.profile.images === 'data-and-url', imageTypes, `${path}/image_url/url`, run)
  return source === undefined ? [] : [{ type: 'image', source, ...cacheOf(part) }]
}

function sourceOf(
  url: string,
  urlsAllowed: boolean,
  types: readonly string[],
  path: string,
  run: ChatRun,
): Anthropic.Base64Source | Anthropic.UrlSource | undefined {
  const data = parseDataUrl(url) ?? fetched(url, run)
  if (data === undefined) {
    if (!/^https?:/i.test(url)) {
      run.notes.refuse('media_type_not_supported', path, 'this is neither a data URL nor a web address')
      return undefined
    }
    if (urlsAllowed) return { type: 'url', url }
    run.urls.push(url)
    run.notes.refuse('needs_bytes', path, 'URLs cannot be sent to this model; send the file itself')
    return undefined
  }
  const type = data.mediaType === 'image/jpg' ? 'image/jpeg' : data.mediaType
  if (types.includes(type)) return { type: 'base64', media_type: type, data: data.base64 }
  run.notes.refuse(
    'media_type_not_supported',
    path,
    `${type} cannot be sent to this model; it takes ${types.join(', ')}`,
  )
  return undefined
}

function fetched(url: string, run: ChatRun): ReturnType<typeof parseDataUrl> {
  const file = run.options.fetched?.[url]
  return file === undefined ? undefined : { mediaType: file.mediaType.toLowerCase(), base64: file.base64 }
}

function fileBlocks(part: Chat.FilePart, path: string, run: ChatRun): readonly Anthropic.DocumentBlock[] {
  const { file_data, file_id, filename } = part.file
  if (!file_data) {
    const what = file_id ? 'file ids' : 'a file without data'
    run.notes.refuse(
      'file_id_not_portable',
      `${path}/file`,
      `${what} cannot be sent to another provider; send the file itself`,
    )
    return []
  }
  const title = filename ? { title: filename } : {}
  const data = parseDataUrl(file_data)
  if (data?.mediaType.startsWith('text/') === true) {
    const text = base64urlToText(data.base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))
    if (text !== undefined) {
      return [
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: text },
          ...title,
          ...cacheOf(part),
        },
      ]
    }
  }
  if (run.profile.documents === 'none') {
    run.notes.refuse('media_not_supported', path, 'PDF documents cannot be sent to this model; send their text')
    return []
  }
  const source = sourceOf(
    file_data,
    run.profile.documents === 'data-and-url',
    ['application/pdf'],
    `${path}/file/file_data`,
    run,
  )
  return source === undefined ? [] : [{ type: 'document', source, ...title, ...cacheOf(part) }]
}
