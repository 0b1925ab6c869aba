import type { Anthropic, Chat } from '@lb/protocol'
import type { Run } from './run.ts'
import type { Part, TextPart } from './turns.ts'

/**
 * The content of Chat messages. Many servers take an array of parts only from users, so elsewhere texts are joined; and
 * one text without marks is always a string, which every server takes.
 */
export type Role = Run['profile']['contentArrays'][number]

/** Texts as content. `separator` stands between them when they have to become one. */
export function textContent(
  texts: readonly TextPart[],
  role: Role,
  separator: string,
  run: Run,
): string | readonly Chat.TextPart[] {
  const takesArray = run.profile.contentArrays.includes(role)
  const isMarked = run.profile.cache !== 'none' && texts.some((part) => part.cache !== undefined)
  if (takesArray && (texts.length > 1 || isMarked)) {
    return texts.map((part) => ({ type: 'text', text: part.text, ...cacheMark(part, run) }))
  }
  for (const part of texts) if (part.cache !== undefined) run.notes.loss('cache_control_dropped', part.path)
  const [, second] = texts
  if (second !== undefined) run.notes.loss('block_boundaries_joined', second.path)
  return texts.map((part) => part.text).join(separator)
}

/** Texts and media as content. */
export function mixedContent(
  parts: readonly Part[],
  role: Role,
  separator: string,
  run: Run,
): string | readonly Chat.Part[] {
  const media = parts.find((part) => part.kind !== 'text')
  if (media === undefined) return textContent(parts.filter(isText), role, separator, run)
  if (!run.profile.contentArrays.includes(role)) {
    run.notes.refuse('media_not_supported', media.path, 'images and files cannot be sent to this model; leave them out')
  }
  return parts.map((part) => chatPart(part, run))
}

function isText(part: Part): part is TextPart {
  return part.kind === 'text'
}

function chatPart(part: Part, run: Run): Chat.Part {
  const mark = cacheMark(part, run)
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text, ...mark }
    case 'image':
      return { type: 'image_url', image_url: { url: part.url }, ...mark }
    case 'file':
      return { type: 'file', file: { filename: part.filename, file_data: part.url }, ...mark }
  }
}

/** The target's mark for a cache breakpoint. */
export function cacheMark(
  { cache, path }: { readonly cache: Anthropic.CacheControl | undefined; readonly path: string },
  run: Run,
): Chat.CacheMark {
  if (cache === undefined) return {}
  switch (run.profile.cache) {
    case 'none':
      run.notes.loss('cache_control_dropped', path)
      return {}
    case 'breakpoints':
      run.notes.loss('cache_ttl_changed', path, cache.ttl ?? '5m')
      run.cacheMarks.push(path)
      return { prompt_cache_breakpoint: { mode: 'explicit' } }
    case 'cache_control': {
      const { type, ttl, ...rest } = cache
      if (Object.keys(rest).length > 0) run.notes.loss('feature_dropped', `${path}/cache_control`)
      return { cache_control: { type, ...(ttl ? { ttl } : {}) } }
    }
  }
}
