import type { Anthropic } from '@lb/protocol'
import type { Run } from './run.ts'
import type { MediaPart, Part, TextPart } from './turns.ts'

/**
 * Content blocks of the user's side as parts: texts, images and files. What the target has no form for becomes text, with
 * a loss; what cannot be text is refused.
 */
export function partsOf(content: string | readonly Anthropic.RequestBlock[], path: string, run: Run): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [text(content, path)]
  return content.flatMap((block, index) => partsOfBlock(block, `${path}/${index}`, run))
}

/** The parts of one block. */
export function partsOfBlock(block: Anthropic.RequestBlock, path: string, run: Run): readonly Part[] {
  switch (block.type) {
    case 'text':
      return textPart(block, path, run)
    case 'image':
      return imagePart(block, path, run)
    case 'document':
      return documentParts(block, path, run)
    case 'search_result':
      return searchResultParts(block, path, run)
    case 'tool_reference':
      run.notes.loss('tool_reference_as_text', path)
      return [text(`Tool found: ${block.tool_name}`, path, block.cache_control)]
    default:
      return otherParts(block, path, run)
  }
}

/** The one text of a text block; none if it is empty, which the targets refuse. */
export function textPart(block: Anthropic.TextBlock, path: string, run: Run): readonly TextPart[] {
  if (hasCitations(block)) run.notes.loss('citations_dropped', `${path}/citations`)
  if (block.text !== '') return [text(block.text, path, block.cache_control)]
  run.notes.loss('empty_text_dropped', path)
  return []
}

function hasCitations(block: Anthropic.TextBlock): boolean {
  return (block.citations ?? []).length > 0
}

/** A part of plain text. */
export function text(value: string, path: string, cache?: Anthropic.CacheControl | null): TextPart {
  return { kind: 'text', text: value, cache: cache ?? undefined, path }
}

function imagePart(block: Anthropic.ImageBlock, path: string, run: Run): readonly MediaPart[] {
  const { images, imageTypes } = run.profile
  if (images === 'none') {
    run.notes.refuse('media_not_supported', path, 'images cannot be sent to this model; leave them out')
    return []
  }
  if (block.transformations) run.notes.loss('image_option_dropped', `${path}/transformations`)
  const url = mediaUrl(block.source, images === 'data-and-url', `${path}/source`, imageTypes, run)
  return url === undefined ? [] : [media('image', url, '', path, block)]
}

function documentParts(block: Anthropic.DocumentBlock, path: string, run: Run): readonly Part[] {
  const { source } = block
  if (block.citations?.enabled === true) run.notes.loss('citations_dropped', `${path}/citations`)
  if (source.type === 'text' || source.type === 'content') {
    run.notes.loss('document_as_text', path)
    const inner =
      source.type === 'text' ? [text(source.data, path)] : partsOf(source.content, `${path}/source/content`, run)
    return wrapped('document', { title: block.title, context: block.context }, inner, path, block.cache_control)
  }
  const { files } = run.profile
  if (files === 'none') {
    run.notes.refuse('media_not_supported', path, 'PDF documents cannot be sent to this model; send their text')
    return []
  }
  const url = mediaUrl(source, files === 'data-and-url', `${path}/source`, ['application/pdf'], run)
  if (url === undefined) return []
  const file = media('file', url, block.title || 'document.pdf', path, block)
  return block.context ? [text(block.context, `${path}/context`), file] : [file]
}

function searchResultParts(block: Anthropic.SearchResultBlock, path: string, run: Run): readonly Part[] {
  run.notes.loss('search_result_as_text', path)
  if (block.citations?.enabled === true) run.notes.loss('citations_dropped', `${path}/citations`)
  const inner = partsOf(block.content, `${path}/content`, run)
  return wrapped('search_result', { source: block.source, title: block.title }, inner, path, block.cache_control)
}

/** Parts between two tags that say what they are. Texts next to each other become one. */
function wrapped(
  tag: string,
  attributes: Readonly<Record<string, string | null | undefined>>,
  inner: readonly Part[],
  path: string,
  cache: Anthropic.CacheControl | null | undefined,
): readonly Part[] {
  const written = Object.entries(attributes).flatMap(([name, value]) =>
    value ? [` ${name}=${JSON.stringify(value)}`] : [],
  )
  const parts: Part[] = []
  let pending = `<${tag}${written.join('')}>\n`
  for (const part of inner) {
    if (part.kind === 'text') pending += `${part.text}\n`
    else {
      parts.push(text(pending, path), part)
      pending = ''
    }
  }
  return [...parts, text(`${pending}</${tag}>`, path, cache)]
}

type MediaSource = Anthropic.Base64Source | Anthropic.UrlSource | Anthropic.FileSource

/** A URL for the upstream: of data, or of the file itself where the upstream fetches. `undefined` after a refusal. */
function mediaUrl(
  source: MediaSource | Anthropic.PlainTextSource | Anthropic.ContentSource,
  urlsAllowed: boolean,
  path: string,
  types: readonly string[],
  run: Run,
): string | undefined {
  switch (source.type) {
    case 'base64':
      return dataUrl(source.media_type, source.data, `${path}/media_type`, types, run)
    case 'url': {
      if (urlsAllowed) return source.url
      const fetched = run.options.fetched?.[source.url]
      if (fetched !== undefined) return dataUrl(fetched.mediaType, fetched.base64, `${path}/url`, types, run)
      run.urls.push(source.url)
      run.notes.refuse('needs_bytes', `${path}/url`, 'URLs cannot be sent to this model; send the file itself')
      return undefined
    }
    case 'file':
      run.notes.refuse(
        'file_id_not_portable',
        `${path}/file_id`,
        'file ids cannot be sent to another provider; send the file itself',
      )
      return undefined
    default:
      run.notes.refuse(
        'media_type_not_supported',
        `${path}/type`,
        `a source of type ${source.type} cannot be sent to this model`,
      )
      return undefined
  }
}

function dataUrl(
  mediaType: string,
  base64: string,
  path: string,
  types: readonly string[],
  run: Run,
): string | undefined {
  const type = mediaType.toLowerCase() === 'image/jpg' ? 'image/jpeg' : mediaType.toLowerCase()
  if (types.includes(type)) return `data:${type};base64,${base64}`
  run.notes.refuse(
    'media_type_not_supported',
    path,
    `${mediaType} cannot be sent to this model; it takes ${types.join(', ')}`,
  )
  return undefined
}

function media(
  kind: 'image' | 'file',
  url: string,
  filename: string,
  path: string,
  block: Anthropic.Cacheable,
): MediaPart {
  return { kind, url, isData: url.startsWith('data:'), filename, cache: block.cache_control ?? undefined, path }
}

/** What is not content of a user, or is of a type that was made after this was written. */
function otherParts(block: Anthropic.RequestBlock, path: string, run: Run): readonly Part[] {
  const type: string = block.type
  if (type === 'browser_state') {
    run.notes.loss('block_as_text', path, type)
    return [text(JSON.stringify(block), path)]
  }
  if (type === 'container_upload') {
    run.notes.refuse('container_not_supported', path, 'files cannot be put into a container of this model')
  } else run.notes.loss('unknown_block', path, type)
  return []
}
