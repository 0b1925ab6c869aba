/**
 * Splits a content whose reasoning stands between `<think>` tags at its start. Only for vendors whose profile says so: a
 * text that happens to hold the tags is nobody's reasoning.
 */
export interface ThinkTags {
  push(piece: string): readonly TaggedText[]
  /** What was held back to see whether it is a tag. */
  flush(): readonly TaggedText[]
}

export interface TaggedText {
  readonly kind: 'text' | 'thinking'
  readonly text: string
}

const OPEN = '<think>'
const CLOSE = '</think>'

/** Starts at the beginning of a content. */
export function createThinkTags(): ThinkTags {
  let place: 'start' | 'inside' | 'behind' | 'text' = 'start'
  let held = ''
  // White space before anything else: it is looked at once, however many pieces it comes in.
  let blank = ''

  function step(text: string): readonly TaggedText[] {
    switch (place) {
      case 'start':
        return atStart(text)
      case 'inside':
        return inside(text)
      case 'behind':
        return behind(text)
      case 'text':
        return [{ kind: 'text', text }]
    }
  }

  function atStart(text: string): readonly TaggedText[] {
    const begun = text.trimStart()
    blank += text.slice(0, text.length - begun.length)
    if (begun.startsWith(OPEN)) {
      place = 'inside'
      return step(begun.slice(OPEN.length))
    }
    if (OPEN.startsWith(begun)) {
      held = begun
      return []
    }
    place = 'text'
    return step(blank + begun)
  }

  function inside(text: string): readonly TaggedText[] {
    const end = text.indexOf(CLOSE)
    if (end !== -1) {
      place = 'behind'
      return [{ kind: 'thinking', text: text.slice(0, end) }, ...step(text.slice(end + CLOSE.length))]
    }
    let keep = CLOSE.length - 1
    while (!text.endsWith(CLOSE.slice(0, keep))) keep -= 1
    held = text.slice(text.length - keep)
    return [{ kind: 'thinking', text: text.slice(0, text.length - keep) }]
  }

  /** The line breaks behind the closing tag belong to it. */
  function behind(text: string): readonly TaggedText[] {
    const rest = text.replace(/^[\r\n]+/, '')
    if (rest === '') return []
    place = 'text'
    return [{ kind: 'text', text: rest }]
  }

  return {
    push(piece) {
      const text = held + piece
      held = ''
      return step(text)
    },
    flush() {
      const text = place === 'start' ? blank + held : held
      held = ''
      blank = ''
      return text === '' ? [] : [{ kind: place === 'inside' ? 'thinking' : 'text', text }]
    },
  }
}
