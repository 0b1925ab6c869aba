import type { StreamPart } from '../answer/stream-part.ts'
import type { SseForm } from '../script/course.ts'

/** A piece of a body on its way to the wire. `fill` is a pattern sent many times, so that 100 MB need no memory. */
export type Frame =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'fill'; readonly bytes: Uint8Array; readonly times: number }
  | { readonly kind: 'pause'; readonly ms: number }

const LINE_ENDS: { readonly [L in NonNullable<SseForm['lineEnd']>]: string } = { lf: '\n', crlf: '\r\n', cr: '\r' }
const BYTE_ORDER_MARK = '\uFEFF'

/** A fill is sent in patterns of about this size: one write each. */
const FILL_BYTES = 64 * 1024

/** Writes the parts of a stream down as frames, one for each event, with the pace's pause between two events. */
export function framesOf(parts: readonly StreamPart[], form: SseForm, paceMs: number): readonly Frame[] {
  const frames: Frame[] = []
  let events = 0
  for (const part of parts) {
    if (part.kind === 'event') {
      if (events > 0 && paceMs > 0) frames.push({ kind: 'pause', ms: paceMs })
      events += 1
    }
    frames.push(frameOf(part, form))
  }
  if (form.byteOrderMark !== true) return frames
  return [{ kind: 'bytes', bytes: encode(BYTE_ORDER_MARK) }, ...frames]
}

/** The number of body bytes in frames. */
export function sizeOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, frame) => sum + frameSize(frame), 0)
}

/** The number of body bytes in one frame. */
export function frameSize(frame: Frame): number {
  if (frame.kind === 'pause') return 0
  return frame.kind === 'bytes' ? frame.bytes.length : frame.bytes.length * frame.times
}

function frameOf(part: StreamPart, form: SseForm): Frame {
  switch (part.kind) {
    case 'event':
      return { kind: 'bytes', bytes: encode(eventText(part, form)) }
    case 'comment':
      return { kind: 'bytes', bytes: encode(commentText(part.text, form)) }
    case 'verbatim':
      return { kind: 'bytes', bytes: part.bytes }
    case 'pause':
      return { kind: 'pause', ms: part.ms }
    case 'fill': {
      const unit = part.text.length === 0 ? 'x' : part.text
      const pattern = encode(unit.repeat(Math.max(1, Math.floor(FILL_BYTES / unit.length))))
      return { kind: 'fill', bytes: pattern, times: Math.ceil(part.bytes / pattern.length) }
    }
  }
}

function eventText(part: Extract<StreamPart, { kind: 'event' }>, form: SseForm): string {
  const end = LINE_ENDS[form.lineEnd ?? 'lf']
  const gap = form.space === false ? '' : ' '
  const lines = [
    ...(form.comments === true ? [`:${gap}a comment`, ''] : []),
    ...(part.event === undefined || form.eventLines === false ? [] : [`event:${gap}${part.event}`]),
    ...(part.id === undefined ? [] : [`id:${gap}${part.id}`]),
    ...dataLines(part.data, form).map((line) => `data:${gap}${line}`),
  ]
  return `${lines.join(end)}${end}${end}`
}

function commentText(text: string, form: SseForm): string {
  const end = LINE_ENDS[form.lineEnd ?? 'lf']
  return `: ${text}${end}${end}`
}

/** Between two members of the outermost object a line end is white space to JSON and a new data line to SSE. */
function dataLines(data: string, form: SseForm): readonly string[] {
  if (form.multiLineData !== true) return data.split(/\r\n|\n|\r/)
  const opened = /^(\{"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|-?\d+|true|false|null),)(.*)\}$/s.exec(data)
  return opened === null ? data.split('\n') : [opened[1] ?? '', opened[2] ?? '', '}']
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
