import type { Failure, JsonObject } from '@lb/protocol'

/**
 * Reads one upstream's event stream: takes its bytes, gives the client's bytes, and tells on the way what the attempt loop
 * must know. One implementation relays (same dialect, the upstream's own bytes), others convert.
 */
export interface StreamReader {
  /** Takes the next bytes, cut anywhere. Bytes that are given back are whole events. */
  push(chunk: Buffer): readonly StreamStep[]
  /** The upstream's body has ended. */
  end(): readonly StreamStep[]
}

/** What was read, in order. After `failed` or `ended` nothing follows. `usage`: the upstream's own token counts, as far as
 * they were told. */
export type StreamStep =
  /** The event that opens the answer (`message_start`). Shown to the client once, whatever number of attempts it takes. */
  | { readonly step: 'opening'; readonly bytes: Uint8Array }
  /** More of the answer. `content`: it holds the first content, before which another upstream could still take over. */
  | { readonly step: 'body'; readonly bytes: Uint8Array; readonly content: boolean }
  /** The proper end. `endMissing`: the content is whole, but the upstream left out its closing event. */
  | { readonly step: 'ended'; readonly stopReason: string; readonly endMissing: boolean; readonly usage: JsonObject }
  /** The upstream reports an error, or broke off. `event`: its own error event, if the client can be shown it. */
  | { readonly step: 'failed'; readonly failure: Failure; readonly event?: Uint8Array; readonly usage: JsonObject }
