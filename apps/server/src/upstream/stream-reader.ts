import type { Loss } from '@lb/convert'
import type { Failure, JsonObject } from '@lb/protocol'

/**
 * Reads one upstream's event stream: takes its bytes, gives the client's bytes, and tells on the way what the attempt loop
 * must know. One implementation relays (same dialect, the upstream's own bytes), others convert.
 */
export interface StreamReader {
  /** Takes the next bytes, cut anywhere. Bytes that are given back are whole events. */
  push(chunk: Buffer): readonly StreamStep[]
  /** Whether the last bytes brought an event other than a ping: only then the upstream is at work. */
  heardEvent(): boolean
  /** The upstream's body has ended. */
  end(): readonly StreamStep[]
  /**
   * The client has the opening of another attempt, with that one's input counts. From now on the events that close the
   * answer say what this one used.
   */
  replaceOpening(): void
  /** The upstream's own token counts, as far as they have come: for an answer that nobody waits for to the end. */
  usage(): JsonObject
  /** What the conversion of the answer could not carry so far. Absent: nothing is converted. */
  losses?(): readonly Loss[]
}

/**
 * What was read, in order. After `failed` or `ended` nothing follows. `usage`: the upstream's own token counts, as far as
 * they were told.
 */
export type StreamStep =
  /** The event that opens the answer (`message_start`). Shown to the client once, whatever number of attempts it takes. */
  | { readonly step: 'opening'; readonly bytes: Uint8Array }
  /** More of the answer. `content`: it holds the first content, before which another upstream could still take over. */
  | { readonly step: 'body'; readonly bytes: Uint8Array; readonly content: boolean }
  /** A content block becomes whole with the next body, which is content in any case. Told once. */
  | { readonly step: 'block-completed' }
  /** The proper end. */
  | { readonly step: 'ended'; readonly stopReason: string; readonly usage: JsonObject }
  /** The upstream reports an error, or broke off. */
  | {
      readonly step: 'failed'
      readonly failure: Failure
      readonly usage: JsonObject
      /** Its own error event, if the client can be shown it. */
      readonly event?: Uint8Array
      /** With `end-missing`: the events that the upstream left out. */
      readonly closing?: Uint8Array
    }
