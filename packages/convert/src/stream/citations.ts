import { type Chat, type Json, stringMember } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/** Sources of texts. Chat knows those from the web, by their place in the whole content; others have no place there. */
export interface Citations {
  /** A text block has something to say. Counts the first time. */
  open(index: number): void
  add(index: number, citation: Json): void
  /** Counts what was written. */
  count(text: string): void
  close(index: number): void
  annotations(): readonly Chat.UrlCitation[]
}

/** Starts the sources of one answer. Positions are in code points. */
export function createCitations(notes: Notes, keep: (name: string, value: Json) => void): Citations {
  const starts = new Map<number, number>()
  const pending = new Map<number, Json[]>()
  const annotations: Chat.UrlCitation[] = []
  const others: Json[] = []
  let written = 0

  return {
    open(index) {
      if (!starts.has(index)) starts.set(index, written)
    },
    add(index, citation) {
      const list = pending.get(index) ?? []
      list.push(citation)
      pending.set(index, list)
    },
    count(text) {
      written += codePoints(text)
    },
    close(index) {
      for (const citation of pending.get(index) ?? []) {
        if (stringMember(citation, 'type') !== 'web_search_result_location') {
          notes.loss('annotations_dropped', `/content/${index}/citations`)
          others.push(citation)
          keep('citations', others)
          continue
        }
        const url = stringMember(citation, 'url') ?? ''
        const title = stringMember(citation, 'title') ?? ''
        annotations.push({
          type: 'url_citation',
          url_citation: { url, title, start_index: starts.get(index) ?? written, end_index: written },
        })
      }
      pending.delete(index)
    },
    annotations: () => annotations,
  }
}

function codePoints(text: string): number {
  let count = 0
  for (const _character of text) count += 1
  return count
}
