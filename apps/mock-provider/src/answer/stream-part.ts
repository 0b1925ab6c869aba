import type { Json } from '@lb/protocol'

/** What a stream event is for; named places in an answer are found by it. */
export type Phase =
  | 'start'
  | 'block-start'
  | 'thinking'
  | 'text'
  | 'tool'
  | 'block-stop'
  | 'ping'
  | 'stop'
  | 'end'
  | 'other'

/** One piece of a streamed answer, before it is written as bytes. */
export type StreamPart =
  | {
      readonly kind: 'event'
      readonly phase: Phase
      /** The `event:` line; `undefined` in dialects that have none. */
      readonly event: string | undefined
      /** The `data:` text. */
      readonly data: string
      readonly id?: string
    }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'verbatim'; readonly bytes: Uint8Array }
  | { readonly kind: 'fill'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'pause'; readonly ms: number }

/** An event with a JSON body. */
export function jsonEvent(phase: Phase, event: string | undefined, data: Json): StreamPart {
  return { kind: 'event', phase, event, data: JSON.stringify(data) }
}
