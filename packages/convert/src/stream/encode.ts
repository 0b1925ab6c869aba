import { type Anthropic, encodeSseEvent } from '@lb/protocol'

/**
 * Writes Anthropic events as server-sent events. Nearly all events of a stream are deltas of text, so their JSON is put
 * together by hand; everything else goes through the engine.
 */
export function encodeAnthropicEvents(events: readonly Anthropic.Event[]): string {
  let text = ''
  for (const event of events) text += encodeSseEvent(event.type, jsonOf(event))
  return text
}

function jsonOf(event: Anthropic.Event): string {
  if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return JSON.stringify(event)
  const { index, delta } = event
  return `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":${JSON.stringify(delta.text)}}}`
}
